"""Cards their owners let us keep. The one added last is the one an auto-reload charges."""

from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from billing import gateway, mails
from billing.models import AutoReload, Consent, Purchase, SavedCard
from billing.ownership import NotOurs
from tokens import ledger
from tokens.models import LOW_MARK

logger = structlog.get_logger(__name__)


def kept(user_id: UUID) -> list[SavedCard]:
    """Return somebody's cards, the one that would be charged first."""
    return list(SavedCard.objects.filter(user_id=user_id, removed_at=None).order_by("-added_at"))


def remember_from_purchase(purchase: Purchase) -> None:
    """Keep the card a purchase was paid with, if its buyer agreed. Asks Stripe; the second call changes nothing."""
    if not (purchase.save_card and purchase.stripe_payment_intent_id):
        return
    card = gateway.card_of_payment(purchase.stripe_payment_intent_id)
    if card:
        _remember(purchase.user_id, purchase.consent_id, card)


def remember_from_page(page: gateway.CardPage) -> None:
    """Keep the card that was saved on a page of ours at Stripe. Raises NotOurs for a page that is not ours."""
    consent_id = _uuid(page.consent_id)
    cards = Consent.objects.filter(purpose=Consent.Purpose.SAVE_CARD)
    consent = cards.filter(pk=consent_id).first() if consent_id else None
    if consent is None or str(consent.user_id) != page.user_id:
        raise NotOurs("No consent of ours.")
    if page.card:
        _remember(consent.user_id, consent.pk, page.card)


def note_changed(card: gateway.CardSnapshot) -> None:
    """Write down what the bank or Stripe changed about a card, for example its expiry. Raises NotOurs."""
    changed = SavedCard.objects.filter(pk=card.payment_method_id).update(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )
    if not changed:
        raise NotOurs("No card of ours.")


def remove(card: SavedCard) -> None:
    """Have Stripe forget a card, then forget it here. Raises StripeUnavailable with nothing changed.

    Without a card left, auto-reload is switched off, and its owner is told by mail.
    """
    try:
        gateway.forget_card(card.pk)
    except gateway.StripeRefused:  # detached already
        logger.info("card_was_detached_already", user_id=str(card.user_id))
    note_removed(card.pk)


def note_removed(payment_method_id: str) -> None:
    """Forget a card that Stripe does not keep any more; the second call changes nothing. Raises NotOurs."""
    with transaction.atomic(savepoint=False):
        card = SavedCard.objects.select_for_update(no_key=True).filter(pk=payment_method_id).first()
        if card and card.removed_at is None:
            card.removed_at = timezone.now()
            card.save(update_fields=["removed_at"])
            _switch_off_without_cards(card)
    if card is None:
        raise NotOurs("No card of ours.")


def _remember(user_id: UUID, consent_id: UUID | None, card: gateway.CardSnapshot) -> None:
    SavedCard.objects.bulk_create(
        [
            SavedCard(
                pk=card.payment_method_id,
                user_id=user_id,
                consent_id=consent_id,
                brand=card.brand,
                last4=card.last4,
                exp_month=card.exp_month,
                exp_year=card.exp_year,
            )
        ],
        ignore_conflicts=True,
    )


def _switch_off_without_cards(card: SavedCard) -> None:
    if kept(card.user_id):
        return
    order = AutoReload.objects.select_for_update(no_key=True).filter(pk=card.user_id, enabled=True).first()
    if order is None:
        return
    order.enabled, order.off_because = False, "The last saved card was removed."
    order.save(update_fields=["enabled", "off_because", "updated_at"])
    ledger.watch(user_id=order.user_id, low_mark=LOW_MARK)
    mails.send_later("reload_off_without_card", order.user_id, card=str(card))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
