"""How often somebody may try to pay: stolen cards are tried out by many small purchases and many declines.

https://docs.stripe.com/disputes/prevention/card-testing
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db.models import QuerySet
from django.utils import timezone

from billing import errands
from billing.gateway import PaymentSnapshot
from billing.models import Consent, DeclinedAttempt, Purchase

logger = structlog.get_logger(__name__)

MOST_OPENED: Final = 10
MOST_DECLINED: Final = 10
MOST_CARD_PAGES: Final = 10
WINDOW: Final = timedelta(hours=1)
_BY_HAND = [Purchase.Way.CHECKOUT, Purchase.Way.CARD]


class TooManyTries(Exception):
    """Somebody has tried to pay too often within an hour. Nothing was done; `again_at` is when they may go on."""

    def __init__(self, *, again_at: datetime) -> None:
        super().__init__(again_at.isoformat())
        self.again_at = again_at


def check_declines(user_id: UUID) -> None:
    """Raise TooManyTries after ten declined attempts within an hour, on any of the buyer's purchases."""
    _check(DeclinedAttempt.objects.filter(user=user_id), "declined_at", MOST_DECLINED)


def check_opened(user_id: UUID) -> None:
    """Raise TooManyTries when the buyer has opened ten purchases within an hour.

    Exact only while the buyer's StripeCustomer is locked, as it is for whoever opens one.
    """
    _check(Purchase.objects.filter(user=user_id, way__in=_BY_HAND), "created_at", MOST_OPENED)


def check_card_pages(user_id: UUID) -> None:
    """Raise TooManyTries after ten pages to save a card within an hour; exact as `check_opened` is."""
    pages = Consent.objects.filter(user=user_id, purpose=Consent.Purpose.SAVE_CARD, purchases=None)
    _check(pages, "agreed_at", MOST_CARD_PAGES)


def note_decline(purchase: Purchase, snapshot: PaymentSnapshot) -> None:
    """Count the declined charge Stripe tells of; the second telling changes nothing.

    From the tenth within an hour on, the payment is closed at Stripe: its page still holds what it takes to try
    the next card.
    """
    charge = snapshot.declined_charge_id
    if not charge or purchase.way not in _BY_HAND:
        return
    attempt = DeclinedAttempt(pk=charge, user_id=purchase.user_id, purchase=purchase)
    DeclinedAttempt.objects.bulk_create([attempt], ignore_conflicts=True)
    try:
        check_declines(purchase.user_id)
    except TooManyTries:
        logger.warning("too_many_declines", user_id=str(purchase.user_id), purchase_id=str(purchase.pk))
        errands.later("billing.close_payment", purchase_id=str(purchase.pk))


def _check(tries: QuerySet[Any], field: str, most: int) -> None:
    """Raise TooManyTries when the `most`-newest try is younger than an hour; it says when that one is an hour old."""
    times = tries.order_by(f"-{field}").values_list(field, flat=True)
    oldest_counted = next(iter(times[most - 1 : most]), None)
    if oldest_counted is not None and oldest_counted + WINDOW > timezone.now():
        raise TooManyTries(again_at=oldest_counted + WINDOW)
