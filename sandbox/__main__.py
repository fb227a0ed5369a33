"""`python -m sandbox`: prepare the database file and serve on 127.0.0.1 until SIGTERM or Ctrl-C."""

import os
import socket
import sys
from typing import Any

import django
from gunicorn.app.base import BaseApplication

BACKLOG = 512


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with one threaded worker; the courier's thread lives in that worker."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from django.core.wsgi import get_wsgi_application
        from django.urls import get_resolver

        get_resolver().check()  # everything is imported now: a broken module ends the start, not each request
        return get_wsgi_application()


def main() -> None:
    """Serve until told to stop. A taken port is one line on standard error and exit code 1."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    django.setup()
    from django.conf import settings

    try:
        listener = _listen(settings.PORT)
    except OSError as error:
        sys.exit(
            f"The sandbox cannot listen on 127.0.0.1:{settings.PORT}: {error.strerror}. "
            "Set SANDBOX_PORT to a free port."
        )
    _prepare_database()
    sys.stdout.write(f"Sandbox on {settings.SITE} - no money moves. Events go to {settings.WEBHOOK_URL}\n")
    sys.stdout.flush()
    Server(
        {
            "bind": f"fd://{listener.fileno()}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": 16,
            "timeout": 0,
            "graceful_timeout": 1,
            "keepalive": 5,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_worker_init": _start_courier,
            "worker_exit": _stop_courier,
        }
    ).run()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(BACKLOG)
    return listener


def _prepare_database() -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from sandbox.idempotency import tidy_up

    settings.DATABASE.parent.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    tidy_up()
    connections.close_all()  # SQLite connections must not cross the fork


def _start_courier(worker: Any) -> None:
    from sandbox.courier import Courier

    worker.courier = Courier()
    worker.courier.start()


def _stop_courier(server: Any, worker: Any) -> None:
    worker.courier.stop()


if __name__ == "__main__":
    main()
