"""Starting a design: charge, generation and job in one commit, beside a bare charge; and the audit."""

import time
import uuid
from collections.abc import Callable
from functools import partial

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench.people import user_id
from bench.report import Figure
from generations import studio
from tokens import audit, ledger

ROUNDS = 400
STATEMENTS_AROUND = 2  # BEGIN and COMMIT, which Django's query log may or may not show


def starting() -> list[Figure]:
    """Return the statements of `studio.start_designs` and `ledger.charge`, and the ratio of their medians."""
    people = list(User.objects.filter(pk__in=[user_id(number) for number in range(1, ROUNDS + 1)]))
    bare = _median([partial(_charge, user) for user in people])
    whole = _median([partial(_start, user) for user in people])
    return [
        Figure(
            "statements per ledger.charge", _statements(lambda: _charge(people[0])), "statements", None, "", 4, True
        ),
        Figure(
            "statements per studio.start_designs",
            _statements(lambda: _start(people[0])),
            "statements",
            None,
            "",
            8,
            True,
        ),
        Figure("ledger.charge, p50", bare * 1000, "ms"),
        Figure("studio.start_designs, p50", whole * 1000, "ms", whole / bare, "a bare charge", 4, True),
    ]


def auditing() -> list[Figure]:
    """Return entries audited per second, by all checks together, over everything this run has written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tokens_tokentransaction")
        (entries,) = cursor.fetchone()
        cursor.execute("SET statement_timeout = 0")
    began = time.perf_counter()
    found = list(audit.discrepancies())
    seconds = time.perf_counter() - began
    if found:
        raise RuntimeError(f"{len(found)} discrepancies, the first: {found[0]}")
    return [
        Figure("audit, entries", entries, "entries"),
        Figure("audit, all checks", entries / seconds, "entries/s", None, "", 100_000),
    ]


def _charge(user: User) -> object:
    return ledger.charge(user_id=user.pk, cost=1, key=f"bench:{uuid.uuid4()}", description="A design")


def _start(user: User) -> object:
    return studio.start_designs(
        user=user, form_key=uuid.uuid4(), areas=["patio"], style="japanese-zen", prompt="a pond"
    )[0]


def _median(calls: list[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def _statements(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in queries) + STATEMENTS_AROUND
