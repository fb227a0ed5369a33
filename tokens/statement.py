"""The statement: somebody's movements, newest first, a page at a time by key.

No page counts and no offsets: both would read the whole account.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from uuid import UUID

from tokens.models import TokenTransaction

PAGE_SIZE = 25
SUBJECTS = frozenset({"purchase", "generation"})

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Addresses = Callable[[Collection[UUID]], dict[UUID, str]]
_LEADS: dict[str, Addresses] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One movement, with what it was about: `kind` and `subject_id` as the key names them, "" for neither.

    `address` is the page about it, as whoever keeps that kind says; "" when they name none.
    """

    entry: TokenTransaction
    kind: str
    subject_id: str
    address: str = ""

    @property
    def takes_back(self) -> bool:
        """Whether it is about money that went back or returned: the purchase's page tells more than its receipt."""
        return self.entry.type in (TokenTransaction.Type.REVERSAL, TokenTransaction.Type.REINSTATED)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a statement. `older` is the number to pass as `before` for the next one, None at the end."""

    rows: list["Line"]
    older: int | None


def lead(kind: str, addresses: Addresses) -> None:
    """Have lines about `kind` lead where `addresses` says, asked once a page; called while the apps are loading."""
    _LEADS[kind] = addresses


def page(user_id: UUID, *, before: int | None = None, size: int = PAGE_SIZE) -> Page:
    """Return the newest `size` movements with a number below `before` (all, when None)."""
    movements = TokenTransaction.objects.filter(account_id=user_id).order_by("-number")
    if before is not None:
        movements = movements.filter(number__lt=before)
    rows = list(movements[: size + 1])
    more = len(rows) > size
    lines = _led([_line(entry) for entry in rows[:size]])
    return Page(rows=lines, older=rows[size - 1].number if more else None)


def _line(entry: TokenTransaction) -> Line:
    kind, subject_id, *_ = [*entry.key.split(":"), "", ""]
    if kind not in SUBJECTS or not _UUID.fullmatch(subject_id):
        return Line(entry, "", "")
    return Line(entry, kind, subject_id)


def _led(lines: list[Line]) -> list[Line]:
    """Ask each app above for the pages of its own; a kind without lines is not asked about."""
    for kind, addresses in _LEADS.items():
        named = {UUID(line.subject_id) for line in lines if line.kind == kind}
        found = addresses(named) if named else {}
        lines = [
            replace(line, address=found.get(UUID(line.subject_id), "")) if line.kind == kind else line for line in lines
        ]
    return lines
