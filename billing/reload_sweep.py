"""What catches a reload whose trigger was lost or came too early, and closes payments nobody confirmed."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import structlog
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from billing import auto_reload, gateway, standing_order
from billing.models import AutoReload, Purchase

logger = structlog.get_logger(__name__)

CLOSED_A_RUN: Final = 20


def sweep() -> int:
    """Queue a reload for everybody who is below their threshold with none unfinished; return for how many.

    Also closes at Stripe what its owner did not confirm in time, or switched off meanwhile; asks Stripe for
    that, so it is called outside of a transaction.
    """
    _close_unconfirmed()
    due = list(_due())
    for user_id in due:
        standing_order.reload_soon(user_id)
    return len(due)


def _due() -> Iterator[UUID]:
    unfinished = Purchase.objects.filter(
        user=OuterRef("pk"), way=Purchase.Way.AUTO_RELOAD, state__in=auto_reload.UNFINISHED
    )
    covered = Q(user__token_account__unlimited_until__gt=Now())
    below = AutoReload.objects.filter(
        ~Exists(unfinished), enabled=True, user__is_active=True, user__token_account__balance__lt=F("threshold")
    )
    return below.exclude(covered).values_list("pk", flat=True).iterator()


def _close_unconfirmed() -> None:
    waiting = Purchase.objects.filter(way=Purchase.Way.AUTO_RELOAD, state=Purchase.State.OPEN)
    given_up = waiting.filter(Q(expires_at__lte=Now()) | Q(user__auto_reload__enabled=False))
    for purchase in given_up.order_by("expires_at")[:CLOSED_A_RUN]:
        try:
            auto_reload.close(purchase)
        except gateway.StripeUnavailable:
            return
        except gateway.StripeRefused:
            logger.exception("reload_not_closed", purchase_id=str(purchase.pk))
