"""Start several callers at the same moment, each with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

from django.db import connection


def dawdling(call: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """Return `call`, made to take so many seconds longer after it has its answer: the others catch up meanwhile."""

    def slow(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        sleep(seconds)
        return answer

    return slow


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run all `calls` at once in threads; return their results, an exception as the exception itself."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(run, calls))
