"""Where the job queue is set up: jobs live in the shop's own PostgreSQL, so they commit with the books."""

from typing import Any, cast

import procrastinate
from django.conf import settings
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

# So many at most has a worker to fetch and report with, one more to listen with; and each job it does, Django's own.
WORKER_CONNECTIONS = 4


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


def configure(app: procrastinate.App) -> None:
    """Tell the queue what every worker needs; called once by procrastinate when the apps are ready."""
    app.periodic_defaults = {"max_delay": 600}
    alias = cast(DjangoConnector, app.connector).alias
    app.connector = app.job_manager.connector = QueueConnector(alias)
