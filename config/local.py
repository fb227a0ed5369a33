"""`make run`: the whole shop on one machine. Prepares everything, starts it, and stops it on Ctrl-C."""

import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

import django
from django.core.management import call_command
from django.db import connections
from honcho.manager import Manager

BUYER_PASSWORD = "garden-buyer-1"  # noqa: S105
STAFF_PASSWORD = "garden-staff-1"  # noqa: S105
START_SECONDS = 60


def main() -> int:
    """Prepare the database, then run web, worker and sandbox until one ends or Ctrl-C; return an exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    sandbox_port = int(settings.SANDBOX_URL.rsplit(":", 1)[1])
    for name, port in (("PORT", settings.PORT), ("SANDBOX_PORT", sandbox_port)):
        if not _free(port):
            print(f"Port {port} is taken. Stop what uses it, or choose another: make run {name}={port + 1}")  # noqa: T201
            return 1
    _prepare()
    manager = _processes(
        DATABASE_URL=settings.DATABASE_URL,
        SANDBOX_PORT=str(sandbox_port),
        SANDBOX_WEBHOOK_URL=f"http://127.0.0.1:{settings.PORT}/webhooks/stripe/",
        SANDBOX_WEBHOOK_SECRET=settings.STRIPE_WEBHOOK_SECRETS[0],
        SANDBOX_DATABASE=str(settings.LOCAL_DIR / "sandbox.sqlite3"),
        SANDBOX_MAIL_DIR=str(settings.EMAIL_FILE_PATH),
    )
    signal.signal(signal.SIGHUP, lambda *_: manager.terminate())
    threading.Thread(target=_tell_where_to_go, args=(settings.SITE_URL, settings), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _prepare() -> None:
    """Bring database, static files and demo accounts up to date; quick when they are."""
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("create_demo_accounts", buyer_password=BUYER_PASSWORD, staff_password=STAFF_PASSWORD, verbosity=0)
    connections.close_all()


def _processes(**told: str) -> Manager:
    environment = {**told, **os.environ, "DATABASE_URL": told["DATABASE_URL"], "PYTHONUNBUFFERED": "1"}
    python = sys.executable
    manager = Manager()
    manager.add_process("web", f"{python} -m gunicorn -c config/gunicorn.py config.wsgi", env=environment)
    manager.add_process("worker", f"{python} -m config.worker --concurrency 2", env=environment)
    manager.add_process("sandbox", f"{python} -m sandbox", env=environment)
    return manager


def _tell_where_to_go(site_url: str, settings: object) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{site_url}/readyz", timeout=2).close()  # noqa: S310
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    print(  # noqa: T201
        f"\n  The shop        {site_url}\n"
        f"  Sandbox         {getattr(settings, 'SANDBOX_URL', '')}   payments and webhooks, no money moves\n"
        f"  Mailbox         {getattr(settings, 'MAILBOX_URL', '')}   sign-up codes arrive here\n"
        f"  Buyer           buyer@example.com   {BUYER_PASSWORD}\n"
        f"  Staff           staff@example.com   {STAFF_PASSWORD}   {site_url}/admin/\n\n"
        "  Ctrl-C stops everything.\n",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
