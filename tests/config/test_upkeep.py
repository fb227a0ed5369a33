"""The queue after a worker died: nothing is held for ever, and what is worth doing again is done again."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job

from billing import errands
from config import upkeep

pytestmark = pytest.mark.django_db(transaction=True)

MAIL: dict[str, Any] = {"letter": "low_balance", "user_id": "7f6f2f1e-0000-4000-8000-000000000000", "facts": {}}


def run(task: Coroutine[Any, Any, None]) -> None:
    """Run an asynchronous task as a worker would, and leave no connection behind."""

    async def and_close() -> None:
        try:
            await task
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(and_close())


def context() -> JobContext:
    """What a worker would hand to a task that asks for its context."""
    job = Job(queue="billing", lock=None, queueing_lock=None, task_name="test")
    return JobContext(app=app, job=job, start_timestamp=0.0, abort_reason=lambda: None)


def taken_by_a_worker(*, silent_for: int) -> None:
    """Let a worker take the only job, and report last so many seconds ago."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
        cursor.execute("SELECT procrastinate_fetch_job_v2(NULL, %s)", [cursor.fetchone()[0]])
        cursor.execute(f"UPDATE procrastinate_workers SET last_heartbeat = now() - interval '{silent_for} seconds'")


def states() -> list[tuple[str, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "status"))


class TestTheJobOfADeadWorker:
    def test_one_that_sweeps_make_good_is_ended_and_the_worker_is_forgotten(self) -> None:
        errands.later("billing.reload", user_id="1")
        taken_by_a_worker(silent_for=61)
        run(upkeep.free_dead_jobs(context(), 0))
        assert (states(), ProcrastinateWorker.objects.count()) == ([("billing.reload", "failed")], 0)

    @pytest.mark.parametrize("task", ["billing.send_mail", "billing.remember_card", "billing.remove_card"])
    def test_one_that_nothing_else_makes_good_is_done_again(self, task: str) -> None:
        errands.later(task, **MAIL)
        taken_by_a_worker(silent_for=61)
        run(upkeep.free_dead_jobs(context(), 0))
        assert states() == [(task, "todo")]
        taken_by_a_worker(silent_for=0)
        assert states() == [(task, "doing")]

    def test_one_that_kills_every_worker_is_given_up(self) -> None:
        errands.later("billing.send_mail", **MAIL)
        taken_by_a_worker(silent_for=61)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET attempts = 7")
        run(upkeep.free_dead_jobs(context(), 0))
        assert states() == [("billing.send_mail", "failed")]

    def test_a_lock_it_held_is_free_again(self) -> None:
        app.tasks["billing.reconcile_purchases"].defer(timestamp=1)
        taken_by_a_worker(silent_for=61)
        app.tasks["billing.reconcile_purchases"].defer(timestamp=2)
        run(upkeep.free_dead_jobs(context(), 0))
        taken_by_a_worker(silent_for=0)
        assert [status for _, status in states()] == ["failed", "doing"]


def test_a_worker_that_reports_keeps_its_job() -> None:
    errands.later("billing.send_mail", **MAIL)
    taken_by_a_worker(silent_for=59)
    run(upkeep.free_dead_jobs(context(), 0))
    assert states() == [("billing.send_mail", "doing")]


def test_a_repeat_is_not_refused_because_a_twin_waits() -> None:
    """A task that is tried again has no name that a second errand could take."""
    errands.later("billing.close_payment", purchase_id="1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
        worker = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [worker])
        job = cursor.fetchone()[0]
        errands.later("billing.close_payment", purchase_id="1")
        cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [job])
    assert [status for _, status in states()] == ["todo", "todo"]


def test_jobs_that_ended_three_days_ago_are_forgotten() -> None:
    errands.later("billing.reload", user_id="1")
    errands.later("billing.reload", user_id="2")
    old, new = ProcrastinateJob.objects.order_by("id").values_list("pk", flat=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM procrastinate_jobs")
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '73 hours' WHERE job_id = %s", [old])
    run(upkeep.forget_old_jobs(context(), 0))
    assert list(ProcrastinateJob.objects.values_list("pk", flat=True)) == [new]


def test_every_worker_does_the_upkeep() -> None:
    """Its queue is the one that the worker of the `billing` line and the general one serve."""
    assert {app.tasks[name].queue for name in ("config.free_dead_jobs", "config.forget_old_jobs")} == {"billing"}


def test_no_task_that_is_tried_again_has_a_queueing_lock() -> None:
    tried_again = [task for task in app.tasks.values() if task.retry_strategy]
    assert {task.queueing_lock for task in tried_again} == {None}
    assert len(tried_again) >= 4


class TestSessionsThatEnded:
    def test_are_deleted_and_the_others_kept(self) -> None:
        ended, going = SessionStore(), SessionStore()
        ended.set_expiry(timedelta(seconds=-1))
        for session in (ended, going):
            session.save()
        upkeep.forget_old_sessions(0)
        assert list(Session.objects.values_list("pk", flat=True)) == [going.session_key]
