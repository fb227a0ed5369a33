"""Auto-reload: the attempt is written down first, then the card is charged outside any transaction, then it settles.

Whatever happens after the first commit - a crash, a time-out, an outage - the webhook or reconciliation ends it:
nothing depends on the code after the call. The time that decides is PostgreSQL's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from billing import clock, gateway, mails, reload_results, reload_skips, saved_cards, standing_order
from billing.effects import close_now, settle_now
from billing.models import AutoReload, Purchase, ReloadSkip, SavedCard, StripeCustomer
from billing.standing_order import Terms
from tokens import notices
from tokens.models import TokenAccount

logger = structlog.get_logger(__name__)

State = Purchase.State
Reason = ReloadSkip.Reason

THROTTLE: Final = timedelta(seconds=60)
DAY: Final = timedelta(days=1)
PER_DAY: Final = 10
# Somebody whose bank wants them to confirm has so long; then the payment is closed and another one may begin.
TIME_TO_CONFIRM: Final = timedelta(days=3)
# Reconciliation gives an attempt up after five minutes; a worker that was frozen for so long must not charge.
TOO_LATE_TO_CHARGE: Final = timedelta(seconds=60)
# One that is parked took money for something else than was sold: nothing more is charged before staff looked at it.
UNFINISHED: Final = (State.CREATED, State.OPEN, State.PROCESSING, State.MISMATCHED)
REFUSED: Final = "The card could not be charged because of a mistake of ours. You were not charged."
CALLED_OFF: Final = "Auto-reload was switched off or changed before the card was charged. You were not charged."
PRICE_CHANGED: Final = "The price of a reload is not the one you agreed to any more."


@dataclass(frozen=True, slots=True)
class Attempt:
    """A reload that is written down and about to be charged."""

    purchase: Purchase
    card: SavedCard
    stripe_customer_id: str


def reload(user_id: UUID) -> Purchase | None:
    """Reload somebody's tokens if that is due and allowed; return the purchase, None when there was none to make.

    Locks the account and the AutoReload while it decides, so any number of callers make one reload. Asks Stripe,
    so it is called outside of a transaction. An outage or a refusal of Stripe's is noted as a skip and pauses
    nobody; only declines of the card count. Looks once more right before the call whether the order still stands;
    what is on the wire by then cannot be called back.
    """
    attempt = _begin(user_id)
    return _charge(attempt) if attempt else None


def obstacle(user_id: UUID, terms: Terms, now: datetime) -> ReloadSkip.Reason | None:
    """Return what keeps a reload on these terms from being made at this moment.

    THROTTLED, which passes by itself within a minute, only when nothing else does.
    """
    reloads = Purchase.objects.filter(user_id=user_id, way=Purchase.Way.AUTO_RELOAD)
    if reloads.filter(state__in=UNFINISHED).exists():
        return Reason.IN_FLIGHT
    # What Stripe never saw does not count: an outage must not use up anybody's day.
    if reloads.filter(created_at__gt=now - DAY).exclude(stripe_payment_intent_id=None).count() >= PER_DAY:
        return Reason.DAILY_LIMIT
    if reload_results.spent_this_month_cents(user_id, now.date()) + terms.price_cents > terms.monthly_cap_cents:
        return Reason.CAP
    throttled = reloads.filter(created_at__gt=now - THROTTLE).exists()
    return _trouble_with_the_card(user_id) or (Reason.THROTTLED if throttled else None)


def _trouble_with_the_card(user_id: UUID) -> ReloadSkip.Reason | None:
    card = next(iter(saved_cards.kept(user_id)), None)
    if card is None or _stripe_customer_id(user_id) is None:
        return Reason.NO_CARD
    return Reason.CARD_EXPIRED if card.expired else None


def _stripe_customer_id(user_id: UUID) -> str | None:
    return StripeCustomer.objects.filter(user_id=user_id).values_list("stripe_customer_id", flat=True).first()


def _begin(user_id: UUID) -> Attempt | None:
    """Decide and write the attempt down in one transaction; the skip and its reason, if it is not allowed."""
    with transaction.atomic(durable=True):
        account, order = _lock(user_id)
        now = clock.now()
        if account is None or order is None or not due(account, order, now):
            return None
        terms = standing_order.agreed(order)
        if terms is None:
            _stop_until_agreed_again(order)
            return None
        paused = order.paused_until is not None and now < order.paused_until
        reason = Reason.BANK_AWAY if paused else obstacle(user_id, terms, now)
        if reason:
            reload_skips.note(user_id, reason, balance=account.balance)
            return None
        return _write_down(order, terms, now)


def _lock(user_id: UUID) -> tuple[TokenAccount | None, AutoReload | None]:
    """Lock the account, then the order if it is on and its owner is active."""
    account = notices.held_still(user_id)
    orders = AutoReload.objects.select_for_update(no_key=True, of=("self",))
    return account, orders.filter(pk=user_id, enabled=True, user__is_active=True).first()


def due(account: TokenAccount, order: AutoReload, now: datetime) -> bool:
    """Whether the balance, net of debt, is below the threshold; never while a subscription covers designs."""
    covered = account.unlimited_until is not None and now < account.unlimited_until
    return not covered and account.balance - account.debt < order.threshold


def _stop_until_agreed_again(order: AutoReload) -> None:
    """Nobody pays a price they were not shown: switch off and ask for a new consent."""
    standing_order.switch_off(order.user_id, because=PRICE_CHANGED)
    mails.send_later("reload_price_changed", order.user_id, amount=order.amount)


def _write_down(order: AutoReload, terms: Terms, now: datetime) -> Attempt:
    """`created_at` is the moment that throttle and cap were counted by."""
    purchase = Purchase.objects.create(
        user_id=order.user_id,
        way=Purchase.Way.AUTO_RELOAD,
        tokens=terms.amount,
        price_cents=terms.price_cents,
        currency=terms.currency,
        consent_id=order.consent_id,
        monthly_cap_cents=terms.monthly_cap_cents,
        created_at=now,
        expires_at=now + TIME_TO_CONFIRM,
    )
    logger.info("reload_begun", purchase_id=str(purchase.pk))
    return Attempt(purchase, saved_cards.kept(order.user_id)[0], _stripe_customer_id(order.user_id) or "")


def _charge(attempt: Attempt) -> Purchase:
    purchase = attempt.purchase
    if not _still_stands(purchase):
        logger.warning("reload_not_charged_any_more", purchase_id=str(purchase.pk))
        purchase.refresh_from_db()
        return purchase
    try:
        told = _told_by_the_bank(attempt)
    except gateway.StripeUnavailable:
        reload_skips.note(purchase.user_id, Reason.STRIPE_AWAY)
        return purchase  # perhaps it was charged: the webhook or reconciliation knows
    except gateway.StripeRefused:
        return _give_up(attempt)
    return settle_now(told)


def _still_stands(purchase: Purchase) -> bool:
    """Whether the attempt may be charged at this moment. One whose order is off or was replaced expires."""
    attempt = Purchase.objects.filter(pk=purchase.pk, state=State.CREATED)
    agreed = Q(user__auto_reload__enabled=True, user__auto_reload__consent=F("consent"), user__is_active=True)
    attempt.exclude(agreed).update(state=State.EXPIRED, state_reason=CALLED_OFF)
    return attempt.filter(created_at__gte=Now() - TOO_LATE_TO_CHARGE).exists()


def _told_by_the_bank(attempt: Attempt) -> gateway.PaymentSnapshot:
    try:
        return gateway.charge_saved_card(attempt.purchase, attempt.stripe_customer_id, attempt.card.pk)
    except gateway.CardDeclined as declined:
        return gateway.retrieve_payment(declined.payment_intent_id)


def _give_up(attempt: Attempt) -> Purchase:
    """Stripe made nothing of it and never will: end the attempt. It is no decline, so it is not counted as one."""
    purchase = attempt.purchase
    unmade = Purchase.objects.filter(pk=purchase.pk, state=State.CREATED)
    unmade.update(state=State.FAILED, state_reason=REFUSED)
    reload_skips.note(purchase.user_id, Reason.OUR_FAULT)
    _forget_card_if_gone(attempt)
    purchase.refresh_from_db()
    return purchase


def _forget_card_if_gone(attempt: Attempt) -> None:
    """A card that Stripe does not keep any more, unnoticed by us, would be refused every minute."""
    try:
        kept = {card.payment_method_id for card in gateway.cards_of(attempt.stripe_customer_id)}
    except gateway.CustomerGone:
        kept = set()
    except (gateway.StripeUnavailable, gateway.StripeRefused):
        return
    if attempt.card.pk not in kept:
        saved_cards.note_removed(attempt.card.pk)


def close(purchase: Purchase) -> Purchase:
    """Close a payment at Stripe so that nobody can pay it any more; what was paid meanwhile settles as paid.

    Raises StripeUnavailable or StripeRefused with nothing changed.
    """
    return close_now(purchase.stripe_payment_intent_id or "")
