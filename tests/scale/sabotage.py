"""Bugs to plant: an engine is the one thing that a setting puts into every process of the shop.

Each class, once made, changes the process it is in. No constraint of PostgreSQL forbids what comes of it.
"""

from typing import Any
from uuid import uuid4

from generations import studio
from generations.models import Generation
from generations.studio import ending
from tests.scale.engines import QuickPainter
from tokens import ledger
from tokens.ledger import Source


class WorksForFree(QuickPainter):
    """Designs are started without a charge, as if a subscription covered them."""

    def __init__(self) -> None:
        ledger.charge = lambda **wanted: ledger.Charge(source=Source.SUBSCRIPTION, cost=0, entry=None)


class RefundsTwice(QuickPainter):
    """What fails is given back, and then once more under another key."""

    def __init__(self) -> None:
        real = ending.refund_and_end

        def refund_and_end(generation: Generation, *rest: Any) -> None:
            real(generation, *rest)
            ledger.adjust(
                user_id=generation.user_id,
                amount=1,
                reason="Given back again",
                adjusted_by_id=generation.user_id,
                key=f"again:{generation.pk}",
            )

        ending.refund_and_end = refund_and_end  # type: ignore[assignment]


class LosesOrders(QuickPainter):
    """Orders are acknowledged and forgotten: the page says yes, and nothing was written."""

    def __init__(self) -> None:
        def start_designs(*, areas: list[str], style: str, **rest: Any) -> list[Generation]:
            return [Generation(id=uuid4(), area=area, style=style, order_id=rest["form_key"]) for area in areas]

        studio.start_designs = start_designs  # type: ignore[assignment]
