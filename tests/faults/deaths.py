"""Kill a process at every step of what it does: before and after each statement, each COMMIT and each request.

No hooks in the shop: Django's cursor, its commit and the HTTP client are wrapped in a forked child, the steps are
numbered, and at the k-th the child kills itself.
"""

import os
import signal
import warnings
from collections.abc import Callable
from typing import Any

import requests
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from billing.gateway import client

Flow = Callable[[], object]


def steps_of(flow: Flow) -> int:
    """Run `flow` to its end in a child and return how many steps it has. Its effects stay."""
    reader, writer = os.pipe()
    status = _in_a_child(flow, die_at=0, report_to=writer)
    os.close(writer)
    with os.fdopen(reader) as report:
        said = report.read()
    assert status == 0, f"The flow failed in the child: {said}"
    return int(said)


def kill_at(step: int, flow: Flow) -> None:
    """Run `flow` in a child that dies by SIGKILL at that step."""
    status = _in_a_child(flow, die_at=step, report_to=None)
    assert os.WIFSIGNALED(status), f"The child came to its end before step {step}."
    assert os.WTERMSIG(status) == signal.SIGKILL


def _in_a_child(flow: Flow, *, die_at: int, report_to: int | None) -> int:
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads exist; the child does not need them
        child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        counted = _count_steps(flow, die_at)
        if report_to is not None:
            os.write(report_to, str(counted).encode())
    except BaseException as error:
        if report_to is not None:
            os.write(report_to, repr(error).encode())
        os._exit(1)
    os._exit(0)


def _count_steps(flow: Flow, die_at: int) -> int:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1
        if taken == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def between(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            step()
            result = real(*arguments, **named)
            step()
            return result

        return call

    client._client_for.cache_clear()  # the parent's connection to Stripe is not the child's
    requests.Session.send = between(requests.Session.send)  # type: ignore[method-assign]
    BaseDatabaseWrapper._commit = between(BaseDatabaseWrapper._commit)  # type: ignore[attr-defined]
    connection.ensure_connection()
    with connection.execute_wrapper(lambda execute, *rest: between(execute)(*rest)):
        flow()
    return taken
