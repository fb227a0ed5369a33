"""How a generation ends: lease, picture, failure, refund; each exactly once."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import User
from generations import pictures, studio
from generations.commissions import Commission
from generations.engines import DesignRequest, Painting, wording
from generations.models import Generation
from generations.studio import Lease, ending
from tests.generations.conftest import Give, Start, held
from tests.generations.engines import PIXEL, painting
from tests.subscribed import subscription_of
from tokens import ledger
from tokens.ledger import Type
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(buyer: User, give: Give, start: Start) -> Generation:
    """A design of the buyer that waits, paid with the last token."""
    give(buyer, 1)
    return start(buyer)


@pytest.fixture
def lease(waiting: Generation) -> Lease:
    taken = studio.take_lease(waiting.pk)
    assert taken is not None
    return taken


def stored_files() -> list[Path]:
    return [path for path in Path(default_storage.path("")).rglob("*") if path.is_file()]


def refunds() -> int:
    return TokenTransaction.objects.filter(type=Type.REFUND).count()


class TestTheLease:
    def test_it_lasts_as_long_as_the_engine_may_work_and_fifteen_seconds(
        self, waiting: Generation, settings: Any
    ) -> None:
        settings.ENGINE_TIMEOUT_SECONDS = 30
        before = timezone.now()
        lease = studio.take_lease(waiting.pk)
        assert lease is not None
        assert timedelta(seconds=45) <= lease.expires_at - before < timedelta(seconds=46)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.attempts, waiting.lease_expires_at) == ("running", 1, lease.expires_at)
        assert waiting.started_at is not None

    def test_it_carries_what_was_asked_for(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        lease = studio.take_lease(start(buyer, prompt="Roses").pk)
        assert lease is not None
        words = wording.instruction("front-yard", "english-garden", "Roses", False)
        assert lease.commission == Commission(DesignRequest("front-yard", "english-garden", "Roses", instruction=words))

    def test_it_is_given_once(self, waiting: Generation, lease: Lease) -> None:
        assert studio.take_lease(waiting.pk) is None

    def test_an_ended_generation_has_none(self, waiting: Generation) -> None:
        studio.fail(waiting.pk, reason="Over.")
        assert studio.take_lease(waiting.pk) is None

    def test_an_unknown_generation_has_none(self) -> None:
        assert studio.take_lease(UUID(int=1)) is None


class TestAFinishedPicture:
    def test_it_is_stored_under_a_name_nobody_can_guess_and_shown(self, waiting: Generation, lease: Lease) -> None:
        assert studio.finish(lease, painting(), engine="obedient") is True
        waiting.refresh_from_db()
        assert (waiting.state, waiting.engine, waiting.alt_text) == ("succeeded", "obedient", "A garden of one pixel.")
        assert waiting.note == "Painted for a test."
        assert waiting.ended_at is not None
        assert waiting.lease_expires_at is None
        assert waiting.image.read() == PIXEL
        waiting.image.close()
        assert len(Path(str(waiting.image)).stem) == 40
        assert str(waiting.pk) not in str(waiting.image)

    def test_the_charge_stands(self, buyer: User, lease: Lease) -> None:
        studio.finish(lease, painting(), engine="obedient")
        assert (held(buyer), refunds()) == ((0, 0), 0)

    def test_a_failure_afterwards_gives_nothing_back(self, buyer: User, waiting: Generation, lease: Lease) -> None:
        studio.finish(lease, painting(), engine="obedient")
        assert studio.fail(waiting.pk, reason="Too late.") is False
        assert (held(buyer), refunds()) == ((0, 0), 0)

    def test_a_second_picture_is_refused_and_removed(self, waiting: Generation, lease: Lease) -> None:
        assert studio.finish(lease, painting(), engine="obedient") is True
        assert studio.finish(lease, painting(), engine="obedient") is False
        waiting.refresh_from_db()
        kept = {Path(default_storage.path(str(name))) for name in (waiting.image, waiting.thumbnail)}
        assert set(stored_files()) == kept

    @pytest.mark.parametrize(
        "no_picture",
        [
            painting("image/svg+xml"),
            painting("image/png"),
            replace(painting(), image=b"RIFF"),
            replace(painting(), image=b""),
        ],
        ids=["script", "another type", "garbage", "nothing"],
    )
    def test_what_is_no_picture_is_refused_before_it_is_stored(self, lease: Lease, no_picture: Painting) -> None:
        with pytest.raises(pictures.UnknownPictureType):
            studio.finish(lease, no_picture, engine="obedient")
        assert stored_files() == []

    def test_when_the_commit_is_uncertain_the_file_is_kept(self, lease: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
        def cut_off(*_: object) -> None:
            raise OperationalError("the connection is gone")

        monkeypatch.setattr(ending, "_end", cut_off)
        with pytest.raises(OperationalError):
            studio.finish(lease, painting(), engine="obedient")
        assert len(stored_files()) == 2


class TestALatePicture:
    def test_after_the_refund_it_is_refused_and_removed(self, buyer: User, waiting: Generation, lease: Lease) -> None:
        assert studio.fail(waiting.pk, reason="Over.") is True
        assert studio.finish(lease, painting(), engine="obedient") is False
        waiting.refresh_from_db()
        assert (waiting.state, waiting.image.name, held(buyer)) == ("failed", "", (1, 0))
        assert stored_files() == []

    def test_from_an_older_lease_it_is_refused(self, waiting: Generation, lease: Lease) -> None:
        Generation.objects.filter(pk=waiting.pk).update(attempts=2)
        assert studio.finish(lease, painting(), engine="obedient") is False
        waiting.refresh_from_db()
        assert waiting.state == "running"
        assert stored_files() == []


class TestAFailure:
    def test_it_gives_back_what_was_taken_and_says_why(self, buyer: User, waiting: Generation) -> None:
        assert studio.fail(waiting.pk, reason="It cannot be drawn.") is True
        waiting.refresh_from_db()
        assert (waiting.state, waiting.failure) == ("failed", "It cannot be drawn.")
        assert waiting.refund is not None
        assert (waiting.refund.amount, waiting.refund.refund_of_id) == (1, waiting.charge_id)
        assert waiting.refund.description == "Returned: English Garden, front yard"
        assert held(buyer) == (1, 0)

    def test_a_trial_credit_goes_back_to_the_trial(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1, Type.TRIAL)
        give(buyer, 5)
        studio.fail(start(buyer).pk, reason="Over.")
        assert held(buyer) == (5, 1)

    def test_a_covered_design_ends_without_a_row_in_the_books(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        subscription_of(buyer)
        generation = start(buyer)
        assert studio.fail(generation.pk, reason="Over.") is True
        generation.refresh_from_db()
        assert (generation.state, generation.refund, refunds()) == ("failed", None, 0)

    def test_it_gives_back_once_however_often_it_is_said(self, buyer: User, waiting: Generation) -> None:
        assert [studio.fail(waiting.pk, reason="Over.") for _ in range(3)] == [True, False, False]
        assert (held(buyer), refunds()) == ((1, 0), 1)

    def test_an_older_attempt_cannot_fail_the_newer_one(self, waiting: Generation, lease: Lease) -> None:
        Generation.objects.filter(pk=waiting.pk).update(attempts=2)
        assert studio.fail(waiting.pk, reason="Over.", attempt=lease.attempt) is False
        waiting.refresh_from_db()
        assert waiting.state == "running"

    def test_when_the_refund_fails_the_generation_has_not_ended(
        self, buyer: User, waiting: Generation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise OperationalError("busy")

        monkeypatch.setattr(ledger, "refund", refuse)
        with pytest.raises(OperationalError):
            studio.fail(waiting.pk, reason="Over.")
        monkeypatch.undo()
        waiting.refresh_from_db()
        assert (waiting.state, held(buyer)) == ("queued", (0, 0))
        assert studio.fail(waiting.pk, reason="Over.") is True
        assert held(buyer) == (1, 0)


class TestWhatPostgreSQLRefuses:
    def test_an_ended_generation_changes_its_state_no_more(self, waiting: Generation) -> None:
        studio.fail(waiting.pk, reason="Over.")
        with pytest.raises(IntegrityError, match="generation_ends_once"), transaction.atomic():
            Generation.objects.filter(pk=waiting.pk).update(state="queued", ended_at=None, refund=None)

    def test_a_failure_without_a_refund(self, waiting: Generation) -> None:
        with (
            pytest.raises(IntegrityError, match="generation_refunded_if_and_only_if_without_result"),
            transaction.atomic(),
        ):
            Generation.objects.filter(pk=waiting.pk).update(state="failed", ended_at=timezone.now())

    def test_a_success_without_a_picture(self, waiting: Generation) -> None:
        with (
            pytest.raises(IntegrityError, match="generation_result_if_and_only_if_succeeded"),
            transaction.atomic(),
        ):
            Generation.objects.filter(pk=waiting.pk).update(state="succeeded", ended_at=timezone.now())


class TestTheSweep:
    def test_a_lease_that_ran_out_is_refunded(self, buyer: User, waiting: Generation, lease: Lease) -> None:
        assert studio.expire_overdue(lease.expires_at) == 1
        waiting.refresh_from_db()
        assert (waiting.state, waiting.failure) == ("failed", studio.TOOK_TOO_LONG)
        assert held(buyer) == (1, 0)

    def test_a_moment_before_its_end_a_lease_holds(self, waiting: Generation, lease: Lease) -> None:
        moment_before = lease.expires_at - timedelta(milliseconds=1)
        live_job(waiting, reports_at=moment_before)
        assert studio.expire_overdue(moment_before) == 0

    @pytest.mark.parametrize("hours", [-1, 1], ids=["slow", "fast"])
    def test_a_host_whose_clock_is_wrong_ends_nothing_and_misses_nothing(
        self, waiting: Generation, lease: Lease, hours: int
    ) -> None:
        live_job(waiting, reports_at=timezone.now())
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            assert studio.expire_overdue() == 0
        Generation.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            assert studio.expire_overdue() == 1

    def test_waiting_ten_minutes_is_too_long(self, buyer: User, waiting: Generation) -> None:
        waiting.refresh_from_db()
        assert studio.expire_overdue(waiting.created_at + timedelta(seconds=599)) == 0
        assert studio.expire_overdue(waiting.created_at + timedelta(seconds=600)) == 1
        waiting.refresh_from_db()
        assert (waiting.state, waiting.failure) == ("failed", studio.NEVER_BEGUN)
        assert held(buyer) == (1, 0)

    def test_a_job_that_was_lost_is_noticed_at_once(self, buyer: User, waiting: Generation) -> None:
        assert studio.expire_overdue(timezone.now()) == 0
        app.job_manager.cancel_job_by_id(waiting.job_id, delete_job=True)
        assert studio.expire_overdue(timezone.now()) == 1
        assert held(buyer) == (1, 0)

    @pytest.mark.parametrize("begun", [False, True], ids=["fetched", "running"])
    def test_a_silent_worker_is_dead_after_a_minute(self, buyer: User, waiting: Generation, begun: bool) -> None:
        if begun:
            assert studio.take_lease(waiting.pk) is not None
        live_job(waiting)
        now = timezone.now()
        assert studio.expire_overdue(now) == 0
        assert studio.expire_overdue(now + timedelta(seconds=61)) == 1
        assert held(buyer) == (1, 0)

    def test_a_worker_that_signed_off_is_not_waited_for(self, waiting: Generation, lease: Lease) -> None:
        live_job(waiting)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_workers")
        assert studio.expire_overdue(timezone.now()) == 1

    def test_the_second_sweep_finds_nothing(self, buyer: User, waiting: Generation, lease: Lease) -> None:
        later = lease.expires_at + timedelta(hours=1)
        assert [studio.expire_overdue(later) for _ in range(2)] == [1, 0]
        assert (held(buyer), refunds()) == ((1, 0), 1)

    def test_one_that_cannot_be_ended_spares_the_others(
        self, buyer: User, give: Give, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(buyer, 2)
        first, second = start(buyer), start(buyer)
        real = ledger.refund

        def refund(deduction: TokenTransaction, *, description: str) -> TokenTransaction:
            if deduction.pk == first.charge_id:
                raise OperationalError("busy")
            return real(deduction, description=description)

        monkeypatch.setattr(ledger, "refund", refund)
        later = timezone.now() + timedelta(minutes=11)
        assert studio.expire_overdue(later) == 1
        second.refresh_from_db()
        assert second.state == "failed"
        monkeypatch.undo()
        assert studio.expire_overdue(later) == 1
        assert held(buyer) == (2, 0)


def live_job(generation: Generation, *, reports_at: datetime | None = None) -> None:
    """Let a worker that reports at that time, or now, be doing the generation's job."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
        worker_id = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [worker_id])
        assert cursor.fetchone()[0] == generation.job_id
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = %s", [reports_at or timezone.now()])
