"""Where the job queue is set up: jobs live in the shop's own PostgreSQL, so they commit with the books."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from weakref import WeakSet

import procrastinate
from django.conf import settings
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.job_context import JobContext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker

# So many at most has a worker to fetch and report with, one more to listen with; and each job it does, Django's own.
WORKER_CONNECTIONS = 4

_widened: "WeakSet[asyncio.AbstractEventLoop]" = WeakSet()


class WorkerConnector(PsycopgConnector):
    """What a worker process speaks to the queue with: connections of its own, one of which listens for jobs.

    A job that is queued by another job is the exception: it goes over Django's connection, so that it commits or
    vanishes with that job's work, as in a web process.
    """

    def __init__(self, tasks_own: BaseConnector, **pool: Any) -> None:
        super().__init__(**pool)
        self._tasks_own = tasks_own

    def get_sync_connector(self) -> BaseConnector:
        """Return Django's connection: only what runs in a task's thread asks for this."""
        return self._tasks_own


class QueueConnector(DjangoConnector):
    """Django's own connection for everybody, and for workers one that can listen."""

    def get_worker_connector(self) -> WorkerConnector:
        """Connect straight to PostgreSQL where DATABASE_DIRECT_URL says how, else as Django does.

        Behind PgBouncer in transaction mode nobody hears notifications: a worker without DATABASE_DIRECT_URL looks for
        jobs every five seconds instead.
        """
        where: dict[str, Any] = {"kwargs": connector_params(self.alias)}
        if settings.DATABASE_DIRECT_URL:
            where = {"conninfo": settings.DATABASE_DIRECT_URL, "kwargs": settings.DIRECT_OPTIONS}
        return WorkerConnector(tasks_own=self, min_size=1, max_size=WORKER_CONNECTIONS, **where)


async def thread_for_each_job(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
    """Let a worker do as many jobs at once as its `--concurrency` says, whatever the machine's cores.

    Python allows cores + 4 threads by default; a job beyond them would be taken from the queue and not begun, where
    no other worker could begin it.
    """
    loop = asyncio.get_running_loop()
    if loop not in _widened:
        loop.set_default_executor(ThreadPoolExecutor(worker.concurrency, thread_name_prefix="job"))
        _widened.add(loop)
    return await call_next()


def configure(app: procrastinate.App) -> None:
    """Tell the queue what every worker needs; called once by procrastinate when the apps are ready."""
    app.periodic_defaults = {"max_delay": 600}
    app.worker_defaults["worker_middleware"] = [thread_for_each_job]
    alias = cast(DjangoConnector, app.connector).alias
    app.connector = app.job_manager.connector = QueueConnector(alias)
