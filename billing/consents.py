"""What people agree to, word for word: the page shows the sentence that is kept."""

from typing import Final

from accounts.models import User
from billing.models import Consent

KEEP_CARD: Final = (
    "Keep this card for auto-reload. Nothing is charged from it until I switch auto-reload on, "
    "and I can remove it at any time."
)


def record(*, user: User, purpose: Consent.Purpose, wording: str, ip_address: str | None) -> Consent:
    """Write down what somebody has just agreed to, and from where. Each call is a consent of its own."""
    return Consent.objects.create(user=user, purpose=purpose, wording=wording, ip_address=ip_address)
