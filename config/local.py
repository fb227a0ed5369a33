"""`make run`: the whole shop on one machine. Prepares everything, starts it, and stops it on Ctrl-C."""

import os
import shlex
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
from honcho.manager import SIGNALS, Manager

from config.database import DatabaseNotStarted

BUYER_PASSWORD = "garden-buyer-1"  # noqa: S105
STAFF_PASSWORD = "garden-staff-1"  # noqa: S105
START_SECONDS = 60
ENDED_BY_CTRL_C = SIGNALS[signal.SIGINT]["rc"]


class NotStarted(Exception):
    """The shop cannot be started; the sentence says why and what to do."""


def main() -> int:
    """Prepare the database, then run web, worker and sandbox until one ends or Ctrl-C; return an exit code.

    Ctrl-C is how it is meant to be ended, so it is no failure.
    """
    try:
        return _run()
    except (NotStarted, DatabaseNotStarted) as reason:
        print(reason, file=sys.stderr)  # noqa: T201
        return 1


def _run() -> int:
    for name, default in (("PORT", "8000"), ("SANDBOX_PORT", "8420")):
        _require_free_port(name, os.environ.get(name, default))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    _prepare()
    manager = _processes(
        DATABASE_URL=settings.DATABASE_URL,
        SANDBOX_PORT=settings.SANDBOX_URL.rsplit(":", 1)[1],
        SANDBOX_WEBHOOK_URL=f"http://127.0.0.1:{settings.PORT}/webhooks/stripe/",
        SANDBOX_WEBHOOK_SECRET=settings.STRIPE_WEBHOOK_SECRETS[0],
        SANDBOX_DATABASE=str(settings.LOCAL_DIR / "sandbox.sqlite3"),
        SANDBOX_MAIL_DIR=str(settings.EMAIL_FILE_PATH),
        SANDBOX_MERCHANT=settings.SITE_NAME,
    )
    _stop_when_the_terminal_closes(manager)
    threading.Thread(target=_tell_where_to_go, args=(settings.SITE_URL, settings), daemon=True).start()
    manager.loop()
    return 0 if manager.returncode == ENDED_BY_CTRL_C else int(manager.returncode or 0)


def _require_free_port(name: str, value: str) -> None:
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise NotStarted(f"{name} is {value!r}; it must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except PermissionError as error:
            raise NotStarted(
                f"Port {value} is not for ordinary users. Choose one above 1023: make run {name}=8000"
            ) from error
        except OSError as error:
            raise NotStarted(
                f"Port {value} is taken. Stop what uses it, or choose another: make run {name}={int(value) + 1}"
            ) from error


def _stop_when_the_terminal_closes(manager: Manager) -> None:
    """End everything on SIGHUP, too; only this process may, not the ones it forks, which inherit the handler."""
    here = os.getpid()

    def stop(number: int, frame: object) -> None:
        if os.getpid() == here:
            manager.terminate()

    signal.signal(signal.SIGHUP, stop)


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
    python = shlex.quote(sys.executable)
    manager = Manager()
    manager.add_process("web", f"{python} -m gunicorn -c config/gunicorn.py config.wsgi", env=environment)
    manager.add_process("worker", f"{python} -m config.worker --concurrency 2", env=environment)
    # A reload never waits behind designs.
    manager.add_process("billing", f"{python} -m config.worker --queues billing --concurrency 1", env=environment)
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
