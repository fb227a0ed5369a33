"""What nobody can wait for any longer is refunded."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from generations.models import Generation
from generations.studio.ending import lockable, refund_and_end

logger = structlog.get_logger(__name__)
State = Generation.State

# Nobody waits longer than this for a generation to begin; then it is refunded.
QUEUE_PATIENCE: Final = timedelta(minutes=10)
# A worker reports every 10 seconds; one silent for this long is dead, and what it was making is refunded.
WORKER_SILENCE: Final = timedelta(seconds=60)
SWEEP_SIZE: Final = 500

TOOK_TOO_LONG: Final = "It took too long, so we stopped waiting for it."
NEVER_BEGUN: Final = "It could not be started in time."


def expire_overdue(now: datetime | None = None) -> int:
    """Fail and refund every generation that cannot be waited for any longer; return how many.

    Overdue are: a lease that ran out, a wait longer than QUEUE_PATIENCE, and work whose job is gone or whose
    worker fell silent. Each is ended in a transaction of its own; one that somebody else is just ending is
    left to them. A job that comes later for one of these finds nothing to do. The time is PostgreSQL's, so that
    hosts whose clocks differ agree; `now` puts another moment in its place.
    """
    overdue = list(
        _overdue(Generation.objects.all(), now).order_by("created_at").values_list("pk", flat=True)[:SWEEP_SIZE]
    )
    return sum(_expire(generation_id, now) for generation_id in overdue)


def _overdue(rows: QuerySet[Generation], now: datetime | None) -> QuerySet[Generation]:
    """Narrow `rows`. The conditions are on the row itself, so that a lock on it makes PostgreSQL look again."""
    moment = Now() if now is None else Value(now)
    cared_for = ProcrastinateJob.objects.filter(
        Q(status="todo") | Q(status="doing", worker__last_heartbeat__gt=moment - WORKER_SILENCE),
        pk=OuterRef("job_id"),
    )
    return rows.filter(
        Q(state=State.RUNNING, lease_expires_at__lte=moment)
        | Q(state=State.QUEUED, created_at__lte=moment - QUEUE_PATIENCE)
        | (Q(state__in=[State.QUEUED, State.RUNNING]) & ~Exists(cared_for)),
    )


def _expire(generation_id: UUID, now: datetime | None) -> bool:
    """End one overdue generation, if it still is one; an error is logged and spares the others."""
    try:
        with transaction.atomic():
            generation = _overdue(lockable(skip_locked=True).filter(pk=generation_id), now).first()
            if generation is None:
                return False
            begun = generation.state == State.RUNNING
            refund_and_end(generation, State.FAILED, TOOK_TOO_LONG if begun else NEVER_BEGUN)
    except Exception:
        logger.exception("generation_not_expired", generation_id=str(generation_id))
        return False
    logger.warning("generation_expired", generation_id=str(generation_id), begun=begun, source=generation.source)
    return True
