"""What somebody wanted when they could not pay, kept in their session until they come back from buying.

One draft at a time. It names the page to come back to (`next`), which is also whose draft it is.
"""

from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase

_DRAFT: Final = "draft"
_NEXT: Final = "next"


def keep(session: SessionBase, path: str, wishes: dict[str, Any]) -> None:
    """Keep `wishes` (what JSON can hold) for the page at `path`; replaces what was kept before, of any page."""
    session[_DRAFT] = {**wishes, _NEXT: path}
    session.save()  # Django does not save the session of a 503, which is one of the answers drafts are for


def recall(session: SessionBase, path: str) -> dict[str, Any]:
    """Return what was kept for the page at `path`, {} when nothing was or another page's draft is kept."""
    kept = session.get(_DRAFT)
    if not isinstance(kept, dict) or kept.get(_NEXT) != path:
        return {}
    return {name: value for name, value in kept.items() if name != _NEXT}


def forget(session: SessionBase, path: str) -> None:
    """Drop what was kept for the page at `path`; writes to the session only when there was something."""
    kept = session.get(_DRAFT)
    if isinstance(kept, dict) and kept.get(_NEXT) == path:
        del session[_DRAFT]
