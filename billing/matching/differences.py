"""What does not match, listed once while it is open, and settled as soon as it matches again."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from billing.models import Difference, Purchase

logger = structlog.get_logger(__name__)

Kind = Difference.Kind
MATCHES_AGAIN = "It does not differ any more."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why something does not match, in a sentence for staff. Amounts are in cents."""

    kind: Difference.Kind
    detail: str
    user_id: UUID | None = None
    purchase: Purchase | None = None
    amount_cents: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What one comparison did and found. `foreign` is something at Stripe that is not ours to look at.

    `subject` is what a difference is listed under, when that came to light only by comparing.
    """

    repaired: bool = False
    verdict: Verdict | None = None
    foreign: bool = False
    subject: str = ""


def conclude(subject: str, verdict: Verdict | None) -> bool:
    """List what differs about `subject`, settle what is listed and differs no more; return whether any is open.

    What staff have marked as settled stays so as long as the very same is found. The second call changes nothing.
    """
    with transaction.atomic():
        others = Difference.objects.filter(subject=subject, settled_at=None)
        if verdict:
            others = others.exclude(kind=verdict.kind)
        others.update(settled_at=timezone.now(), outcome=MATCHES_AGAIN)
        return bool(verdict and _list(subject, verdict))


def settle(difference: Difference, *, outcome: str, by: User, stays_settled: bool = True) -> bool:
    """Settle a difference on a staff member's word; return whether this call did it.

    Unless it `stays_settled`, the very same is listed again when it is found again: a repair may come to nothing.
    """
    changed = Difference.objects.filter(pk=difference.pk, settled_at=None).update(
        settled_at=timezone.now(), settled_by=by, outcome=outcome[:300], stays_settled=stays_settled
    )
    return bool(changed)


def _list(subject: str, verdict: Verdict) -> bool:
    """Return whether it is open now."""
    same = Difference.objects.filter(kind=verdict.kind, subject=subject)
    detail = verdict.detail[:500]
    if same.filter(settled_at=None).update(detail=detail, last_seen_at=timezone.now()):
        return True
    if same.filter(detail=detail, stays_settled=True).exists():
        return False
    Difference.objects.bulk_create(
        [
            Difference(
                kind=verdict.kind,
                subject=subject,
                detail=detail,
                user_id=verdict.user_id,
                purchase=verdict.purchase,
                amount_cents=verdict.amount_cents,
                currency=verdict.currency,
            )
        ],
        ignore_conflicts=True,  # another run has just listed it
    )
    logger.error("difference_found", kind=verdict.kind, subject=subject)
    return True
