"""The statement: somebody's movements, newest first, a page at a time by key.

No page counts and no offsets: both would read the whole account.
"""

from dataclasses import dataclass
from uuid import UUID

from tokens.models import TokenTransaction

PAGE_SIZE = 25
SUBJECTS = frozenset({"purchase", "generation"})


@dataclass(frozen=True, slots=True)
class Line:
    """One movement, with what it was about: `kind` and `subject_id` as the key names them, "" for neither."""

    entry: TokenTransaction
    kind: str
    subject_id: str

    @property
    def takes_back(self) -> bool:
        """Whether it is about money that went back or returned: the purchase's page tells more than its receipt."""
        return self.entry.type in (TokenTransaction.Type.REVERSAL, TokenTransaction.Type.REINSTATED)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a statement. `older` is the number to pass as `before` for the next one, None at the end."""

    rows: list["Line"]
    older: int | None


def page(user_id: UUID, *, before: int | None = None, size: int = PAGE_SIZE) -> Page:
    """Return the newest `size` movements with a number below `before` (all, when None)."""
    movements = TokenTransaction.objects.filter(account_id=user_id).order_by("-number")
    if before is not None:
        movements = movements.filter(number__lt=before)
    rows = list(movements[: size + 1])
    more = len(rows) > size
    return Page(rows=[_line(entry) for entry in rows[:size]], older=rows[size - 1].number if more else None)


def _line(entry: TokenTransaction) -> Line:
    kind, subject_id, *_ = [*entry.key.split(":"), "", ""]
    return Line(entry, kind, subject_id) if kind in SUBJECTS else Line(entry, "", "")
