"""The life of a generation: start, take_lease, finish, fail, expire_overdue.

A generation ends exactly once. Whoever ends it locks its row first and the token account second, everywhere
in that order, and looks at the state again under the lock. Nothing is locked while an engine works.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from accounts.models import User
from generations import pictures, pricing
from generations.engines import DesignRequest, Painting
from generations.models import Generation
from tokens import ledger

logger = structlog.get_logger(__name__)
State = Generation.State

PAINT_TASK: Final = "generations.paint"
# A lease outlives the engine's own limit by the time it takes to store a picture.
LEASE_GRACE: Final = timedelta(seconds=15)
# Nobody waits longer than this for a design to begin; then it is refunded.
QUEUE_PATIENCE: Final = timedelta(minutes=10)
# A worker reports every 10 seconds; one silent for this long is dead, and what it was making is refunded.
WORKER_SILENCE: Final = timedelta(seconds=60)
SWEEP_SIZE: Final = 500
# What "a day" is when a subscription says how many designs a day are fair use: any 24 hours.
FAIR_USE_SPAN: Final = timedelta(hours=24)

TOOK_TOO_LONG: Final = "The design took too long, so we stopped waiting for it."
NEVER_BEGUN: Final = "The design could not be started in time."


class FairUseReached(Exception):
    """The subscription has covered as many designs in 24 hours as it says. Nothing was started, nothing taken."""

    def __init__(self, *, per_day: int, free_again_at: datetime) -> None:
        super().__init__(f"{per_day} a day, free again at {free_again_at:%Y-%m-%d %H:%M}")
        self.per_day = per_day
        self.free_again_at = free_again_at


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to end one generation. `attempt` is the fencing token: only its holder's picture is accepted."""

    generation_id: UUID
    attempt: int
    expires_at: datetime
    request: DesignRequest


def start(*, user: User, form_key: UUID, area: str, style: str, prompt: str) -> Generation:
    """Charge one design, write it down and queue its job, all in one commit; return the generation.

    Locks the account. The same form key again, however often and at once, returns the first generation and
    charges nothing, also when the first one took the last token. Raises InsufficientTokens or FairUseReached
    with nothing taken and nothing queued.
    """
    generation = Generation(id=uuid4(), user=user, form_key=form_key, area=area, style=style, prompt=prompt)
    try:
        with transaction.atomic():
            _charge_and_queue(generation)
    except (IntegrityError, ledger.InsufficientTokens, FairUseReached):
        first = Generation.objects.filter(user=user, form_key=form_key).first()
        if first is None:
            raise
        return first
    logger.info("generation_started", generation_id=str(generation.pk), source=generation.source)
    return generation


def _charge_and_queue(generation: Generation) -> None:
    charge = ledger.charge(
        user_id=generation.user_id,
        cost=pricing.COST,
        key=f"generation:{generation.pk}:charge",
        description=generation.title,
    )
    if charge.per_day:
        _require_fair_use(generation.user_id, charge.per_day)
    generation.source = charge.source
    generation.cost = charge.cost if charge.entry else 0
    generation.charge = charge.entry
    generation.job_id = _queue(generation.pk)
    generation.save(force_insert=True)


def _require_fair_use(user_id: UUID, per_day: int) -> None:
    """Raise FairUseReached when a further covered design would be too many. Failed ones do not count.

    The charge before has locked the account, so the count stays true until the commit.
    """
    covered = Generation.objects.filter(user=user_id, source=ledger.Source.SUBSCRIPTION).exclude(state=State.FAILED)
    begun_at = covered.order_by("-created_at").values_list("created_at", flat=True)[per_day - 1 : per_day].first()
    if begun_at and timezone.now() < begun_at + FAIR_USE_SPAN:
        raise FairUseReached(per_day=per_day, free_again_at=begun_at + FAIR_USE_SPAN)


def _queue(generation_id: UUID) -> int:
    """Write the job on the web process's own connection, so that it commits or vanishes with the charge."""
    try:
        return app.configure_task(PAINT_TASK).defer(generation_id=str(generation_id))
    except ConnectorException as error:
        # Said in Django's words again, so that a busy database answers 503 here as everywhere.
        raise OperationalError("The job could not be queued.") from error


def take_lease(generation_id: UUID) -> Lease | None:
    """Move a waiting generation to running and return the right to end it; None when it is not waiting.

    A job that runs twice, or after its generation was refunded, gets None. The lease ends
    ENGINE_TIMEOUT_SECONDS and 15 seconds from now; then `expire_overdue` refunds.
    """
    term = timedelta(seconds=settings.ENGINE_TIMEOUT_SECONDS) + LEASE_GRACE
    taken = Generation.objects.filter(pk=generation_id, state=State.QUEUED).update(
        state=State.RUNNING, attempts=F("attempts") + 1, started_at=Now(), lease_expires_at=Now() + term
    )
    if not taken:
        return None
    columns = ("attempts", "lease_expires_at", "area", "style", "prompt")
    attempt, expires_at, area, style, prompt = Generation.objects.values_list(*columns).get(pk=generation_id)
    return Lease(generation_id, attempt, expires_at, DesignRequest(area=area, style=style, prompt=prompt))


def finish(lease: Lease, painting: Painting, *, engine: str) -> bool:
    """Store the picture and end the generation as succeeded; return False when it may not end so any more.

    It may not when it has ended meanwhile (swept and refunded) or the lease is not the last one; the picture
    is removed then. The picture is stored before the row names it, so a crash costs a file, never a token.
    """
    name = pictures.store(painting)
    # If the commit's answer is lost, the row may name the file: it is removed only after a certain refusal.
    with transaction.atomic():
        generation = _locked(lease.generation_id)
        accepted = generation.state == State.RUNNING and generation.attempts == lease.attempt
        if accepted:
            generation.engine = engine[:60]
            generation.image.name = name
            generation.alt_text = painting.description[:300]
            generation.note = painting.note[:300]
            _end(generation, State.SUCCEEDED)
    if not accepted:
        pictures.discard(name)
    logger.info(
        "generation_finished" if accepted else "generation_finished_too_late",
        generation_id=str(lease.generation_id),
        attempt=lease.attempt,
    )
    return accepted


def fail(generation_id: UUID, *, reason: str, attempt: int | None = None) -> bool:
    """End a generation as failed and give back what it cost; return whether this call did so.

    Locks the generation, then the account. `reason` is the sentence the user reads. Does nothing when the
    generation has ended already, or when `attempt` is given and is not the last lease taken.
    """
    with transaction.atomic():
        generation = _locked(generation_id)
        if generation.has_ended or attempt not in (None, generation.attempts):
            return False
        _refund_and_fail(generation, reason)
    logger.info("generation_failed", generation_id=str(generation_id), source=generation.source)
    return True


def _locked(generation_id: UUID) -> Generation:
    return _lockable().get(pk=generation_id)


def _lockable(*, skip_locked: bool = False) -> QuerySet[Generation]:
    rows = Generation.objects.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)
    return rows.select_related("charge")


def _refund_and_fail(generation: Generation, reason: str) -> None:
    if generation.charge:
        generation.refund = ledger.refund(generation.charge, description=f"Returned: {generation.title}")
    generation.failure = reason[:300]
    _end(generation, State.FAILED)


def _end(generation: Generation, state: State) -> None:
    generation.state = state
    generation.lease_expires_at = None
    generation.ended_at = timezone.now()
    generation.save(
        update_fields=[
            *("state", "lease_expires_at", "ended_at", "refund", "failure"),
            *("engine", "image", "alt_text", "note"),
        ]
    )


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
            generation = _overdue(_lockable(skip_locked=True).filter(pk=generation_id), now).first()
            if generation is None:
                return False
            begun = generation.state == State.RUNNING
            _refund_and_fail(generation, TOOK_TOO_LONG if begun else NEVER_BEGUN)
    except Exception:
        logger.exception("generation_not_expired", generation_id=str(generation_id))
        return False
    logger.warning("generation_expired", generation_id=str(generation_id), begun=begun, source=generation.source)
    return True
