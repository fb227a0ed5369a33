"""A provider that fails again and again is left alone; nobody is charged meanwhile, and one request tries it again."""

import os
import subprocess
import sys
from datetime import timedelta
from threading import Event
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from generations import availability, studio, tasks
from generations.availability import EngineUnavailable
from generations.engines import EngineError, ProviderDown
from generations.models import Generation, ProviderHealth
from tests.fake_providers import FakeProviders
from tests.generations.conftest import Give, Start, held
from tests.generations.providers.outage import NAME, ask, fail, later, let_through, row, state
from tests.together import together
from tokens.models import TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("three_failures")]


def backend() -> int:
    """The database's process for this thread."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


class TestCounting:
    def test_failures_in_a_row_open_the_circuit(self) -> None:
        fail(2)
        availability.require(NAME)
        fail(1)
        assert (state(), row().failures) == ("open", 3)
        with pytest.raises(EngineUnavailable, match="Not available just now"):
            availability.require(NAME)

    def test_an_answer_in_between_starts_the_count_anew(self) -> None:
        fail(2)
        ask()
        fail(2)
        assert (state(), row().failures) == ("closed", 2)

    def test_a_declined_request_is_an_answer(self) -> None:
        for _ in range(5):
            with pytest.raises(EngineError):
                ask(EngineError("Declined."))
        assert not ProviderHealth.objects.exclude(state="closed").exists()

    def test_what_breaks_here_says_nothing_about_the_provider(self) -> None:
        fail(2)
        for error in (ValueError("ours"), SystemExit(3)):
            with pytest.raises(type(error)):
                ask(error)
        assert (state(), row().failures) == ("closed", 2)

    def test_an_engine_without_a_provider_costs_no_statement(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            availability.require("")
            with availability.watched(""):
                pass

    def test_to_begin_costs_one_statement(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            availability.require(NAME)

    def test_each_provider_is_counted_by_itself(self) -> None:
        fail()
        availability.require("openai")

    def test_failures_at_once_are_all_counted(self, settings: Any) -> None:
        settings.PROVIDER_FAILURES = 1000
        together(*[lambda: ask(ProviderDown("down"))] * 8)
        assert row().failures == 8

    def test_what_was_made_is_not_lost_when_it_cannot_be_counted(self, caplog: pytest.LogCaptureFixture) -> None:
        fail(1)
        locked, counted = Event(), Event()

        def hold() -> None:
            with transaction.atomic():
                ProviderHealth.objects.select_for_update().get(pk=NAME)
                locked.set()
                counted.wait(20)

        def answered() -> None:
            connection.cursor().execute("SET lock_timeout = '100ms'")
            locked.wait(20)
            try:
                ask()
            finally:
                counted.set()

        assert together(hold, answered) == [None, None]
        assert "provider_health_not_written" in caplog.text
        assert row().failures == 1

    def test_a_connection_that_died_meanwhile_is_replaced(self) -> None:
        pids: list[int] = []
        known, ended = Event(), Event()

        def works() -> None:
            with pytest.raises(ProviderDown), availability.watched(NAME):
                pids.append(backend())
                known.set()
                ended.wait(20)
                raise ProviderDown("It is down.")

        def ends_it() -> None:
            known.wait(20)
            connection.cursor().execute("SELECT pg_terminate_backend(%s, 5000)", [pids[0]])
            ended.set()

        assert together(works, ends_it) == [None, None]
        assert row().failures == 1


class TestWhileItIsLeftAlone:
    def test_nobody_is_asked(self) -> None:
        fail()
        with pytest.raises(ProviderDown, match="The provider is not available just now"):
            ask(AssertionError("It was asked."))

    def test_a_success_that_was_on_its_way_does_not_close_it(self) -> None:
        with availability.watched(NAME):
            fail()
        assert state() == "open"


class TestTryingAgain:
    def test_before_the_pause_is_over_nobody_may_begin(self) -> None:
        fail()
        later(59)
        with pytest.raises(EngineUnavailable):
            availability.require(NAME)

    def test_a_good_answer_closes_the_circuit(self) -> None:
        fail()
        later(61)
        availability.require(NAME)
        ask()
        assert (state(), row().failures, row().asked_at) == ("closed", 0, None)
        availability.require(NAME)

    def test_a_bad_one_opens_it_for_another_pause(self) -> None:
        fail()
        later(61)
        availability.require(NAME)
        fail(1)
        assert state() == "open"
        later(59)
        with pytest.raises(EngineUnavailable):
            availability.require(NAME)
        later(2)
        availability.require(NAME)

    def test_what_breaks_here_leaves_the_try_to_the_next(self) -> None:
        fail()
        later(61)
        with pytest.raises(ValueError, match="ours"):
            ask(ValueError("ours"))
        assert (state(), row().asked_at) == ("half-open", None)
        ask()
        assert state() == "closed"

    def test_what_breaks_here_lets_others_order_at_once(self) -> None:
        fail()
        later(61)
        with pytest.raises(ValueError, match="ours"):
            ask(ValueError("ours"))
        availability.require(NAME)

    def test_a_try_whose_process_died_is_waited_for_as_long_as_an_engine_may_take(self) -> None:
        fail()
        ProviderHealth.objects.update(state="half-open", asked_at=timezone.now())
        later(19)
        with pytest.raises(EngineUnavailable):
            availability.require(NAME)
        later(2)
        availability.require(NAME)
        ask()
        assert state() == "closed"

    def test_while_one_request_tries_the_others_are_refused(self) -> None:
        fail()
        later(61)
        with availability.watched(NAME):
            with pytest.raises(ProviderDown):
                ask(AssertionError("It was asked."))
            with pytest.raises(EngineUnavailable):
                availability.require(NAME)
        assert state() == "closed"

    def test_a_name_too_long_for_the_row_is_counted_and_left_alone_too(self) -> None:
        name = "p" * 61
        for _ in range(3):
            with pytest.raises(ProviderDown, match="down"), availability.watched(name):
                raise ProviderDown("It is down.")
        with pytest.raises(EngineUnavailable):
            availability.require(name)
        with pytest.raises(ProviderDown, match="The provider is not available"), availability.watched(name):
            raise AssertionError("It was asked.")


class TestManyProcesses:
    """Threads with connections of their own stand for processes: they share nothing but the row."""

    def test_one_of_many_jobs_tries(self) -> None:
        fail()
        later(61)
        asked: list[int] = []

        def job() -> None:
            with availability.watched(NAME):
                asked.append(1)
                connection.cursor().execute("SELECT pg_sleep(0.3)")

        assert let_through(*[job] * 6) == len(asked) == 1

    def test_looking_before_claiming_lets_several_jobs_try(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the one statement is for: without its condition, those who looked at the same moment all go."""

        def look_then_claim(statement: str, provider: str, *, default: Any) -> bool:
            found = row()
            due = found.state == "open" and found.opened_at and found.opened_at < timezone.now() - timedelta(seconds=60)
            connection.cursor().execute("SELECT pg_sleep(0.2)")
            if due:
                ProviderHealth.objects.update(state="half-open", asked_at=timezone.now())
            return bool(due)

        fail()
        later(61)
        monkeypatch.setattr(availability, "_read", look_then_claim)
        assert let_through(*[ask] * 6) > 1


FAILING = """
import django
django.setup()
from generations import availability
from generations.engines import ProviderDown
for _ in range(3):
    try:
        with availability.watched("gemini"):
            raise ProviderDown("It is down.")
    except ProviderDown as down:
        print(down)
"""


class TestAnotherProcess:
    def test_what_it_has_seen_holds_here_too(self, settings: Any) -> None:
        url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}")
        environment = {**os.environ, "DATABASE_URL": url.geturl(), "DJANGO_SETTINGS_MODULE": "config.settings"}
        environment["PROVIDER_FAILURES"] = "3"
        command = [sys.executable, "-c", FAILING]
        ran = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        assert ran.stdout.splitlines() == ["It is down."] * 3
        with pytest.raises(EngineUnavailable):
            availability.require(NAME)
        later(61)
        availability.require(NAME)
        ask()
        assert state() == "closed"


class TestTheWholeWay:
    """From the click to the refund, through the real package and the stand-in for the provider."""

    def paint(self, generation: Generation) -> Generation:
        tasks.paint(str(generation.pk))
        generation.refresh_from_db()
        return generation

    def test_a_design_is_made_and_its_price_recorded(
        self, gemini: FakeProviders, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        made = self.paint(start(buyer, prompt="Roses"))
        assert (made.state, made.engine, made.provider_cost_microdollars) == ("succeeded", "brush-1", 38_736)
        assert (made.input_tokens, made.output_tokens) == (120, 1290)
        assert str(made.image.name).endswith(".webp")
        assert held(buyer) == (0, 0)

    @pytest.mark.parametrize("engine", ["gemini.GeminiPainter", "openai_compatible.OpenAICompatiblePainter"])
    def test_a_declined_one_is_refunded_with_a_sentence_and_its_price_is_recorded(
        self, fake: FakeProviders, settings: Any, engine: str, buyer: User, give: Give, start: Start
    ) -> None:
        settings.LANDSCAPE_ENGINE = f"generations.engines.{engine}"
        fake.behaviour = "svg"
        give(buyer, 1)
        refused = self.paint(start(buyer))
        assert (refused.state, refused.provider_cost_microdollars, refused.engine) == ("failed", 38_736, "brush-1")
        assert "not a usable picture" in refused.failure
        assert (held(buyer), refused.image.name) == ((1, 0), "")

    def test_an_outage_is_refunded_then_refused_and_ends_with_one_good_answer(
        self, gemini: FakeProviders, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 5)
        gemini.behaviour = "500"
        waiting = [start(buyer) for _ in range(4)]
        assert [self.paint(design).state for design in waiting] == ["failed"] * 4
        assert len(gemini.requests) == 3
        assert held(buyer) == (5, 0)
        moves = TokenTransaction.objects.count()
        with pytest.raises(EngineUnavailable):
            start(buyer)
        assert (TokenTransaction.objects.count(), Generation.objects.count()) == (moves, 4)

        gemini.behaviour = "ok"
        later(61)
        assert self.paint(start(buyer)).state == "succeeded"
        start(buyer)
        assert held(buyer) == (3, 0)

    def test_a_provider_that_never_answers_counts_as_down(
        self, gemini: FakeProviders, settings: Any, buyer: User, give: Give, start: Start
    ) -> None:
        settings.ENGINE_TIMEOUT_SECONDS = 1
        gemini.behaviour = "hang"
        give(buyer, 1)
        assert self.paint(start(buyer)).state == "failed"
        assert (row().failures, held(buyer)) == (1, (1, 0))

    def test_a_double_click_during_an_outage_shows_the_first_design(
        self, gemini: FakeProviders, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        first = start(buyer)
        fail()
        assert start(buyer, form_key=first.order_id) == first

    def test_a_message_is_answered_and_a_broken_off_one_refunded(
        self, fake: FakeProviders, settings: Any, buyer: User, give: Give
    ) -> None:
        settings.CHAT_ENGINE = "generations.engines.openai_compatible.OpenAICompatibleAssistant"
        give(buyer, 2)
        message = studio.start_message(user=buyer, form_key=uuid4(), text="Lavender? fake:design")
        tasks.answer(str(message.pk))
        message.refresh_from_db()
        assert (message.state, message.engine) == ("succeeded", "pen-1")
        assert message.suggestions == [{"area": "patio", "style": "english-garden", "prompt": "Lavender in pots"}]
        fake.behaviour = "reset"
        second = studio.start_message(
            user=buyer, form_key=uuid4(), text="And roses?", conversation=message.conversation
        )
        tasks.answer(str(second.pk))
        second.refresh_from_db()
        assert (second.state, second.reply, second.progress) == ("failed", "", "")
        assert held(buyer) == (1, 0)
