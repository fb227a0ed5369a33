"""Pages through gunicorn, as a signed-in browser would ask: p50 and p99 for a short and a long account."""

import time
from threading import Thread

from bench import server
from bench.people import lengthen
from bench.report import Figure
from bench.server import quantile

SHORT, LONG = 10, 100_000
SECONDS = 3.0
CONCURRENCY = (1, 8, 32, 64)
PAGES = {"/tokens/balance/": (64, 100.0), "/tokens/": (32, 200.0)}  # the p99 in ms to keep, and up to where


def pages() -> list[Figure]:
    """Ask for each page at each concurrency with both accounts."""
    lengthen(1, SHORT)
    lengthen(2, LONG)
    cookies = {"10": server.session_cookie(1), "100,000": server.session_cookie(2)}
    with server.serving():
        return [figure for path in PAGES for figure in _page(path, cookies)]


def _page(path: str, cookies: dict[str, str]) -> list[Figure]:
    figures = []
    up_to, milliseconds = PAGES[path]
    for concurrency in CONCURRENCY:
        short, long = (times(path, cookie, concurrency) for cookie in cookies.values())
        p50_short, p50_long, p99_long = quantile(short, 0.5), quantile(long, 0.5), quantile(long, 0.99)
        where = f"GET {path}, {concurrency} at once"
        limit = milliseconds if concurrency <= up_to else None
        figures += [
            Figure(f"{where}, p50, {SHORT} rows", p50_short * 1000, "ms"),
            Figure(f"{where}, p50, {LONG:,} rows", p50_long * 1000, "ms", p50_long / p50_short, f"{SHORT} rows"),
            Figure(f"{where}, p99, {LONG:,} rows", p99_long * 1000, "ms", None, "", limit, True),
            Figure(f"{where}, requests", len(long) / SECONDS, "per second"),
        ]
    return figures


def times(path: str, cookie: str, concurrency: int) -> list[float]:
    """Ask for a page as often as it goes in three seconds, in so many threads; return the seconds of each answer."""
    taken: list[float] = []
    deadline, request = time.perf_counter() + SECONDS, server.get(path, cookie)

    def visit() -> None:
        with server.line() as connection:
            while time.perf_counter() < deadline:
                taken.append(server.ask(connection, request))

    threads = [Thread(target=visit) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken
