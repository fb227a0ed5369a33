"""The right to end a generation, and what its holder tells while it works."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from generations import commissions
from generations.acceptance import plain
from generations.commissions import Commission
from generations.models import Generation

State = Generation.State

# A lease outlives the engine's own limit by the time it takes to store a picture.
LEASE_GRACE: Final = timedelta(seconds=15)
PROGRESS_CHARACTERS: Final = 8000


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to end one generation. `attempt` is the fencing token: only its holder's result is accepted."""

    generation_id: UUID
    attempt: int
    expires_at: datetime
    commission: Commission


def take_lease(generation_id: UUID) -> Lease | None:
    """Move a waiting generation to running and return the right to end it; None when it is not waiting.

    A job that runs twice, or after its generation was refunded or cancelled, gets None. The lease ends
    ENGINE_TIMEOUT_SECONDS and 15 seconds from now; then `expire_overdue` refunds.
    """
    term = timedelta(seconds=settings.ENGINE_TIMEOUT_SECONDS) + LEASE_GRACE
    taken = Generation.objects.filter(pk=generation_id, state=State.QUEUED).update(
        state=State.RUNNING, attempts=F("attempts") + 1, started_at=Now(), lease_expires_at=Now() + term
    )
    if not taken:
        return None
    generation = Generation.objects.select_related("photo").get(pk=generation_id)
    assert generation.lease_expires_at is not None, "generation_lease_if_and_only_if_running"
    return Lease(generation_id, generation.attempts, generation.lease_expires_at, commissions.of(generation))


def tell(lease: Lease, words: str) -> bool:
    """Show the user what the engine has reported so far; return False when the lease is not valid any more."""
    return bool(
        Generation.objects.filter(pk=lease.generation_id, state=State.RUNNING, attempts=lease.attempt).update(
            progress=plain(words, PROGRESS_CHARACTERS)
        )
    )
