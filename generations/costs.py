"""What the providers bill us, added up for staff."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils import timezone

from generations.models import Generation


@dataclass(frozen=True, slots=True)
class EngineCosts:
    """The generations of one engine: how many, how many of them without a result, and what they cost us.

    `dollars` leaves out the generations whose cost is not known; `unpriced` says how many those are. What nobody was
    asked to make, because it was cancelled while it waited, is in none of the numbers.
    """

    engine: str
    kind: str
    made: int
    without_result: int
    input_tokens: int
    output_tokens: int
    unpriced: int
    microdollars: int

    @property
    def dollars(self) -> str:
        """The sum, in US dollars to four places; a dash when no cost of theirs is known."""
        return in_dollars(None if self.unpriced == self.made else self.microdollars)


def of_the_last(days: int) -> list[EngineCosts]:
    """Return the costs of what was begun in the last `days` days and has ended, by engine, the dearest first."""
    ended = Generation.objects.filter(created_at__gte=timezone.now() - timedelta(days=days), ended_at__isnull=False)
    rows = (
        ended.exclude(engine="", state=Generation.State.CANCELLED)
        .order_by()
        .values("engine", "kind")
        .annotate(
            made=Count("pk"),
            without_result=Count("pk", filter=~Q(state=Generation.State.SUCCEEDED)),
            read=Sum("input_tokens"),
            written=Sum("output_tokens"),
            unpriced=Count("pk", filter=Q(provider_cost_microdollars=None)),
            billed=Sum("provider_cost_microdollars"),
        )
    )
    costs = [
        EngineCosts(
            engine=row["engine"],
            kind=Generation.Kind(row["kind"]).label,
            made=row["made"],
            without_result=row["without_result"],
            input_tokens=row["read"] or 0,
            output_tokens=row["written"] or 0,
            unpriced=row["unpriced"],
            microdollars=row["billed"] or 0,
        )
        for row in rows
    ]
    return sorted(costs, key=lambda cost: (-cost.microdollars, cost.engine, cost.kind))


def in_dollars(microdollars: int | None) -> str:
    """Return "$0.0387"; a dash when no cost is known."""
    if microdollars is None:
        return "-"
    return f"${Decimal(microdollars) / 1_000_000:,.4f}"
