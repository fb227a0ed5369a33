"""Signed links in mails: they let somebody switch something off without signing in, and nothing else.

A link works for 90 days. It can only switch off, so a stolen one costs its owner nothing.
"""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

RELOADS: Final = "billing.stop-reloads"
LOW_BALANCE_MAILS: Final = "billing.stop-low-balance-mails"
DAYS: Final = 90


def to_stop_reloads(user_id: UUID) -> str:
    """Return the address that switches auto-reload off."""
    return _link("billing:stop-reloads", RELOADS, user_id)


def to_stop_low_balance_mails(user_id: UUID) -> str:
    """Return the address that ends mails about a low balance."""
    return _link("billing:stop-low-balance-mails", LOW_BALANCE_MAILS, user_id)


def owner(purpose: str, signature: str) -> UUID | None:
    """Return whose link it is; None when it is forged, for another purpose, or too old."""
    try:
        return UUID(signing.loads(signature, salt=purpose, max_age=DAYS * 24 * 3600))
    except (signing.BadSignature, ValueError):
        return None


def _link(name: str, purpose: str, user_id: UUID) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=[signing.dumps(str(user_id), salt=purpose)])}"
