"""What the workers do: paint designs, answer messages, and look for overdue ones."""

import traceback
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from threading import Thread
from time import monotonic
from typing import Final, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from generations import availability, erasure, photos, pictures, strays, studio
from generations.acceptance import NO_REASON, accepted
from generations.commissions import Commission
from generations.engines import (
    ChatEngine,
    ChatRequest,
    DesignEngine,
    EngineError,
    Painting,
    ProviderDown,
    Reply,
    Usage,
    chosen,
)

logger = structlog.get_logger(__name__)

# Well under the 30 seconds after which a starting worker forgets a silent one.
SWEEP_SECONDS: Final = 15
# How often what the engine reports is written down; the page asks about as often.
TELL_SECONDS: Final = 0.4
# Before anything that waits: a sweep takes milliseconds and gives tokens back.
SWEEP_PRIORITY: Final = 100
# Without an end: one minute later each time.
_UNTIL_IT_WORKS: Final = RetryStrategy(linear_wait=60)
SOMETHING_BROKE: Final = NO_REASON


@app.task(name=studio.PAINT_TASK, queue="generations")
def paint(generation_id: str) -> None:
    """Make one design and end it as succeeded or failed; do nothing when it is not waiting any more.

    Never run again for the same generation: after a crash the sweep refunds instead.
    """
    _make(UUID(generation_id), chosen.design_engine)


@app.task(name=studio.ANSWER_TASK, queue="generations")
def answer(generation_id: str) -> None:
    """Reply to one message, with the promises of `paint`."""
    _make(UUID(generation_id), chosen.chat_engine)


def _make(generation_id: UUID, choose: Callable[[], DesignEngine | ChatEngine]) -> None:
    lease = studio.take_lease(generation_id)
    if lease is None:
        logger.info("generation_not_waiting", generation_id=str(generation_id))
        return
    failure = _finish_or_explain(lease, choose)
    if failure:
        # Not within an `except`: what goes wrong here must not carry the engine's error along into the log, because
        # that one may quote the prompt.
        _check_the_connection()
        studio.fail(
            generation_id,
            reason=failure.sentence,
            attempt=lease.attempt,
            usage=failure.usage,
            engine=failure.engine,
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why nothing came of it: the sentence for the user, what is billed all the same, and by whom."""

    sentence: str
    usage: Usage
    engine: str


def _finish_or_explain(lease: studio.Lease, choose: Callable[[], DesignEngine | ChatEngine]) -> _Failure | None:
    name, usage = "", Usage()
    try:
        engine = choose()
        name = engine.name
        with availability.watched(engine.provider):
            made = accepted(_made_within(settings.ENGINE_TIMEOUT_SECONDS, engine, lease))
        usage = made.usage
        _check_the_connection()
        studio.finish(lease, made, engine=name)
    except EngineError as error:
        logger.info("engine_refused", generation_id=str(lease.generation_id))
        return _Failure(error.sentence, error.usage, name)
    except Exception as error:  # noqa: BLE001 - whatever broke, the user gets the token back
        _log_without_words(error, lease.generation_id)
        return _Failure(SOMETHING_BROKE, usage, name)
    return None


class _Heard:
    """What the engine has reported last, passed from its thread to the one that waits."""

    def __init__(self) -> None:
        self.words = self.told = ""

    def report(self, words: str) -> None:
        self.words = words


def _made_within(seconds: float, engine: DesignEngine | ChatEngine, lease: studio.Lease) -> Painting | Reply:
    """Return what the engine made, or raise: its own error, or EngineError when `seconds` are over.

    The engine works in a thread that cannot hold up the worker: one that never returns is left behind. While
    it works, this thread shows what it reports; says that it is alive, because a worker that was asked to stop no
    longer does so by itself; and looks for overdue generations, because the sweep's own job may find every slot
    taken.
    """
    made: Future[Painting | Reply] = Future()
    heard = _Heard()
    Thread(target=_work, args=(made, engine, lease.commission, seconds, heard), name="engine", daemon=True).start()
    deadline, sweep_at = monotonic() + seconds, monotonic() + SWEEP_SECONDS
    while not wait([made], timeout=max(0.0, min(TELL_SECONDS, deadline - monotonic()))).done:
        if monotonic() >= deadline:
            raise (ProviderDown if engine.provider else EngineError)(studio.TOOK_TOO_LONG)
        _tell(lease, heard)
        if monotonic() >= sweep_at:
            _report_and_sweep(lease)
            sweep_at = monotonic() + SWEEP_SECONDS
    return made.result()


def _work(
    made: "Future[Painting | Reply]",
    engine: DesignEngine | ChatEngine,
    commission: Commission,
    seconds: float,
    heard: _Heard,
) -> None:
    try:
        made.set_result(_ask(engine, commission, seconds, heard))
    except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
        made.set_exception(error)
    except BaseException as error:  # noqa: BLE001 - an engine that calls exit() must not end the worker
        made.set_exception(RuntimeError(f"The engine raised {type(error).__name__}."))


def _ask(engine: DesignEngine | ChatEngine, commission: Commission, seconds: float, heard: _Heard) -> Painting | Reply:
    """Ask the engine. The photo is read here, so that a slow storage takes the engine's time and nobody else's."""
    request = commission.request
    if isinstance(request, ChatRequest):
        return cast(ChatEngine, engine).reply(request, timeout_seconds=seconds, report=heard.report)
    if commission.photo:
        request = replace(request, photo=pictures.read(commission.photo))
    return cast(DesignEngine, engine).paint(request, timeout_seconds=seconds, report=heard.report)


def _tell(lease: studio.Lease, heard: _Heard) -> None:
    words = heard.words
    if words == heard.told:
        return
    try:
        _check_the_connection()
        studio.tell(lease, words)
        heard.told = words
    except Error:
        logger.warning("progress_not_told", generation_id=str(lease.generation_id), exc_info=True)


_ALIVE = """
UPDATE procrastinate_workers SET last_heartbeat = now()
WHERE id IN (SELECT job.worker_id FROM procrastinate_jobs AS job JOIN generations_generation ON job_id = job.id
    WHERE generations_generation.id = %s)
"""


def _report_and_sweep(lease: studio.Lease) -> None:
    try:
        _check_the_connection()
        with connection.cursor() as cursor:
            cursor.execute(_ALIVE, [lease.generation_id])
        studio.expire_overdue()
    except Error:
        logger.warning("sweep_postponed", exc_info=True)


def _check_the_connection() -> None:
    """Replace the database connection if it died while the engine worked; one with a transaction open stays."""
    if not connection.in_atomic_block:
        close_old_connections()


def _log_without_words(error: Exception, generation_id: UUID) -> None:
    """Log what broke and where, but not its message: an engine's message may quote the prompt."""
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    logger.error("engine_broke", generation_id=str(generation_id), error=type(error).__name__, where=where)


@app.task(name=erasure.REMOVE_TASK, queue="generations", retry=_UNTIL_IT_WORKS)
def remove_files(names: list[str]) -> None:
    """Remove the files of erased designs; tried again until the storage answers, so that nothing private stays."""
    erasure.remove_files(names)


@app.periodic(cron=f"* * * * * */{SWEEP_SECONDS}")
@app.task(
    name="generations.expire_overdue",
    queue="generations",
    queueing_lock="generations.expire_overdue",
    priority=SWEEP_PRIORITY,
)
def expire_overdue(timestamp: int) -> None:
    """Refund every generation nobody can wait for any longer; every 15 seconds, so well within a minute."""
    expired = studio.expire_overdue()
    if expired:
        logger.warning("generations_expired", count=expired)


@app.periodic(cron="23 * * * *")
@app.task(name="generations.forget_photos", queue="generations", queueing_lock="generations.forget_photos")
def forget_photos(timestamp: int) -> None:
    """Remove photos that no design has used for a day; every hour."""
    photos.forget_unused()


@app.periodic(cron="41 3 * * *")
@app.task(name="generations.remove_strays", queue="generations", queueing_lock="generations.remove_strays")
def remove_strays(timestamp: int) -> None:
    """Remove files that neither a design nor a photo names; every night."""
    strays.remove()
