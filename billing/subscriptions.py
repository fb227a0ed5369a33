"""Subscriptions: Stripe's present state written down, and "unlimited until" written down to the books.

Events come in any order, so callers fetch what is true now and pass it here. Tokens are never touched.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateformat import format as date_format

from billing import gateway, mails
from billing.models import Difference, Subscription
from billing.ownership import NotOurs
from tokens import ledger

logger = structlog.get_logger(__name__)

State = Subscription.State
# How long generations stay free while a renewal fails and is tried again.
GRACE: Final = timedelta(days=7)
# A renewal's invoice is finalised about an hour after the period; news of it may be late.
# https://docs.stripe.com/billing/invoices/subscription#subscription-lifecycle
RENEWAL_SLACK: Final = timedelta(days=1)

STATE_AT_STRIPE: Final = {
    "incomplete": State.INCOMPLETE,
    "incomplete_expired": State.EXPIRED,
    "trialing": State.ACTIVE,
    "active": State.ACTIVE,
    "past_due": State.PAST_DUE,
    "canceled": State.CANCELED,
    "unpaid": State.UNPAID,
    "paused": State.PAUSED,
}
FINAL: Final = {State.CANCELED, State.EXPIRED}
# While it stays among these, the same payment has failed.
FAILING: Final = {State.PAST_DUE, State.UNPAID, State.PAUSED}


def follow(now: gateway.SubscriptionSnapshot) -> Subscription:
    """Bring our row up to date with what Stripe says now, and the books with our row; return the row.

    Locks the subscription, then the account. A canceled one stays canceled, and an answer that was asked for before
    the one already written down changes nothing, unless it says that it has ended. Mails are written when it becomes
    active, when its renewal fails, when it is canceled and when it ends. The second call changes nothing. Raises
    NotOurs.
    """
    with transaction.atomic(savepoint=False):
        subscription = _find(now)
        if subscription and subscription.state != State.CANCELED and not outdated(now, subscription):
            _bring_up_to_date(subscription, now)
    if subscription is None:
        raise NotOurs("No subscription of ours.")
    return subscription


def follow_page(page: gateway.SubscriptionPage, now: gateway.SubscriptionSnapshot | None) -> Subscription:
    """Bring our row up to date with its Checkout page, and with the subscription if there is one. Raises NotOurs."""
    if now is not None:
        return follow(now)
    with transaction.atomic(savepoint=False):
        rows = Subscription.objects.select_for_update(no_key=True)
        subscription = rows.filter(stripe_session_id=page.session_id).first()
        if subscription and page.status == "expired" and subscription.state in {State.CREATED, State.OPEN}:
            subscription.state = State.EXPIRED
            subscription.save(update_fields=["state"])
    if subscription is None:
        raise NotOurs("No subscription of ours.")
    return subscription


def unlimited_until(subscription: Subscription) -> datetime | None:
    """Return until when the subscription, as written down, lets generations cost nothing; None for not at all.

    A planned end ends it in any case. Otherwise the month that is paid does and, when a payment has failed, the days
    of grace from the beginning of the month in which it failed first, whichever ends later.
    """
    until = None
    if subscription.state == State.ACTIVE and subscription.period_end:
        until = subscription.period_end + RENEWAL_SLACK
    if subscription.state == State.PAST_DUE and subscription.period_start:
        until = max(subscription.period_start + GRACE, subscription.paid_until or subscription.period_start)
    return min(until, subscription.ends_at or until) if until else None


def outdated(now: gateway.SubscriptionSnapshot, subscription: Subscription) -> bool:
    """Whether a later question was already answered and written down: answers may overtake each other.

    Never one that says that it has ended: at Stripe, nothing comes after that.
    """
    if STATE_AT_STRIPE.get(now.status) in FINAL:
        return False
    return bool(now.asked_at and subscription.asked_at and now.asked_at < subscription.asked_at)


def _find(now: gateway.SubscriptionSnapshot) -> Subscription | None:
    """Return our row, locked: by our id, unless it is another subscription's, or by Stripe's.

    The id is looked at after the lock: whoever held it may just have written it down, and a condition on it would
    no longer find the row.
    """
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",)).select_related("plan")
    named = rows.filter(pk=now.subscription_id).first() if now.subscription_id else None
    if named and named.stripe_subscription_id in {None, now.stripe_subscription_id}:
        return named
    return rows.filter(stripe_subscription_id=now.stripe_subscription_id).first()


def _bring_up_to_date(subscription: Subscription, now: gateway.SubscriptionSnapshot) -> None:
    before, was_ending = State(subscription.state), subscription.ends_at is not None
    _write_down(subscription, now)
    if not _saved(subscription):
        return
    if subscription.alive or before in Subscription.LIVE:
        ledger.cover(user_id=subscription.user_id, until=unlimited_until(subscription), per_day=subscription.per_day)
    if subscription.alive and (now.price_cents, now.currency) != (subscription.price_cents, subscription.currency):
        logger.error("subscription_price_differs", subscription_id=str(subscription.pk), price_cents=now.price_cents)
    if (before, was_ending) != (subscription.state, subscription.ends_at is not None):
        logger.info("subscription_moved", subscription_id=str(subscription.pk), state=subscription.state)
        _tell(subscription, before, was_ending=was_ending)


def _write_down(subscription: Subscription, now: gateway.SubscriptionSnapshot) -> None:
    before = subscription.state
    subscription.stripe_subscription_id = now.stripe_subscription_id
    subscription.state = STATE_AT_STRIPE.get(now.status, State(before))
    subscription.state_reason = ""
    # Stripe begins further periods while none is paid; the days of grace count from the first of these.
    if not (before in FAILING and subscription.state in FAILING):
        subscription.period_start = now.period_start
    subscription.period_end = now.period_end
    subscription.paid_until = now.paid_until or subscription.paid_until
    subscription.started_at = subscription.started_at or now.started_at
    subscription.ends_at = now.ends_at
    subscription.asked_at = now.asked_at or subscription.asked_at
    if subscription.state == State.CANCELED:
        subscription.ended_at = now.ended_at or timezone.now()


def _saved(subscription: Subscription) -> bool:
    """Save it; False, with a difference listed for staff, when its owner has another one that is alive.

    Only one whose page counted as closed can come so late; both are paid, so somebody must end one at Stripe.
    """
    try:
        with transaction.atomic():
            subscription.save()
    except IntegrityError as error:
        if "subscription_one_alive_per_person" not in str(error):
            raise
        logger.error("subscription_second_alive", subscription_id=str(subscription.pk))
        _list_second(subscription)
        subscription.refresh_from_db()
        return False
    return True


def _list_second(subscription: Subscription) -> None:
    second = Difference(
        kind=Difference.Kind.SUBSCRIPTION_DIFFERS,
        subject=subscription.stripe_subscription_id or "",
        user_id=subscription.user_id,
        amount_cents=subscription.price_cents,
        currency=subscription.currency,
        detail="Runs at Stripe beside another one of the same person. End one of them there, and refund it.",
    )
    Difference.objects.bulk_create([second], ignore_conflicts=True)


def _tell(subscription: Subscription, before: Subscription.State, *, was_ending: bool) -> None:
    letter = _letter(subscription, before, was_ending=was_ending)
    if letter:
        until = unlimited_until(subscription)
        mails.send_later(
            letter,
            subscription.user_id,
            subscription_id=str(subscription.pk),
            included_until=date_format(until, "j F Y, H:i") + " UTC" if until else "",
        )


def _letter(subscription: Subscription, before: Subscription.State, *, was_ending: bool) -> str:
    """Return which mail the change is worth, "" for none."""
    state = subscription.state
    if state == State.CANCELED:
        return "" if before == State.INCOMPLETE else "subscription_ended"
    if state == State.PAST_DUE and before != State.PAST_DUE:
        return "subscription_renewal_failed"
    if state == State.ACTIVE and before not in {State.ACTIVE, State.PAST_DUE}:
        return "subscription_active"
    return "subscription_canceled" if subscription.ends_at and not was_ending else ""
