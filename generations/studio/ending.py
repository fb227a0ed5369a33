"""How generations end: with a result, or refunded. Exactly once, by whoever locks the row first."""

from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from generations import pictures
from generations.acceptance import NO_REASON, NOTE_CHARACTERS, counted, plain
from generations.engines import Painting, Reply, Usage
from generations.models import Generation
from generations.studio.leases import Lease
from tokens import ledger

logger = structlog.get_logger(__name__)
State = Generation.State

ENGINE_CHARACTERS = 60
CANCELLED = "You cancelled it before it was begun."


def finish(lease: Lease, made: Painting | Reply, *, engine: str) -> bool:
    """Keep the picture or the reply and end the generation as succeeded; return False when it may not end so any more.

    It may not when it has ended meanwhile (swept and refunded) or the lease is not the last one; a picture is
    removed then. A picture is stored before the row names it, so a crash costs a file, never a token.
    """
    stored = pictures.store(made) if isinstance(made, Painting) else None
    # If the commit's answer is lost, the row may name the files: they are removed only after a certain refusal.
    with transaction.atomic():
        generation = locked(lease.generation_id)
        accepted = generation.state == State.RUNNING and generation.attempts == lease.attempt
        if accepted:
            generation.engine = plain(engine, ENGINE_CHARACTERS)
            generation.note = made.note[:300]
            _write_down(generation, made, stored)
            _end(generation, State.SUCCEEDED, made.usage)
    if stored and not accepted:
        pictures.discard(stored)
    logger.info(
        "generation_finished" if accepted else "generation_finished_too_late",
        generation_id=str(lease.generation_id),
        attempt=lease.attempt,
    )
    return accepted


def _write_down(generation: Generation, made: Painting | Reply, stored: pictures.Stored | None) -> None:
    if isinstance(made, Reply):
        generation.reply = made.text
        generation.suggestions = [
            {"area": each.area, "style": each.style, "prompt": each.prompt} for each in made.suggestions
        ]
    elif stored:
        generation.image.name = stored.image
        generation.thumbnail.name = stored.thumbnail
        generation.alt_text = made.description[:300]


def fail(
    generation_id: UUID, *, reason: str, attempt: int | None = None, usage: Usage | None = None, engine: str = ""
) -> bool:
    """End a generation as failed and give back what it cost; return whether this call did so.

    Locks the generation, then the account. `reason` is the sentence the user reads, `usage` what the provider
    bills all the same, `engine` who was asked. Does nothing when the generation has ended already, or when
    `attempt` is given and is not the last lease taken.
    """
    with transaction.atomic():
        generation = locked(generation_id)
        if generation.has_ended or attempt not in (None, generation.attempts):
            return False
        generation.engine = plain(engine, ENGINE_CHARACTERS)
        refund_and_end(generation, State.FAILED, reason, usage)
    logger.info("generation_failed", generation_id=str(generation_id), source=generation.source)
    return True


def cancel(generation_id: UUID) -> bool:
    """End a generation that still waits and give back what it cost; return False when it waits no more.

    Locks the generation, then the account. Its job stays in the queue and will find nothing to do.
    """
    with transaction.atomic():
        generation = locked(generation_id)
        if generation.state != State.QUEUED:
            return False
        refund_and_end(generation, State.CANCELLED, CANCELLED)
    logger.info("generation_cancelled", generation_id=str(generation_id), source=generation.source)
    return True


def locked(generation_id: UUID) -> Generation:
    """Lock one generation's row and return it with its charge."""
    return lockable().get(pk=generation_id)


def lockable(*, skip_locked: bool = False) -> QuerySet[Generation]:
    """Return generations with their charges; reading them locks the generations, not the charges."""
    rows = Generation.objects.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)
    return rows.select_related("charge")


def refund_and_end(generation: Generation, state: State, reason: str, usage: Usage | None = None) -> None:
    """End a locked generation without a result, in the caller's transaction."""
    if generation.charge:
        generation.refund = ledger.refund(generation.charge, description=f"Returned: {generation.title}")
    generation.failure = plain(reason, NOTE_CHARACTERS) or NO_REASON
    _end(generation, state, counted(usage or Usage()))


def _end(generation: Generation, state: State, usage: Usage) -> None:
    generation.state = state
    generation.lease_expires_at = None
    generation.progress = ""
    generation.ended_at = timezone.now()
    generation.input_tokens, generation.output_tokens = usage.input_tokens, usage.output_tokens
    generation.provider_cost_microdollars = usage.cost_microdollars
    generation.save(
        update_fields=[
            *("state", "lease_expires_at", "progress", "ended_at", "refund", "failure"),
            *("engine", "note", "image", "thumbnail", "alt_text", "reply", "suggestions"),
            *("input_tokens", "output_tokens", "provider_cost_microdollars"),
        ]
    )
