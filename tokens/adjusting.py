"""An adjustment on a staff member's word: the movement in the books and the note in the admin's log, together."""

from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from accounts.models import User
from tokens import ledger
from tokens.models import TokenAccount, TokenTransaction

LIMIT = 10_000


class OwnAccount(Exception):
    """Staff asked to adjust their own balance. Nothing changed."""


def adjust_once(*, user: User, staff: User, amount: int, reason: str, key: UUID) -> TokenTransaction:
    """Add (or, negative, take) `amount` tokens, at most LIMIT, note it in the admin's log, and return the row.

    Locks the account. The second call with the same key returns the first row and writes no second note.
    Raises OwnAccount, ledger.InsufficientTokens or ledger.KeyReused, with nothing changed.
    """
    if user.pk == staff.pk:
        raise OwnAccount
    if abs(amount) > LIMIT:
        raise ValueError(f"An adjustment of {amount} tokens is beyond the limit of {LIMIT}.")
    with transaction.atomic():
        entry = ledger.adjust(
            user_id=user.pk, amount=amount, reason=reason, adjusted_by_id=staff.pk, key=f"adjustment:{key}"
        )
        _note(user, staff, entry)
    return entry


def _note(user: User, staff: User, entry: TokenTransaction) -> None:
    """Write the log entry unless it is there. The account's lock, still held, keeps a twin out."""
    message = f"Line {entry.number}: {entry.amount:+d} tokens, {entry.balance_after} after: {entry.description}"
    noted = LogEntry.objects.filter(object_id=str(user.pk), change_message=message)
    if not noted.exists():
        account = TokenAccount.objects.get(pk=user.pk)
        LogEntry.objects.log_actions(staff.pk, [account], CHANGE, message, single_object=True)
