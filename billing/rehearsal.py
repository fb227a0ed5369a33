"""What an auto-reload would have charged over somebody's own last 30 days. Reads the ledger; changes nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Final
from uuid import UUID

from django.utils import timezone

from billing.auto_reload import DAY, PER_DAY, THROTTLE
from billing.standing_order import Terms
from tokens.models import TokenTransaction

DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Movement:
    """What happened to a balance, in tokens, other than by auto-reload."""

    at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How often it would have charged, what that costs in all, and whether there was anything to go by."""

    times: int
    cents: int
    movements: int


def of_last_days(user_id: UUID, terms: Terms) -> Rehearsal:
    """Rehearse `terms` over the last 30 days of somebody's ledger, without the auto-reloads that were really made."""
    until = timezone.now()
    since = until - timedelta(days=DAYS)
    entries = TokenTransaction.objects.filter(account=user_id)
    before = entries.filter(created_at__lt=since).order_by("-number").first()
    rows = entries.filter(created_at__gte=since, bucket="token").exclude(type="auto_reload").order_by("number")
    movements = [Movement(at, amount) for at, amount in rows.values_list("created_at", "amount")]
    return rehearse(before.balance_after - before.debt_after if before else 0, movements, terms, until=until)


def rehearse(balance: int, movements: list[Movement], terms: Terms, *, until: datetime) -> Rehearsal:
    """Play `movements` on `balance` (tokens, net of debt) and reload as the worker would, up to `until`.

    A movement that leaves the balance below the threshold begins it. The minute between two reloads, the daily
    limit and the monthly cap are kept.
    """
    made: list[datetime] = []
    for movement, following in zip_longest(movements, movements[1:]):
        balance, end = balance + movement.amount, following.at if following else until
        while balance < terms.threshold and (at := _next(made, movement.at, terms)) < end:
            made.append(at)
            balance += terms.amount
    return Rehearsal(times=len(made), cents=len(made) * terms.price_cents, movements=len(movements))


def _next(made: list[datetime], wanted: datetime, terms: Terms) -> datetime:
    """Return when a reload that is wanted at a time may be made, after those that were `made`."""
    at = max([wanted, *(last + THROTTLE for last in made[-1:])])
    if len(made) >= PER_DAY:
        at = max(at, made[-PER_DAY] + DAY)
    that_month = sum((other.year, other.month) == (at.year, at.month) for other in made)
    return _next_month(at) if (that_month + 1) * terms.price_cents > terms.monthly_cap_cents else at


def _next_month(at: datetime) -> datetime:
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
