"""The receipt of a design: which right paid, why that one, what it cost, and how it was settled."""

from dataclasses import dataclass
from datetime import datetime

from generations import pricing
from generations.models import Generation


@dataclass(frozen=True, slots=True)
class Receipt:
    """Ready to show. `numbers` are the lines of the statement that belong to it; `returned_at` is a refund's time."""

    price: str
    why: str
    charged_at: datetime
    settled_at: datetime | None
    returned_at: datetime | None
    returned: str
    numbers: list[int]


def receipt(generation: Generation) -> Receipt:
    """Return the receipt of a generation that was read together with its charge and refund."""
    entries = [entry for entry in (generation.charge, generation.refund) if entry]
    succeeded = generation.state == Generation.State.SUCCEEDED
    gave_nothing = generation.has_ended and not succeeded
    return Receipt(
        price=pricing.price(generation.source, generation.cost),
        why=pricing.why(generation.source),
        charged_at=generation.charge.created_at if generation.charge else generation.created_at,
        settled_at=generation.ended_at if succeeded else None,
        returned_at=generation.refund.created_at if generation.refund else None,
        returned=pricing.returned(generation.source, generation.cost) if gave_nothing else "",
        numbers=[entry.number for entry in entries],
    )
