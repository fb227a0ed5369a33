"""Why reloads that were due were not made, kept for their owner and for staff."""

from uuid import UUID

import structlog
from django.db.models import F
from django.utils import timezone

from billing.models import ReloadSkip
from tokens.models import TokenAccount

logger = structlog.get_logger(__name__)


def note(user_id: UUID, reason: ReloadSkip.Reason, *, balance: int | None = None) -> None:
    """Write a skip down; the same reason again counts up the last one. Reads the balance (tokens) if not told."""
    if balance is None:
        balance = TokenAccount.objects.values_list("balance", flat=True).get(pk=user_id)
    last, now = ReloadSkip.objects.filter(user_id=user_id).first(), timezone.now()
    if last and last.reason == reason:
        ReloadSkip.objects.filter(pk=last.pk).update(times=F("times") + 1, last_at=now, balance=balance)
    else:
        ReloadSkip.objects.create(user_id=user_id, reason=reason, balance=balance, last_at=now)
    logger.info("reload_skipped", user_id=str(user_id), reason=reason)
