"""Cards their owners let us keep. The one added last is the one an auto-reload charges."""

from datetime import date
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing import catalog, consents, customers, errands, gateway, mails, standing_order, tries
from billing.models import AutoReload, Consent, Purchase, SavedCard
from billing.ownership import NotOurs
from tokens import notices

logger = structlog.get_logger(__name__)


def kept(user_id: UUID) -> list[SavedCard]:
    """Return somebody's cards, the one that would be charged first."""
    return list(SavedCard.objects.filter(user_id=user_id, removed_at=None).order_by("-added_at"))


def own(user_id: UUID, card_id: str) -> SavedCard | None:
    """Return one of somebody's cards; None when it is not theirs, or removed."""
    return SavedCard.objects.filter(pk=card_id, user_id=user_id, removed_at=None).first()


def open_page(*, user: User, replaced: SavedCard | None, ip_address: str | None) -> str:
    """Write down that `user` has agreed to keep a card, and return the address of Stripe's page that saves it.

    Nothing is charged there. `replaced` is removed once the new card is known. Locks the StripeCustomer, briefly.
    Raises TooManyTries with nothing done, StripeUnavailable or StripeRefused with nothing saved.
    """
    with transaction.atomic():
        customers.of(user, lock=True)
        tries.check_declines(user.pk)
        tries.check_card_pages(user.pk)
        purpose, wording = Consent.Purpose.SAVE_CARD, consents.KEEP_CARD
        consent = consents.record(user=user, purpose=purpose, wording=wording, ip_address=ip_address)
    stripe_customer_id = customers.known_to_stripe(user)
    try:
        return gateway.open_card_page(
            stripe_customer_id=stripe_customer_id,
            user_id=user.pk,
            consent_id=consent.pk,
            currency=catalog.currency(),
            replaces=replaced.pk if replaced else "",
        )
    except gateway.CustomerGone:
        customers.forget(stripe_customer_id)
        raise


def remember_from_purchase(purchase: Purchase) -> None:
    """Keep the card a purchase was paid with, if its buyer agreed. Asks Stripe; the second call changes nothing."""
    if not (purchase.save_card and purchase.consent_id and purchase.stripe_payment_intent_id):
        return
    card = gateway.card_of_payment(purchase.stripe_payment_intent_id)
    if card:
        _remember(purchase.user_id, purchase.consent_id, card)


def remember_page_of(user_id: UUID, session_id: str) -> SavedCard | None:
    """Keep the card that somebody has just saved on Stripe's page, and return it; None when they did not.

    The second call changes nothing. Raises NotOurs, also for somebody else's page, StripeUnavailable or
    StripeRefused.
    """
    page = gateway.retrieve_card_page(session_id)
    if page.user_id != str(user_id):
        raise NotOurs("Somebody else's page.")
    remember_from_page(page)
    return own(user_id, page.card.payment_method_id) if page.card else None


def remember_from_page(page: gateway.CardPage) -> None:
    """Keep the card that was saved on a page of ours at Stripe, and have the one it replaces removed.

    The second call changes nothing. Raises NotOurs for a page that is not ours.
    """
    consent_id = _uuid(page.consent_id)
    cards = Consent.objects.filter(purpose=Consent.Purpose.SAVE_CARD)
    consent = cards.filter(pk=consent_id).first() if consent_id else None
    if consent is None or str(consent.user_id) != page.user_id:
        raise NotOurs("No consent of ours.")
    if page.card:
        with transaction.atomic():
            _remember(consent.user_id, consent.pk, page.card)
            _remove_later(consent.user_id, page.replaces)


def note_changed(card: gateway.CardSnapshot) -> None:
    """Write down what the bank or Stripe changed about a card, for example its expiry. Raises NotOurs."""
    changed = SavedCard.objects.filter(pk=card.payment_method_id).update(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )
    if not changed:
        raise NotOurs("No card of ours.")


def remove(card: SavedCard) -> bool:
    """Have Stripe forget a card, then forget it here. Raises StripeUnavailable or StripeRefused with nothing changed.

    Without a card left, auto-reload is switched off, and its owner is told by mail; returns whether it was.
    """
    try:
        gateway.forget_card(card.pk)
    except gateway.StripeRefused:
        if gateway.keeps_card(card.pk):
            raise
        logger.info("card_was_detached_already", user_id=str(card.user_id))
    return note_removed(card.pk)


def note_removed(payment_method_id: str) -> bool:
    """Forget a card that Stripe does not keep any more; returns whether that switched auto-reload off.

    The second call changes nothing. Locks the account, so that of two last cards removed at once the second one
    sees that none is left; then the card and the order. Raises NotOurs.
    """
    card = SavedCard.objects.filter(pk=payment_method_id).first()
    if card is None:
        raise NotOurs("No card of ours.")
    with transaction.atomic(savepoint=False):
        notices.held_still(card.user_id)
        removed = SavedCard.objects.filter(pk=card.pk, removed_at=None).update(removed_at=timezone.now())
        return bool(removed) and _switch_off_without_cards(card)


def tell_about_expiry() -> int:
    """Write to everybody whose auto-reload would charge a card that ends this month or has ended; return how many.

    Once per card and month, however often it is called: the mail and the note of it commit together.
    """
    month = timezone.localdate().replace(day=1)
    owners = AutoReload.objects.filter(enabled=True).values_list("user_id", flat=True)
    return sum(_told_about_expiry(user_id, month) for user_id in owners.iterator())


def _told_about_expiry(user_id: UUID, month: date) -> bool:
    card = next(iter(kept(user_id)), None)
    if card is None or card.months_left > 0:
        return False
    untold = SavedCard.objects.filter(pk=card.pk).exclude(expiry_noticed_on=month)
    with transaction.atomic():
        if not untold.update(expiry_noticed_on=month):
            return False
        mails.send_later("card_expires", user_id, card=str(card), month=card.exp_month, year=card.exp_year)
    return True


def _remove_later(user_id: UUID, card_id: str) -> None:
    """Have a worker remove a card that was replaced: this may be called where Stripe must not be asked."""
    if own(user_id, card_id):
        errands.later("billing.remove_card", card_id=card_id)


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


def _switch_off_without_cards(card: SavedCard) -> bool:
    if kept(card.user_id) or not standing_order.switch_off(card.user_id, because="The last saved card was removed."):
        return False
    mails.send_later("reload_off_without_card", card.user_id, card=str(card))
    return True


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
