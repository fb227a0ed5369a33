"""Beginning a subscription, and asking Stripe what became of it.

As with a purchase: the row first, then Stripe, outside any transaction, then the page onto the row. Whoever dies
in between is made good by the next click, by an event, or by the sweep.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from billing import catalog, clock, consents, customers, gateway, subscriptions, tries
from billing.models import Consent, Plan, StripeCustomer, Subscription
from billing.orders import LONGEST_LIFE, OPENING_SLACK, SAME_CLICK, WORTH_REUSING, OfferChanged
from billing.templatetags.money import money

logger = structlog.get_logger(__name__)

State = Subscription.State
REFUSED: Final = "The payment page could not be opened. You were not charged."
# A page of our own asks again after this; the sweep once a day, events missing.
FRESH: Final = timedelta(minutes=1)
# States in which the owner, not Stripe, moves next: any look at the page may be the one after the move.
UNSETTLED: Final = (State.CREATED, State.OPEN, State.INCOMPLETE, State.PAST_DUE)


class AlreadySubscribed(Exception):
    """The person has a subscription that is paid or waits for its payment. Nothing changed."""


def wording(plan: Plan) -> str:
    """Return what a subscriber agrees to by the click, word for word as the page shows it."""
    price = money(plan.price_cents, plan.currency)
    fair = f"up to {plan.per_day} together in any 24 hours (fair use)" if plan.per_day else "without a limit"
    return (
        f"I subscribe to {plan.name} for {price} a month, charged today and again every month until I cancel. "
        f"Designs and messages cost no tokens, {fair}. I can cancel at any time; both stay included until the end of "
        f"the month I have paid for. My tokens stay mine."
    )


def begin(*, user: User, plan_code: str, shown_terms: str, ip_address: str | None) -> Subscription:
    """Return a subscription to `plan_code` whose `checkout_url` takes the person to Stripe.

    `shown_terms` are the `Plan.terms` they saw. A second click, also at the same moment, returns the first one's
    while its page is open; a page of another offer is closed at Stripe first, so that only one can be paid. Records
    the consent. Locks the person's StripeCustomer, briefly. Raises NotOnSale, OfferChanged or TooManyTries with
    nothing done, AlreadySubscribed, StripeUnavailable or StripeRefused with nothing charged.
    """
    plan = catalog.plan_on_sale(plan_code)
    if shown_terms != plan.terms:
        raise OfferChanged(plan_code)
    while True:
        begun = _begin(user, plan, ip_address)
        subscription = open_at_stripe(begun) if begun.state == State.CREATED else ask_stripe(begun)
        if subscription.state == State.OPEN and _payable_as(subscription, plan):
            return subscription
        if subscription.state == State.OPEN:
            subscription = _close(subscription)
        if subscription.alive:
            raise AlreadySubscribed


def open_at_stripe(subscription: Subscription) -> Subscription:
    """Open the Checkout page of a subscription that has none yet, and return it with its page.

    The second call gets the same page. When Stripe refuses, it fails: nobody can pay it.
    """
    stripe_customer_id = ""
    try:
        stripe_customer_id = customers.known_to_stripe(subscription.user)
        page = gateway.create_subscription_page(subscription, stripe_customer_id)
    except gateway.StripeRefused as refusal:
        if isinstance(refusal, gateway.CustomerGone):
            customers.forget(stripe_customer_id)
        _unopened(subscription).update(state=State.FAILED, state_reason=REFUSED)
        raise
    _unopened(subscription).update(
        state=State.OPEN, stripe_session_id=page.session_id, checkout_url=page.url, asked_at=Now()
    )
    subscription.refresh_from_db()
    return subscription


def ask_stripe(subscription: Subscription) -> Subscription:
    """Ask Stripe what the subscription, or the page that may begin it, is now; write it down and return it.

    One that never reached Stripe is over after a minute: nobody was sent to its page. Raises StripeUnavailable or
    StripeRefused; nothing is charged by asking.
    """
    if subscription.stripe_subscription_id:
        return subscriptions.follow(gateway.retrieve_subscription(subscription.stripe_subscription_id))
    if not subscription.stripe_session_id:
        _unopened(subscription).filter(created_at__lte=timezone.now() - SAME_CLICK).update(state=State.EXPIRED)
        subscription.refresh_from_db()
        return subscription
    asked_at = clock.now()
    page = gateway.retrieve_subscription_page(subscription.stripe_session_id)
    if page.stripe_subscription_id:
        return subscriptions.follow_page(page, gateway.retrieve_subscription(page.stripe_subscription_id))
    Subscription.objects.filter(pk=subscription.pk, stripe_subscription_id=None).update(asked_at=asked_at)
    return subscriptions.follow_page(page, None)


def look(user: User, *, at_once: bool) -> tuple[Subscription | None, bool]:
    """Return somebody's subscription, or the last one that ran, and whether Stripe answers for it.

    Stripe is asked `at_once`, or when the answer is older than a minute or may have changed by the person's own
    doing; at most one question, within the gateway's time limit. Somebody who never began is not asked about.
    """
    found = Subscription.objects.filter(user=user).select_related("plan")
    subscription = found.filter(state__in=Subscription.LIVE).first() or found.filter(state=State.CANCELED).first()
    if subscription is None or not subscription.alive or not (at_once or _worth_asking(subscription)):
        return subscription, True
    try:
        asked = ask_stripe(subscription)
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return subscription, False
    return (found.get(pk=asked.pk) if asked.alive or asked.state == State.CANCELED else None), True


def portal_url(user: User) -> str | None:
    """Return the address of Stripe's page for card, invoices and cancellation; None for who never bought anything.

    Raises StripeUnavailable or StripeRefused.
    """
    customer = StripeCustomer.objects.filter(user=user).first()
    return gateway.portal_url(customer.stripe_customer_id) if customer and customer.stripe_customer_id else None


def _begin(user: User, plan: Plan, ip_address: str | None) -> Subscription:
    """Return the person's subscription that is alive, or write a new one: what is shown now is sold.

    The lock on the customer makes two clicks at once one subscription.
    """
    with transaction.atomic():
        customers.of(user, lock=True)
        tries.check_declines(user.pk)
        alive = Subscription.objects.filter(user=user, state__in=Subscription.LIVE).select_related("user").first()
        if alive is None:
            return _write(user, plan, ip_address)
        if alive.state == State.CREATED and not _same_click(alive, plan):
            _unopened(alive).update(state=State.EXPIRED)
            return _write(user, plan, ip_address)
        return alive


def _write(user: User, plan: Plan, ip_address: str | None) -> Subscription:
    life = timedelta(minutes=settings.CHECKOUT_LIFETIME_MINUTES) + OPENING_SLACK
    purpose = Consent.Purpose.SUBSCRIPTION
    subscription = Subscription.objects.create(
        user=user,
        plan=plan,
        price_cents=plan.price_cents,
        currency=plan.currency,
        per_day=plan.per_day,
        consent=consents.record(user=user, purpose=purpose, wording=wording(plan), ip_address=ip_address),
        expires_at=timezone.now() + min(life, LONGEST_LIFE),
    )
    logger.info("subscription_begun", subscription_id=str(subscription.pk), plan=plan.pk)
    return subscription


def _unopened(subscription: Subscription) -> QuerySet[Subscription]:
    return Subscription.objects.filter(pk=subscription.pk, state=State.CREATED)


def _sold_as(subscription: Subscription, plan: Plan) -> bool:
    sold = (subscription.plan_id, subscription.per_day, subscription.price_cents, subscription.currency)
    return sold == (plan.pk, plan.per_day, plan.price_cents, plan.currency)


def _same_click(subscription: Subscription, plan: Plan) -> bool:
    return _sold_as(subscription, plan) and timezone.now() - subscription.created_at < SAME_CLICK


def _payable_as(subscription: Subscription, plan: Plan) -> bool:
    return _sold_as(subscription, plan) and subscription.expires_at > timezone.now() + WORTH_REUSING


def _close(subscription: Subscription) -> Subscription:
    """Close the open page, unless it was paid in this moment, and return what became of it."""
    with suppress(gateway.StripeRefused):
        gateway.close_subscription_page(subscription.stripe_session_id or "")
    return ask_stripe(subscription)


def _worth_asking(subscription: Subscription) -> bool:
    asked_at = subscription.asked_at
    return subscription.state in UNSETTLED or asked_at is None or timezone.now() - asked_at > FRESH
