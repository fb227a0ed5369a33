"""The standing order of auto-reload: switched on by its owner alone, off by whoever must, and never more than agreed.

Locks are taken in one order everywhere: the purchase if there is one, the token account, the AutoReload.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from accounts.models import User
from billing import catalog, consents, errands
from billing.models import AutoReload, Consent, SavedCard
from billing.templatetags.money import money
from tokens import ledger, notices
from tokens.models import LOW_MARK

logger = structlog.get_logger(__name__)

RELOAD: Final = "billing.reload"


class NoCard(Exception):
    """There is no saved card to charge. Nothing was switched on, nothing was agreed to."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody is shown before they agree, and what each reload costs from then on. Tokens and cents."""

    threshold: int
    amount: int
    monthly_cap_cents: int
    price_cents: int
    currency: str

    @property
    def bargain(self) -> str:
        """What one reload buys; a consent covers a reload only if it contains these very words."""
        return f"{self.amount:,} tokens for {money(self.price_cents, self.currency)}"

    @property
    def wording(self) -> str:
        """The sentences that are agreed to and kept."""
        return (
            f"Whenever my balance falls below {self.threshold} token{'s' if self.threshold > 1 else ''}, "
            f"buy {self.bargain} and charge my saved card without asking me again, "
            f"for at most {money(self.monthly_cap_cents, self.currency)} in a calendar month (UTC). "
            "Each reload is told to me by mail, and I can switch this off at any time with one click."
        )


def terms(*, threshold: int, amount: int, monthly_cap_cents: int) -> Terms:
    """Return the terms at the price of now. Raises NotOnSale."""
    price_cents, currency = catalog.price_of(amount)
    return Terms(threshold, amount, monthly_cap_cents, price_cents, currency)


def agreed(order: AutoReload) -> Terms | None:
    """Return the terms on which a reload may be made now; None when its price is not the agreed one any more."""
    try:
        now = terms(threshold=order.threshold, amount=order.amount, monthly_cap_cents=order.monthly_cap_cents)
    except catalog.NotOnSale:
        return None
    return now if order.consent and f"buy {now.bargain} and" in order.consent.wording else None


def of(user_id: UUID) -> AutoReload | None:
    """Return somebody's standing order, on or off; None when they never had one."""
    return AutoReload.objects.filter(pk=user_id).first()


def switch_on(*, user: User, terms: Terms, ip_address: str | None) -> AutoReload:
    """Write down what `user` has just agreed to and switch their auto-reload on; queue a reload if one is due.

    Nothing else switches it on. Forgets earlier declines. Locks the account, the cards, then the order. Raises
    NoCard when the last card was removed meanwhile.
    """
    with transaction.atomic():
        balance = ledger.watch(user_id=user.pk, low_mark=terms.threshold)
        _require_card(user.pk)
        consent = consents.record(
            user=user, purpose=Consent.Purpose.AUTO_RELOAD, wording=terms.wording, ip_address=ip_address
        )
        agreed_to = {
            "enabled": True,
            "threshold": terms.threshold,
            "amount": terms.amount,
            "monthly_cap_cents": terms.monthly_cap_cents,
            "consent": consent,
            "failure_count": 0,
            "off_because": "",
            "paused_until": None,
            "cap_noticed_on": None,
            "cap_noticed_percent": 0,
        }
        order, _ = AutoReload.objects.update_or_create(user=user, defaults=agreed_to)
        if balance < terms.threshold:
            reload_soon(user.pk)
    logger.info("auto_reload_on", user_id=str(user.pk))
    return order


def _require_card(user_id: UUID) -> None:
    """Raise NoCard if none is kept. The cards found stay until the commit: who removes one then finds the order."""
    if not SavedCard.objects.select_for_update(no_key=True).filter(user_id=user_id, removed_at=None).first():
        raise NoCard


def switch_off(user_id: UUID, *, because: str = "") -> bool:
    """Switch auto-reload off and return whether it was on. `because` is for its owner; "" when they did it.

    Locks the account, then the order. A reload that is being charged at this moment is not called back.
    """
    with transaction.atomic(savepoint=False):
        notices.held_still(user_id)
        on = AutoReload.objects.select_for_update(no_key=True).filter(pk=user_id, enabled=True)
        order = on.first()
        if order is None:
            return False
        order.enabled, order.off_because = False, because[:200]
        order.save(update_fields=["enabled", "off_because", "updated_at"])
        ledger.watch(user_id=user_id, low_mark=LOW_MARK)
    logger.info("auto_reload_off", user_id=str(user_id), because=because)
    return True


def reload_soon(user_id: UUID) -> None:
    """Have a worker look whether a reload is due, once this transaction commits.

    A job that waits already is enough: before it looks it locks the account, so it waits for this transaction.
    """
    errands.later(RELOAD, once=f"reload:{user_id}", user_id=str(user_id))
