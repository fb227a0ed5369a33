"""What a worker speaks to PostgreSQL with: jobs that jobs queue belong to their transaction, as everywhere."""

import asyncio
import os
from collections.abc import Iterator
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from billing import errands
from config import jobs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _a_task_that_breaks() -> Iterator[None]:
    """A task whose work is undone after it has queued an errand."""

    @app.task(name="test.breaks", queue="test")
    def breaks() -> None:
        try:
            with transaction.atomic():
                errands.later("billing.send_mail", letter="low_balance", user_id="1", facts={})
                raise ZeroDivisionError
        finally:
            connections.close_all()

    yield
    del app.tasks["test.breaks"]


def work_off(connector: BaseConnector, *, concurrency: int = 1) -> None:
    """Do what is queued as `manage.py procrastinate worker` does, with this connector, and return."""

    async def work() -> None:
        async with app.open_async():
            await app.run_worker_async(
                queues=["test"],
                concurrency=concurrency,
                wait=False,
                install_signal_handlers=False,
                listen_notify=False,
            )
        await sync_to_async(connections.close_all)()

    with app.replace_connector(connector):
        asyncio.run(work())


def queued() -> list[tuple[str, str]]:
    """The jobs of this test; the worker adds its periodic ones."""
    own = ProcrastinateJob.objects.filter(task_name__in=["test.breaks", "billing.send_mail"])
    return list(own.order_by("id").values_list("task_name", "status"))


@pytest.mark.usefixtures("_a_task_that_breaks")
class TestAJobQueuedByAJob:
    def test_vanishes_when_that_job_s_work_is_undone(self) -> None:
        app.configure_task("test.breaks", queue="test").defer()
        work_off(app.connector.get_worker_connector())  # type: ignore[attr-defined]
        assert queued() == [("test.breaks", "failed")]

    def test_with_the_queue_s_own_connection_it_would_stay(self) -> None:
        """The trap itself: without `WorkerConnector` a mail goes out about something that did not happen."""
        app.configure_task("test.breaks", queue="test").defer()
        work_off(PsycopgConnector(kwargs=connector_params()))
        assert queued() == [("test.breaks", "failed"), ("billing.send_mail", "todo")]


class TestAWorkerOfManyJobs:
    MANY = (os.cpu_count() or 1) + 4 + 3  # more than the threads Python would allow

    @pytest.fixture
    def met(self) -> Iterator[list[bool]]:
        """A task that waits until so many of its kind are being done at once; whether each has seen that."""
        barrier, seen = Barrier(self.MANY), list[bool]()

        @app.task(name="test.meets", queue="test")
        def meets() -> None:
            try:
                barrier.wait(timeout=20)
                seen.append(True)
            except BrokenBarrierError:
                seen.append(False)

        yield seen
        del app.tasks["test.meets"]

    def test_does_as_many_at_once_as_it_was_told(self, met: list[bool]) -> None:
        for _ in range(self.MANY):
            app.configure_task("test.meets", queue="test").defer()
        work_off(app.connector.get_worker_connector(), concurrency=self.MANY)  # type: ignore[attr-defined]
        assert met == [True] * self.MANY


class TestWhereAWorkerConnects:
    def pool(self) -> dict[str, Any]:
        return jobs.QueueConnector().get_worker_connector()._pool_args

    def test_as_django_does(self) -> None:
        assert self.pool()["kwargs"]["dbname"] == connection.settings_dict["NAME"]
        assert "conninfo" not in self.pool()

    def test_or_straight_to_postgresql_with_time_outs_of_its_own(self, settings: Any) -> None:
        settings.DATABASE_DIRECT_URL = "postgres://shop@db/shop"
        assert self.pool()["conninfo"] == "postgres://shop@db/shop"
        assert "-c lock_timeout=4000" in self.pool()["kwargs"]["options"]
        assert "dbname" not in self.pool()["kwargs"]

    def test_with_few_connections_at_most(self) -> None:
        assert (self.pool()["min_size"], self.pool()["max_size"]) == (1, 4)
