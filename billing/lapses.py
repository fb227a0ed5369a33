"""Subscriptions that may have begun, moved on or ended without our hearing of it: Stripe is asked, bounded in time."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

import structlog
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing import gateway
from billing.models import Subscription
from billing.subscribing import ask_stripe

logger = structlog.get_logger(__name__)

State = Subscription.State
# Younger than this, it is still in the hands of the request that began it.
LEFT_ALONE: Final = timedelta(minutes=1)
# Nothing heard for so long: asked about even when nothing is expected.
SILENCE: Final = timedelta(days=1)
# So many in a row without an answer are an outage.
OUTAGE: Final = 3


@dataclass(slots=True)
class Round:
    """One run: how many subscriptions were asked about, how many of these moved, how many questions failed.

    `unanswered` counts the last ones in a row that Stripe did not answer.
    """

    asked: int = 0
    moved: int = 0
    failed: int = 0
    unanswered: int = 0

    def __str__(self) -> str:
        return f"{self.asked} asked about, {self.moved} moved, {self.failed} failed."


def follow_all(*, seconds: float = math.inf) -> Round:
    """Ask Stripe about every subscription that may have moved unheard, and write down what it is now.

    These are: begun and not decided, a month or the whole subscription over, or nothing heard for a day. In an
    order drawn anew each time, so that none starves when `seconds` are over or Stripe stays silent.
    """
    run, deadline = Round(), monotonic() + seconds
    for subscription in _due(timezone.now()).select_related("user").order_by("?"):
        if run.unanswered >= OUTAGE or monotonic() >= deadline:
            break
        _ask(subscription, run)
    logger.info("subscriptions_followed", asked=run.asked, moved=run.moved, failed=run.failed)
    return run


def _due(now: datetime) -> QuerySet[Subscription]:
    undecided = Q(state__in=[State.CREATED, State.OPEN, State.INCOMPLETE], created_at__lt=now - LEFT_ALONE)
    silent = Q(asked_at=None) | Q(asked_at__lt=now - SILENCE)
    over = Q(state__in=[State.ACTIVE, State.PAST_DUE]) & (Q(period_end__lte=now) | Q(ends_at__lte=now))
    begun = Q(state__in=[State.ACTIVE, State.PAST_DUE, State.UNPAID, State.PAUSED])
    return Subscription.objects.filter(undecided | over | (begun & silent))


def _ask(subscription: Subscription, run: Round) -> None:
    before = (subscription.state, subscription.period_end, subscription.ends_at)
    try:
        after = ask_stripe(subscription)
    except gateway.StripeUnavailable:
        run.failed += 1
        run.unanswered += 1
    except Exception:
        run.failed += 1
        logger.exception("subscription_not_followed", subscription_id=str(subscription.pk))
    else:
        run.unanswered = 0
        run.asked += 1
        run.moved += (after.state, after.period_end, after.ends_at) != before
