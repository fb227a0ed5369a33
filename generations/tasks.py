"""What the workers do about designs: paint them, and look for overdue ones."""

import traceback
from concurrent.futures import Future, wait
from functools import cache
from threading import Thread
from time import monotonic
from typing import Final, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app

from generations import studio
from generations.engines import DesignEngine, DesignRequest, EngineError, Painting

logger = structlog.get_logger(__name__)

# Well under the 30 seconds after which a starting worker forgets a silent one.
SWEEP_SECONDS: Final = 15
# Before any design that waits: a sweep takes milliseconds and gives tokens back.
SWEEP_PRIORITY: Final = 100
SOMETHING_BROKE: Final = "Something went wrong while the design was being made."


@app.task(name=studio.PAINT_TASK, queue="generations")
def paint(generation_id: str) -> None:
    """Make one design and end it as succeeded or failed; do nothing when it is not waiting any more.

    Never run again for the same generation: after a crash the sweep refunds instead.
    """
    lease = studio.take_lease(UUID(generation_id))
    if lease is None:
        logger.info("generation_not_waiting", generation_id=generation_id)
        return
    try:
        engine = _engine(settings.LANDSCAPE_ENGINE)
        painting = _paint_within(settings.ENGINE_TIMEOUT_SECONDS, engine, lease)
        _check_the_connection()
        studio.finish(lease, painting, engine=engine.name)
    except EngineError as error:
        logger.info("engine_refused", generation_id=generation_id)
        studio.fail(lease.generation_id, reason=error.sentence, attempt=lease.attempt)
    except Exception as error:  # noqa: BLE001 - whatever broke, the user gets the token back
        _log_without_words(error, generation_id)
        _check_the_connection()
        studio.fail(lease.generation_id, reason=SOMETHING_BROKE, attempt=lease.attempt)


@cache
def _engine(path: str) -> DesignEngine:
    return cast(DesignEngine, import_string(path)())


def _paint_within(seconds: float, engine: DesignEngine, lease: studio.Lease) -> Painting:
    """Return the engine's picture, or raise: its own error, or EngineError when `seconds` are over.

    The engine works in a thread that cannot hold up the worker: one that never returns is left behind. While
    it works, this thread reports that it is alive, because a worker that was asked to stop no longer reports by
    itself; and it looks for overdue designs, because the sweep's own job may find every slot taken.
    """
    made: Future[Painting] = Future()
    Thread(target=_work, args=(made, engine, lease.request, seconds), name="engine", daemon=True).start()
    deadline = monotonic() + seconds
    while not wait([made], timeout=max(0.0, min(SWEEP_SECONDS, deadline - monotonic()))).done:
        if monotonic() >= deadline:
            raise EngineError(studio.TOOK_TOO_LONG)
        _report_and_sweep(lease)
    return made.result()


def _work(made: Future[Painting], engine: DesignEngine, request: DesignRequest, seconds: float) -> None:
    try:
        made.set_result(engine.paint(request, timeout_seconds=seconds, report=lambda words: None))
    except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
        made.set_exception(error)
    except BaseException as error:  # noqa: BLE001 - an engine that calls exit() must not end the worker
        made.set_exception(RuntimeError(f"The engine raised {type(error).__name__}."))


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


def _log_without_words(error: Exception, generation_id: str) -> None:
    """Log what broke and where, but not its message: an engine's message may quote the prompt."""
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    logger.error("engine_broke", generation_id=generation_id, error=type(error).__name__, where=where)


@app.periodic(cron=f"* * * * * */{SWEEP_SECONDS}")
@app.task(
    name="generations.expire_overdue",
    queue="generations",
    queueing_lock="generations.expire_overdue",
    priority=SWEEP_PRIORITY,
)
def expire_overdue(timestamp: int) -> None:
    """Refund every design nobody can wait for any longer; every 15 seconds, so well within a minute."""
    expired = studio.expire_overdue()
    if expired:
        logger.warning("generations_expired", count=expired)
