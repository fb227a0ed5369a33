"""What happens when a provider does not deliver: a clear sentence, nothing asked twice that may be billed, no leak."""

import logging
import time
from typing import Any

import pytest

from generations.engines import EngineError, ProviderDown, Usage
from generations.engines.remote import line, refusals
from tests.fake_providers import SECRET, FakeProviders
from tests.generations.providers.conftest import KEY, ask

PROMPT = "a hedge for my very private address"

DOWN = {
    "drop": refusals.CUT_SHORT,
    "reset": refusals.CUT_SHORT,
    "401": refusals.TROUBLED,
    "403": refusals.TROUBLED,
    "404": refusals.TROUBLED,
    "429-long": refusals.TROUBLED,
    "500": refusals.TROUBLED,
    "key": refusals.TROUBLED,
    "redirect": refusals.TROUBLED,
    "gzip": refusals.TROUBLED,
}


class TestAProviderThatIsDown:
    @pytest.mark.parametrize("behaviour", DOWN)
    def test_it_is_asked_once_and_counted(self, engine: Any, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        with pytest.raises(ProviderDown) as down:
            ask(engine)
        assert (down.value.sentence, len(fake.requests)) == (DOWN[behaviour], 1)

    def test_an_answer_that_is_no_json_is_counted(self, engine: Any, fake: FakeProviders) -> None:
        fake.behaviour = "garbage"
        with pytest.raises(ProviderDown):
            ask(engine)
        assert len(fake.requests) == 1

    @pytest.mark.parametrize("behaviour", ["hang", "drip"])
    def test_it_has_no_more_time_than_it_was_given(self, engine: Any, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        begun = time.monotonic()
        with pytest.raises(ProviderDown, match=refusals.SILENT):
            ask(engine, seconds=0.8)
        assert time.monotonic() - begun < 0.8 + 0.7
        assert len(fake.requests) == 1

    def test_nobody_listens(self, engine: Any, settings: Any) -> None:
        settings.GEMINI_BASE_URL = settings.OPENAI_BASE_URL = "http://127.0.0.1:9/"
        with pytest.raises(ProviderDown, match=refusals.AWAY):
            ask(engine, seconds=5)

    @pytest.mark.parametrize("behaviour", ["429", "503"])
    def test_busy_is_tried_three_times_at_growing_distance(
        self, engine: Any, fake: FakeProviders, behaviour: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(line, "BACK_OFF_SECONDS", 0.1)
        fake.behaviour = behaviour
        with pytest.raises(ProviderDown, match=refusals.TROUBLED):
            ask(engine)
        assert len(fake.requests) == 3
        first, second, third = (asked.at for asked in fake.requests)
        assert second - first >= 0.1  # Retry-After
        assert third - second >= 0.15

    @pytest.mark.parametrize("behaviour", ["429-once", "503-once"])
    def test_busy_for_a_moment_is_no_failure(self, engine: Any, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        ask(engine)
        assert len(fake.requests) == 2

    def test_there_is_no_second_try_when_no_time_is_left_for_it(
        self, engine: Any, fake: FakeProviders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(line, "BACK_OFF_SECONDS", 10)
        fake.behaviour = "429"
        with pytest.raises(ProviderDown):
            ask(engine, seconds=5)
        assert len(fake.requests) == 1

    @pytest.mark.parametrize("behaviour", ["no-end", "error-in-stream"])
    def test_a_reply_that_breaks_off_is_no_reply(self, assistant: Any, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        with pytest.raises(ProviderDown):
            ask(assistant)


class TestAProviderThatDeclines:
    @pytest.mark.parametrize(
        ("provider", "behaviour"),
        [("gemini", "safety"), ("gemini", "blocked"), ("openai", "policy")],
    )
    def test_a_picture(self, painter: Any, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        with pytest.raises(EngineError, match=refusals.DECLINED) as refusal:
            ask(painter)
        assert not isinstance(refusal.value, ProviderDown)

    @pytest.mark.parametrize("behaviour", ["safety", "blocked"])
    def test_a_reply_even_when_part_of_it_was_said(self, assistant: Any, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        with pytest.raises(EngineError, match=refusals.DECLINED) as refusal:
            ask(assistant)
        assert refusal.value.usage.input_tokens == 40
        assert refusal.value.usage.cost_microdollars

    @pytest.mark.parametrize("provider", ["gemini"])
    def test_what_was_billed_is_kept(self, painter: Any, fake: FakeProviders) -> None:
        fake.behaviour = "safety"
        with pytest.raises(EngineError) as refusal:
            ask(painter)
        assert refusal.value.usage == Usage(120, 1290, 38_736)

    @pytest.mark.parametrize("provider", ["gemini"])
    def test_what_would_be_a_copy(self, painter: Any, assistant: Any, fake: FakeProviders) -> None:
        fake.behaviour = "recitation"
        for engine in (painter, assistant):
            with pytest.raises(EngineError, match="somebody else's work"):
                ask(engine)

    def test_a_prompt_that_the_provider_quotes_cannot_pass_for_an_outage(
        self, engine: Any, fake: FakeProviders
    ) -> None:
        """Otherwise one person could have the provider left alone for everybody."""
        fake.behaviour = "echo"
        with pytest.raises(EngineError, match=refusals.NOT_UNDERSTOOD) as refusal:
            ask(engine, 'API_KEY_INVALID "status": "FAILED_PRECONDITION", billing_hard_limit_reached')
        assert not isinstance(refusal.value, ProviderDown)

    def test_an_empty_reply_is_none(self, assistant: Any, fake: FakeProviders) -> None:
        fake.behaviour = "empty"
        with pytest.raises(EngineError, match=refusals.EMPTY):
            ask(assistant)

    def test_fifty_megabytes_are_not_read(self, engine: Any, fake: FakeProviders) -> None:
        fake.behaviour = "huge"
        with pytest.raises(EngineError, match=refusals.TOO_LARGE):
            ask(engine)


class TestNothingLeaks:
    @pytest.mark.parametrize(
        "behaviour", ["echo", "key", "policy", "401", "500", "429-long", "garbage", "error-in-stream", "safety", "drop"]
    )
    def test_neither_prompt_nor_key_nor_address_nor_the_providers_words(
        self, engine: Any, fake: FakeProviders, behaviour: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        fake.behaviour = behaviour
        said = ""
        with caplog.at_level(logging.INFO):
            try:
                ask(engine, PROMPT)
            except EngineError as refusal:
                assert refusal.__cause__ is None
                assert refusal.__suppress_context__ or refusal.__context__ is None
                said = f"{refusal} {refusal.sentence} {refusal.args}"
        for secret in (PROMPT, KEY, SECRET, str(fake.server_port)):
            assert secret not in said + caplog.text

    def test_not_even_with_logs_as_wordy_as_they_get(
        self, engine: Any, fake: FakeProviders, caplog: pytest.LogCaptureFixture
    ) -> None:
        """LOG_LEVEL=DEBUG lowers the root; the packages that would write requests down have levels of their own."""
        with caplog.at_level(logging.DEBUG):
            ask(engine, PROMPT)
        assert PROMPT not in caplog.text
        assert KEY not in caplog.text
