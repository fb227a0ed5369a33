"""How generations begin: charged, written down and queued in one commit, or not at all."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, cast
from uuid import UUID, uuid4, uuid5

import structlog
from django.db import IntegrityError, OperationalError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from accounts.models import User
from generations import availability, pricing
from generations.engines import chosen
from generations.models import Conversation, Generation, Photo
from tokens import ledger
from tokens.ledger import InsufficientTokens, Source

logger = structlog.get_logger(__name__)
Kind, State = Generation.Kind, Generation.State

PAINT_TASK: Final = "generations.paint"
ANSWER_TASK: Final = "generations.answer"
# Somebody watches a conversation; a design may take its time. From both is taken how many of the same kind the same
# person has waiting already: everybody's first goes before anybody's second.
PRIORITY: Final = {PAINT_TASK: 0, ANSWER_TASK: 10}
LAST_TURN: Final = 10_000
# What "a day" is when a subscription says how many generations a day are fair use: any 24 hours.
FAIR_USE_SPAN: Final = timedelta(hours=24)
TITLE_CHARACTERS: Final = 60


class FairUseReached(Exception):
    """The subscription would cover more in 24 hours than it says. Nothing was started, nothing taken."""

    def __init__(self, *, per_day: int, free_again_at: datetime) -> None:
        super().__init__(f"{per_day} a day, free again at {free_again_at:%Y-%m-%d %H:%M}")
        self.per_day = per_day
        self.free_again_at = free_again_at


class ReplyPending(Exception):
    """The conversation still waits for a reply. Nothing was started, nothing taken."""


class ConversationGone(Exception):
    """The conversation was deleted meanwhile. Nothing was started, nothing taken."""


class NothingToRetry(Exception):
    """The generation has not failed, or its owner deleted it. Nothing was started, nothing taken."""


class PhotoGone(Exception):
    """The photo was removed at that very moment. Nothing was started, nothing taken."""


def start_designs(
    *, user: User, form_key: UUID, areas: Sequence[str], style: str, prompt: str, photo: Photo | None = None
) -> list[Generation]:
    """Charge a design for each of `areas`, write them down and queue their jobs, all in one commit or none of it.

    Locks the account. The same form key again, however often and at once, returns the first designs and charges
    nothing, also when they took the last token. Raises InsufficientTokens (with what all of them need),
    FairUseReached, EngineUnavailable or PhotoGone with nothing taken and nothing queued.
    """
    designs = [
        Generation(
            **{"id": uuid4(), "user": user, "form_key": uuid5(form_key, area), "order_id": form_key},
            **{"area": area, "style": style, "prompt": prompt, "photo": photo},
        )
        for area in areas
    ]
    return _start(designs)


def start_message(*, user: User, form_key: UUID, text: str, conversation: Conversation | None = None) -> Generation:
    """Charge one message, write it down and queue its reply, in one commit; without a conversation, begin one.

    Locks the account, then the conversation. The same form key again returns the first message and charges
    nothing. Raises ReplyPending while the conversation waits for another reply, ConversationGone when it was
    deleted, InsufficientTokens, FairUseReached or EngineUnavailable; with nothing taken and nothing queued.
    """
    held = conversation or Conversation(id=uuid4(), user=user, title=_title(text))
    message = Generation(
        id=uuid4(), user=user, form_key=form_key, kind=Kind.MESSAGE, prompt=text, conversation_id=held.pk
    )

    if conversation is None:
        return _start([message], first=lambda: held.save(force_insert=True))[0]
    return _start([message], first=partial(_hold, message))[0]


def retry(generation: Generation) -> Generation:
    """Try a failed or cancelled generation again, as a new one with a new charge, and return it.

    It is tried again once: a second call returns the first call's. Raises NothingToRetry when it has not failed
    or was deleted, else what starting raises; locks as starting does.
    """
    if generation.state not in (State.FAILED, State.CANCELLED) or generation.deleted_at:
        raise NothingToRetry(str(generation.pk))
    again = Generation(
        **{"id": uuid4(), "user": generation.user, "form_key": uuid5(generation.pk, "retry"), "retry_of": generation},
        **{"kind": generation.kind, "area": generation.area, "style": generation.style, "prompt": generation.prompt},
        **{"photo": generation.photo, "order_id": generation.order_id, "conversation": generation.conversation},
    )
    return _start([again], first=partial(_hold, again))[0]


def _hold(wanted: Generation) -> None:
    """Keep the conversation of a message, or the design that is tried again, from being deleted until the commit."""
    if wanted.conversation_id is None:
        # It has ended, so nobody who holds its lock waits for the account, which is locked here already.
        tried = Generation.objects.select_for_update(no_key=True).filter(
            pk=cast(UUID, wanted.retry_of_id), deleted_at=None
        )
        if not tried.values_list("pk").first():
            raise NothingToRetry(str(wanted.retry_of_id))
        return
    alive = Conversation.objects.filter(pk=wanted.conversation_id, user=wanted.user_id, deleted_at=None)
    if not alive.update(updated_at=Now()):
        raise ConversationGone(str(wanted.conversation_id))


def _start(wanted: list[Generation], first: Callable[[], None] = lambda: None) -> list[Generation]:
    """Start all of `wanted` and return them, or the ones that were started with the same form keys before."""
    try:
        with transaction.atomic():
            # Inside, so that whoever is let through to try a provider, and then refused, leaves the try to the next.
            availability.require(chosen.provider(wanted[0].kind))
            _charge_and_queue(wanted, first)
    except (
        *(IntegrityError, InsufficientTokens, FairUseReached, ConversationGone, NothingToRetry),
        availability.EngineUnavailable,
    ) as refusal:
        return _started_before(wanted, refusal)
    for generation in wanted:
        logger.info("generation_started", generation_id=str(generation.pk), source=generation.source)
    return wanted


def _started_before(wanted: list[Generation], refusal: Exception) -> list[Generation]:
    keys = [generation.form_key for generation in wanted]
    started = {
        generation.form_key: generation
        for generation in Generation.objects.filter(user_id=wanted[0].user_id, form_key__in=keys)
    }
    if started:
        return [started[key] for key in keys if key in started]
    if "generation_one_reply_at_a_time" in str(refusal):
        raise ReplyPending(str(wanted[0].conversation_id)) from refusal
    if isinstance(refusal, IntegrityError) and "(photo_id)" in str(refusal):
        raise PhotoGone(str(wanted[0].photo_id)) from refusal
    raise refusal


def _charge_and_queue(wanted: list[Generation], first: Callable[[], None]) -> None:
    per_day = 0
    for number, generation in enumerate(wanted):
        per_day = _charge(generation, wanted[:number], of=len(wanted)) or per_day
    if per_day:
        covered = sum(generation.source == Source.SUBSCRIPTION for generation in wanted)
        _require_fair_use(wanted[0].user_id, per_day, covered)
    first()
    waiting = Generation.objects.filter(
        user_id=wanted[0].user_id, kind=wanted[0].kind, state__in=[State.QUEUED, State.RUNNING]
    ).count()
    for turn, generation in enumerate(wanted, start=waiting):
        generation.turn = min(turn, LAST_TURN)
        generation.job_id = _queue(generation)
    if len(wanted) == 1:
        wanted[0].save(force_insert=True)
    else:
        Generation.objects.bulk_create(wanted)


def _charge(generation: Generation, charged: list[Generation], *, of: int) -> int:
    """Charge one and return its subscription's generations a day; a refusal says what all `of` them need."""
    try:
        charge = ledger.charge(
            user_id=generation.user_id,
            cost=pricing.COST,
            key=f"generation:{generation.pk}:charge",
            description=generation.title,
        )
    except InsufficientTokens as short:
        paid = [earlier.source for earlier in charged]
        raise InsufficientTokens(
            needed=pricing.COST * of,
            available=short.available + pricing.COST * paid.count(Source.TOKEN),
            trial_available=short.trial_available + pricing.COST * paid.count(Source.TRIAL),
            debt=short.debt,
        ) from short
    generation.source = charge.source
    generation.cost = charge.cost if charge.entry else 0
    generation.charge = charge.entry
    return charge.per_day


def _require_fair_use(user_id: UUID, per_day: int, wanted: int) -> None:
    """Raise FairUseReached when `wanted` further covered ones would be too many. Those without a result do not count.

    The charge before has locked the account, so the count stays true until the commit.
    """
    covered = (
        Generation.objects.filter(user=user_id, source=Source.SUBSCRIPTION)
        .exclude(state__in=[State.FAILED, State.CANCELLED])
        .order_by("-created_at")
        .values_list("created_at", flat=True)
    )
    spare = max(per_day - wanted, 0)
    begun_at = covered[spare : spare + 1].first()
    free_again_at = (begun_at or timezone.now()) + FAIR_USE_SPAN
    if wanted > per_day or (begun_at and timezone.now() < free_again_at):
        raise FairUseReached(per_day=per_day, free_again_at=free_again_at)


def _queue(generation: Generation) -> int:
    """Write the job on the web process's own connection, so that it commits or vanishes with the charge."""
    task = ANSWER_TASK if generation.kind == Kind.MESSAGE else PAINT_TASK
    try:
        job = app.configure_task(task, priority=PRIORITY[task] - generation.turn)
        return job.defer(generation_id=str(generation.pk))
    except ConnectorException as error:
        # Said in Django's words again, so that a busy database answers 503 here as everywhere.
        raise OperationalError("The job could not be queued.") from error


def _title(text: str) -> str:
    """Return the first words of a message, as the name of the conversation it begins."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else f"{line[:TITLE_CHARACTERS].rsplit(' ', 1)[0]} ..."
