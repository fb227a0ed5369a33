"""What somebody wanted when they could not pay, kept in their session until they come back from buying.

One draft at a time. It names the page to come back to (`next`), which is also whose draft it is.
"""

from datetime import timedelta
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

_DRAFT: Final = "draft"
_NEXT: Final = "next"
_UNTIL: Final = "until"  # seconds since 1970; not there: as long as the session
# Whoever signs in next in a browser finds what was written there signed out: soon that may be somebody else.
SIGNED_OUT_SPAN: Final = timedelta(minutes=15)


def keep(session: SessionBase, path: str, wishes: dict[str, Any], *, signed_out: bool = False) -> None:
    """Keep `wishes` (what JSON can hold) for the page at `path`; replaces what was kept before, of any page.

    What somebody `signed_out` wrote is kept for a quarter of an hour.
    """
    until = {_UNTIL: (timezone.now() + SIGNED_OUT_SPAN).timestamp()} if signed_out else {}
    session[_DRAFT] = {**wishes, _NEXT: path, **until}
    session.save()  # Django does not save the session of a 503, which is one of the answers drafts are for


def recall(session: SessionBase, path: str) -> dict[str, Any]:
    """Return what was kept for the page at `path`, {} when nothing was, not any more, or of another page."""
    kept = session.get(_DRAFT)
    if not isinstance(kept, dict) or kept.get(_NEXT) != path:
        return {}
    if _UNTIL in kept and timezone.now().timestamp() > kept[_UNTIL]:
        return {}
    return {name: value for name, value in kept.items() if name not in (_NEXT, _UNTIL)}


def forget(session: SessionBase, path: str) -> None:
    """Drop what was kept for the page at `path`; writes to the session only when there was something."""
    kept = session.get(_DRAFT)
    if isinstance(kept, dict) and kept.get(_NEXT) == path:
        del session[_DRAFT]
