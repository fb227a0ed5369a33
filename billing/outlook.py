"""What saving auto-reload would do at this moment, and what it would have done lately. Changes nothing."""

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from billing import auto_reload, rehearsal, saved_cards
from billing.models import AutoReload, ReloadSkip, SavedCard
from billing.rehearsal import Rehearsal
from billing.standing_order import Terms
from tokens.models import TokenAccount


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is shown before somebody agrees. `charges_now` is whether saving charges the card, within a minute.

    `waits_for` says what keeps a reload that is due from being made now.
    """

    terms: Terms
    balance: int
    card: SavedCard | None
    charges_now: bool
    waits_for: str
    rehearsed: Rehearsal

    @property
    def shown(self) -> str:
        """A short text that changes whenever what is agreed to, or what it does now, changes."""
        card = self.card.pk if self.card else ""
        return f"{self.terms.price_cents} {self.terms.currency} {'now' if self.charges_now else 'later'} {card}"


def look(user_id: UUID, terms: Terms) -> Outlook:
    """Return what switching auto-reload on with `terms` does now."""
    account = TokenAccount.objects.filter(pk=user_id).first() or TokenAccount(user_id=user_id)
    due = auto_reload.due(account, AutoReload(user_id=user_id, threshold=terms.threshold))
    reason = auto_reload.obstacle(user_id, terms, timezone.now()) if due else None
    soon = reason in (None, ReloadSkip.Reason.THROTTLED)
    return Outlook(
        terms=terms,
        balance=account.balance,
        card=next(iter(saved_cards.kept(user_id)), None),
        charges_now=due and soon,
        waits_for="" if reason is None or soon else reason.label,
        rehearsed=rehearsal.of_last_days(user_id, terms),
    )
