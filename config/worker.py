"""Keeps a job worker running: `python -m config.worker [procrastinate worker options]`.

The worker ends itself when its connection to PostgreSQL breaks. Where nothing else would start it again (a
laptop, a bare server) this does, so that the shop recovers from a database restart without anybody's help.
"""

import signal
import subprocess
import sys
import time

COMMAND = [sys.executable, "manage.py", "procrastinate", "worker"]
PAUSE_SECONDS = 2


def main(options: list[str]) -> int:
    """Start the worker again whenever it ends, until SIGTERM or SIGINT; then let it finish its jobs and return."""
    asked_to_stop = False
    worker: subprocess.Popen[bytes] | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True
        if worker and worker.poll() is None:
            worker.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not asked_to_stop:
        worker = subprocess.Popen([*COMMAND, *options], start_new_session=True)  # noqa: S603
        code = worker.wait()
        if not asked_to_stop:
            print(f"The worker ended ({code}); starting it again.", file=sys.stderr, flush=True)  # noqa: T201
            time.sleep(PAUSE_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
