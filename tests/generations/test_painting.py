"""The worker's part: one job from lease to end, whatever the engine does."""

import logging
import threading
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateWorker

from accounts.models import User
from generations import studio, tasks
from generations.engines import DesignRequest, EngineError, Painting, Report, chosen
from generations.models import Generation
from tests.generations.conftest import Give, Start, held
from tests.generations.engines import ObedientPainter, painting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("obedient_painter")]


def paint(generation: Generation) -> Generation:
    """Run the generation's job in this thread and return what became of it."""
    tasks.paint(str(generation.pk))
    generation.refresh_from_db()
    return generation


class TestAnEngineThatPaints:
    def test_the_design_succeeds(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = paint(start(buyer))
        assert (generation.state, generation.engine) == ("succeeded", "obedient")
        assert held(buyer) == (0, 0)

    def test_the_job_run_again_does_nothing(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        generation = paint(start(buyer))
        name = generation.image.name
        assert (paint(generation).image.name, generation.attempts) == (name, 1)

    def test_a_job_without_a_generation_ends_calmly(self) -> None:
        tasks.paint(str(uuid4()))


class TestAnEngineThatDoesNot:
    @pytest.mark.parametrize(
        ("prompt", "sentence"),
        [
            ("refuse", "This cannot be drawn."),
            ("break", tasks.SOMETHING_BROKE),
            ("exit", tasks.SOMETHING_BROKE),
            ("script", tasks.SOMETHING_BROKE),
        ],
    )
    def test_the_token_comes_back_with_a_sentence(
        self, buyer: User, give: Give, start: Start, prompt: str, sentence: str
    ) -> None:
        give(buyer, 1)
        generation = paint(start(buyer, prompt=prompt))
        assert (generation.state, generation.failure) == ("failed", sentence)
        assert held(buyer) == (1, 0)

    def test_an_engine_that_cannot_be_loaded_costs_nothing(
        self, buyer: User, give: Give, start: Start, settings: Any
    ) -> None:
        give(buyer, 1)
        waiting = start(buyer)
        settings.LANDSCAPE_ENGINE = "tests.generations.engines.Nobody"
        assert paint(waiting).failure == tasks.SOMETHING_BROKE
        assert held(buyer) == (1, 0)

    def test_what_broke_is_logged_with_the_place_but_without_the_words(
        self, buyer: User, give: Give, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        give(buyer, 1)
        with caplog.at_level(logging.DEBUG):
            generation = paint(start(buyer, prompt="break"))
        assert "engine_broke" in caplog.text
        assert "ValueError" in caplog.text
        assert "tests/generations/engines.py" in caplog.text
        assert str(generation.pk) in caplog.text
        assert "secret garden" not in caplog.text


class TestAnEngineThatTakesTooLong:
    @pytest.mark.parametrize("prompt", ["dawdle", "hang"])
    def test_the_token_comes_back_when_the_time_is_over(
        self, buyer: User, give: Give, start: Start, settings: Any, prompt: str
    ) -> None:
        settings.ENGINE_TIMEOUT_SECONDS = 0.2
        give(buyer, 1)
        begun = time.monotonic()
        generation = paint(start(buyer, prompt=prompt))
        assert time.monotonic() - begun < 2
        assert (generation.state, generation.failure) == ("failed", studio.TOOK_TOO_LONG)
        assert held(buyer) == (1, 0)

    def test_it_does_not_hold_up_the_end_of_the_worker(
        self, buyer: User, give: Give, start: Start, settings: Any
    ) -> None:
        settings.ENGINE_TIMEOUT_SECONDS = 0.1
        give(buyer, 1)
        paint(start(buyer, prompt="hang"))
        left_behind = [thread for thread in threading.enumerate() if thread.name == "engine" and thread.is_alive()]
        assert left_behind
        assert all(thread.daemon for thread in left_behind)

    def test_while_it_works_overdue_designs_of_others_are_refunded(
        self, buyer: User, stranger: User, give: Give, start: Start, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sweep's own job may find every slot of every worker taken."""
        settings.ENGINE_TIMEOUT_SECONDS = 0.4
        monkeypatch.setattr(tasks, "SWEEP_SECONDS", 0.1)
        monkeypatch.setattr(tasks, "TELL_SECONDS", 0.1)
        give(stranger, 1)
        lost = start(stranger)
        app.job_manager.cancel_job_by_id(lost.job_id, delete_job=True)
        give(buyer, 1)
        paint(start(buyer, prompt="dawdle"))
        assert held(stranger) == (1, 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queue")
class TestWhileAnEngineWorks:
    def test_nothing_is_locked_and_no_transaction_is_open(
        self, buyer: User, give: Give, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: dict[str, list[Any]] = {}
        monkeypatch.setattr(chosen, "_engine", lambda _: Onlooker(seen))
        give(buyer, 1)
        assert paint(start(buyer)).state == "succeeded"
        assert seen == {"free rows": [1, 1], "open transactions": [0]}


class Onlooker:
    """An engine that looks around in the database, with a connection of its own, while it works."""

    name = "onlooker"
    provider = ""

    def __init__(self, seen: dict[str, list[Any]]) -> None:
        self.seen = seen

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        """Take the locks that others would need, and count the transactions that others left open."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                rows = []
                for table in ("generations_generation", "tokens_tokenaccount"):
                    cursor.execute(f"SELECT 1 FROM {table} FOR UPDATE NOWAIT")
                    rows.append(len(cursor.fetchall()))
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
                )
                self.seen.update({"free rows": rows, "open transactions": list(cursor.fetchone())})
        finally:
            connection.close()
        return painting()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queue")
class TestAWorkerThatIsStopping:
    def test_it_reports_while_it_paints(
        self, buyer: User, give: Give, start: Start, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker that was asked to stop reports no more by itself, but its design is not given up."""
        give(buyer, 1)
        design = start(buyer, prompt="dawdle")
        with connection.cursor() as cursor:
            cursor.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
            cursor.execute("SELECT procrastinate_fetch_job_v2(NULL, %s)", [cursor.fetchone()[0]])
            cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '59 seconds'")
        lease = studio.take_lease(design.pk)
        assert lease is not None
        monkeypatch.setattr(tasks, "SWEEP_SECONDS", 0.2)
        with pytest.raises(EngineError):
            tasks._made_within(0.5, ObedientPainter(), lease)
        assert ProcrastinateWorker.objects.get().last_heartbeat > timezone.now() - timedelta(seconds=5)
        assert studio.expire_overdue() == 0


class TestTheTimetable:
    def test_the_sweep_runs_every_fifteen_seconds_before_everything_else_and_waits_once(self) -> None:
        sweep = app.periodic_registry.periodic_tasks[("generations.expire_overdue", "")]
        ticks = [sweep.croniter.get_next(float, start_time=0.0), sweep.croniter.get_next(float)]
        assert ticks == [15.0, 30.0]
        assert sweep.task.priority > app.tasks["generations.paint"].priority
        assert sweep.task.queueing_lock is not None

    def test_its_job_refunds(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        app.job_manager.cancel_job_by_id(start(buyer).job_id, delete_job=True)
        tasks.expire_overdue(0)
        assert held(buyer) == (1, 0)
