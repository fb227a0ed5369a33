"""`make check-stripe-cli`: the official Stripe CLI triggers events at a sandbox, and the whole shop takes them in."""

import os
import subprocess
import sys

from tests.whole_shop import ROOT, free_port, open_folder, start_whole_shop

# As in the script: the tool wants a key as long as a real one.
KEY = "sk_test_sandbox_for_the_command_line_tool"


def main(triggers: list[str]) -> int:
    """Run the triggers (all, when none is named) and return the script's exit code, or 1 if the books are wrong."""
    sandbox_port = free_port()
    with open_folder() as folder:
        shop = start_whole_shop(
            folder / "local",
            STRIPE_SECRET_KEY=KEY,
            STRIPE_PUBLISHABLE_KEY="pk_test_sandbox",
            STRIPE_API_BASE=f"http://127.0.0.1:{sandbox_port}",
        )
        try:
            script = subprocess.run(
                [ROOT / "sandbox/checks/stripe_cli.sh", *triggers],
                env={
                    **os.environ,
                    "PORT_OF_THE_SANDBOX": str(sandbox_port),
                    "PYTHON": sys.executable,
                    "WEBHOOK_URL": f"{shop.url}/webhooks/stripe/",
                },
                check=False,
            )
            audit = shop.manage("audit_ledger", check=False)
            print(audit, end="")
            crashed = "Traceback" in shop.log()
            if crashed:
                print(shop.log())
        finally:
            shop.stop()
    return script.returncode or int(crashed or audit != "The books are right.\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
