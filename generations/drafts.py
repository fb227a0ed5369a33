"""What somebody wanted when their tokens were used up, kept in their session until they come back from buying."""

from typing import Final

from django.contrib.sessions.backends.base import SessionBase

_DRAFT: Final = "draft"


def keep(session: SessionBase, wishes: dict[str, str]) -> None:
    """Keep area, style and prompt; replaces what was kept before."""
    session[_DRAFT] = wishes


def recall(session: SessionBase) -> dict[str, str]:
    """Return what was kept, {} when nothing was."""
    kept = session.get(_DRAFT)
    return dict(kept) if isinstance(kept, dict) else {}


def forget(session: SessionBase) -> None:
    """Drop what was kept; writes to the session only when there was something."""
    if _DRAFT in session:
        del session[_DRAFT]
