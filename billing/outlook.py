"""What saving auto-reload would do at this moment, and what it would have done lately. Changes nothing."""

from dataclasses import dataclass
from uuid import UUID

from billing import auto_reload, clock, rehearsal, saved_cards
from billing.models import AutoReload, ReloadSkip, SavedCard
from billing.rehearsal import Rehearsal
from billing.standing_order import Terms
from tokens.models import TokenAccount


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is shown before somebody agrees. `charges_soon` is whether saving charges the card, within two minutes.

    `waits_for` says what keeps a reload that is due from being made so soon. (A pause because the bank could not be
    reached does not: saving ends it.)
    """

    terms: Terms
    balance: int
    card: SavedCard | None
    charges_soon: bool
    waits_for: str
    rehearsed: Rehearsal

    @property
    def shown(self) -> str:
        """A short text that changes whenever what is agreed to, or what it does now, changes."""
        card = self.card.pk if self.card else ""
        return f"{self.terms.price_cents} {self.terms.currency} {'soon' if self.charges_soon else 'later'} {card}"


def look(user_id: UUID, terms: Terms) -> Outlook:
    """Return what switching auto-reload on with `terms` does now."""
    account = TokenAccount.objects.filter(pk=user_id).first() or TokenAccount(user_id=user_id)
    now = clock.now()
    due = auto_reload.due(account, AutoReload(user_id=user_id, threshold=terms.threshold), now)
    reason = auto_reload.obstacle(user_id, terms, now) if due else None
    # A minute after the last reload the throttle ends, and the sweep comes every minute.
    soon = reason in (None, ReloadSkip.Reason.THROTTLED)
    return Outlook(
        terms=terms,
        balance=account.balance,
        card=next(iter(saved_cards.kept(user_id)), None),
        charges_soon=due and soon,
        waits_for="" if reason is None or soon else reason.label,
        rehearsed=rehearsal.of_last_days(user_id, terms),
    )
