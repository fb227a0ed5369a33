"""What somebody holds, ready to show. Reads one row; never the ledger."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from accounts.models import User
from tokens.models import LOW_MARK, TokenAccount


@dataclass(frozen=True, slots=True)
class Balance:
    """A person's holdings: tokens, free trial credits, lifetime totals (tokens), and an unlimited right.

    `debt` are tokens that were spent before their money went back; with any, there are no tokens.
    """

    balance: int = 0
    trial_balance: int = 0
    debt: int = 0
    total_purchased: int = 0
    total_spent: int = 0
    unlimited_until: datetime | None = None

    @property
    def unlimited(self) -> bool:
        """Whether generations cost nothing now."""
        return self.unlimited_until is not None and timezone.now() < self.unlimited_until

    @property
    def generations_left(self) -> int:
        """How many one-token generations are left, trial included; meaningless while unlimited."""
        return self.balance + self.trial_balance

    @property
    def running_low(self) -> bool:
        """Whether somebody who has bought tokens before has so few that we would write to them."""
        return not self.unlimited and self.total_purchased > 0 and self.generations_left < LOW_MARK

    @property
    def shown(self) -> str:
        """A short text that changes if and only if something shown changes; the fragment polls with it."""
        held = f"{self.balance}.{self.trial_balance}.{self.debt}"
        return f"{held}.{self.total_purchased}.{self.total_spent}.{int(self.unlimited)}"


def read(user: User) -> Balance:
    """Return what `user` holds, as loaded with the user; zeros when the account was never touched."""
    try:
        account = user.token_account
    except TokenAccount.DoesNotExist:
        return Balance()
    return Balance(
        balance=account.balance,
        trial_balance=account.trial_balance,
        debt=account.debt,
        total_purchased=account.total_purchased,
        total_spent=account.total_spent,
        unlimited_until=account.unlimited_until,
    )
