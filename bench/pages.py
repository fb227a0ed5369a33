"""Pages through gunicorn, as a signed-in browser would ask: p50 and p99 for a short and a long account."""

import os
import re
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from importlib import import_module
from threading import Thread

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts.models import User
from bench.people import lengthen, user_id
from bench.report import Figure

PORT = 8099
SHORT, LONG = 10, 100_000
SECONDS = 3.0
CONCURRENCY = (1, 8, 32, 64)
PAGES = {"/tokens/balance/": (64, 100.0), "/tokens/": (32, 200.0)}  # the p99 in ms to keep, and up to where


def pages() -> list[Figure]:
    """Start gunicorn, ask for each page at each concurrency with both accounts, and stop it again."""
    lengthen(1, SHORT)
    lengthen(2, LONG)
    cookies = {"10": _session(1), "100,000": _session(2)}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"],
        env={**os.environ, "PORT": str(PORT)},
    )
    try:
        _wait()
        return [figure for path in PAGES for figure in _page(path, cookies)]
    finally:
        server.terminate()
        server.wait()


def _page(path: str, cookies: dict[str, str]) -> list[Figure]:
    figures = []
    up_to, milliseconds = PAGES[path]
    for concurrency in CONCURRENCY:
        short, long = (_times(path, cookie, concurrency) for cookie in cookies.values())
        p50_short, p50_long, p99_long = _quantile(short, 0.5), _quantile(long, 0.5), _quantile(long, 0.99)
        where = f"GET {path}, {concurrency} at once"
        limit = milliseconds if concurrency <= up_to else None
        figures += [
            Figure(f"{where}, p50, {SHORT} rows", p50_short * 1000, "ms"),
            Figure(f"{where}, p50, {LONG:,} rows", p50_long * 1000, "ms", p50_long / p50_short, f"{SHORT} rows"),
            Figure(f"{where}, p99, {LONG:,} rows", p99_long * 1000, "ms", None, "", limit, True),
            Figure(f"{where}, requests", len(long) / SECONDS, "per second"),
        ]
    return figures


def _times(path: str, cookie: str, concurrency: int) -> list[float]:
    times: list[float] = []
    deadline = time.perf_counter() + SECONDS

    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()

    def ask() -> None:
        with socket.create_connection(("127.0.0.1", PORT), timeout=30) as connection:
            while time.perf_counter() < deadline:
                began = time.perf_counter()
                connection.sendall(request)
                _read_answer(connection)
                times.append(time.perf_counter() - began)

    threads = [Thread(target=ask) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _read_answer(connection: socket.socket) -> None:
    """Read one answer to its end. Done by hand: the two cores are shared with the server that is measured."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, body = received.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"gunicorn answered {head[:60]!r}")
    missing = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) - len(body)  # type: ignore[index]
    while missing > 0:
        missing -= len(connection.recv(65536))


def _quantile(times: list[float], share: float) -> float:
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def _session(number: int) -> str:
    user = User.objects.get(pk=user_id(number))
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


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
