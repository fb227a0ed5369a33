"""The shop behind gunicorn, and a client that costs little: the two cores are shared with what is measured."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from bench.people import user_id

PORT = 8099


@contextmanager
def serving() -> Iterator[None]:
    """Run gunicorn as in production, from the first answer until the block ends."""
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"],
        env={**os.environ, "PORT": str(PORT)},
    )
    try:
        _wait()
        yield
    finally:
        server.terminate()
        server.wait()


@contextmanager
def line() -> Iterator[socket.socket]:
    """Open one connection to the server, as a browser keeps it."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=30) as connection:
        yield connection


def ask(connection: socket.socket, request: bytes) -> float:
    """Send one request, read its answer to the end and return the seconds that took. Raises unless it is a 200."""
    began = time.perf_counter()
    connection.sendall(request)
    _read_answer(connection)
    return time.perf_counter() - began


def get(path: str, cookie: str) -> bytes:
    """Return the bytes of a request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


def quantile(times: list[float], share: float) -> float:
    """Return the time that `share` of the times do not exceed."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def session_cookie(number: int) -> str:
    """Sign a person of the bench in and return the cookie that says so."""
    user = User.objects.get(pk=user_id(number))
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _read_answer(connection: socket.socket) -> None:
    """Read one answer to its end, by hand: a client library would take the server's share of the machine."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, body = received.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"gunicorn answered {head[:60]!r}")
    missing = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) - len(body)  # type: ignore[index]
    while missing > 0:
        missing -= len(connection.recv(65536))


def _wait() -> None:
    for _ in range(100):
        try:
            connection = HTTPConnection("127.0.0.1", PORT, timeout=2)
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("gunicorn did not start")
