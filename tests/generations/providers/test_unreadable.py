"""Answers as no provider describes them: whatever breaks on them counts against the provider, and nobody pays."""

import gc
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from accounts.models import User
from generations import tasks
from generations.engines import EngineError, ProviderDown
from generations.engines.remote import refusals
from generations.engines.remote.prices import Prices
from generations.models import ProviderHealth
from tests.fake_providers import FakeProviders, Odd
from tests.generations.conftest import Give, Start, held
from tests.generations.providers.conftest import ask

PIXEL: Final = "aGVsbG8="
DEEP: Final = b"[" * 100_000
NO_ANSWERS: Final[dict[str, bytes]] = {
    "null": b"null",
    "a list": b"[]",
    "a number": b"5",
    "a word": b'"roses"',
    "brackets without end": DEEP,
    "pictures that are a number": json.dumps({"data": 5}).encode(),
    "a picture that is no object": json.dumps({"data": [5]}).encode(),
    "a picture that is a number": json.dumps({"data": [{"b64_json": 5}]}).encode(),
    "tokens that are a word": json.dumps({"data": [{"b64_json": PIXEL}], "usage": {"input_tokens": "many"}}).encode(),
    "tokens that are no number": b'{"data": [{"b64_json": "aGVsbG8="}], "usage": {"input_tokens": NaN}}',
    "tokens without end": b'{"data": [{"b64_json": "aGVsbG8="}], "usage": {"input_tokens": Infinity}}',
}
SAID: Final[dict[str, Any]] = {"delta": {"content": "Lavender."}, "finish_reason": "stop"}
NO_REPLIES: Final[dict[str, Any]] = {
    "an end that is a list": {"choices": [{**SAID, "finish_reason": ["stop"]}]},
    "an end that is an object": {"choices": [{**SAID, "finish_reason": {"stop": 1}}]},
    "words that are a number": {"choices": [{**SAID, "delta": {"content": 5}}]},
    "nobody who says it": {"choices": [{**SAID, "delta": None}]},
    "a choice that is null": {"choices": [None]},
    "tokens that are a word": {"choices": [SAID], "usage": {"prompt_tokens": "many"}},
    "a count that is a number": {"choices": [SAID], "usage": 5},
    "a list": [1],
}


@pytest.fixture(autouse=True)
def _no_garbage_is_collected() -> Iterator[None]:
    """An answer nested too deeply is read down to Python's last frame; what is collected there has no room to be."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class TestAServerThatSpeaksOpenAI:
    @pytest.mark.parametrize("provider", ["openai"])
    @pytest.mark.parametrize("body", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
    def test_a_picture_that_cannot_be_read_counts_as_an_outage(
        self, painter: Any, fake: FakeProviders, body: bytes
    ) -> None:
        fake.odd = Odd(body)
        with pytest.raises(ProviderDown, match=refusals.GARBLED) as down:
            ask(painter)
        assert (down.value.__cause__, down.value.__suppress_context__) == (None, True)

    @pytest.mark.parametrize("provider", ["openai"])
    @pytest.mark.parametrize("said", NO_REPLIES.values(), ids=NO_REPLIES.keys())
    def test_a_reply_that_cannot_be_read_counts_as_an_outage(
        self, assistant: Any, fake: FakeProviders, said: Any
    ) -> None:
        fake.odd = Odd(f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n".encode(), content_type="text/event-stream")
        with pytest.raises(ProviderDown, match=refusals.GARBLED):
            ask(assistant)

    @pytest.mark.parametrize("provider", ["openai"])
    @pytest.mark.parametrize("code", [["moderation_blocked"], {"moderation_blocked": 1}, 5, None])
    def test_a_refusal_whose_code_is_no_word_is_about_this_request(
        self, painter: Any, fake: FakeProviders, code: Any
    ) -> None:
        fake.odd = Odd(json.dumps({"error": {"code": code, "message": "no"}}).encode(), status=400)
        with pytest.raises(EngineError, match=refusals.NOT_UNDERSTOOD) as refusal:
            ask(painter)
        assert not isinstance(refusal.value, ProviderDown)


class TestGemini:
    @pytest.mark.parametrize("provider", ["gemini"])
    @pytest.mark.parametrize("body", [b"null", b"5", DEEP, b'{"candidates": 5}', b'{"usageMetadata": "many"}'])
    def test_an_answer_that_cannot_be_read_is_no_traceback(
        self, painter: Any, fake: FakeProviders, body: bytes
    ) -> None:
        fake.odd = Odd(body)
        with pytest.raises(EngineError):
            ask(painter)

    @pytest.mark.parametrize("provider", ["gemini"])
    @pytest.mark.parametrize("details", [5, "a word", {"reason": "API_KEY_INVALID"}, [5, {"reason": ["x"]}]])
    def test_a_refusal_whose_details_are_none_is_about_this_request(
        self, painter: Any, fake: FakeProviders, details: Any
    ) -> None:
        error = {"code": 400, "message": "no", "status": "INVALID_ARGUMENT", "details": details}
        fake.odd = Odd(json.dumps({"error": error}).encode(), status=400)
        with pytest.raises(EngineError, match=refusals.NOT_UNDERSTOOD) as refusal:
            ask(painter)
        assert not isinstance(refusal.value, ProviderDown)


class TestAnyEngine:
    @pytest.mark.parametrize("body", [b"", b"<html>", DEEP, b"data: {\n\n", b"\xff\xfe"])
    def test_noise_is_never_a_result_and_never_a_traceback(self, engine: Any, fake: FakeProviders, body: bytes) -> None:
        fake.odd = Odd(body, content_type="text/html")
        with pytest.raises(EngineError):
            ask(engine)

    def test_counts_that_are_no_numbers_are_refused_and_others_bounded(self) -> None:
        for odd in (float("nan"), float("inf"), "many", [1]):
            with pytest.raises((ValueError, OverflowError, TypeError)):
                Prices().usage(input_tokens=odd)  # type: ignore[arg-type]
        assert Prices().usage(input_tokens=10**30, output_tokens=-1).input_tokens == 2_000_000_000


@pytest.mark.django_db(transaction=True)
class TestTheWholeWay:
    def test_after_some_such_answers_the_provider_is_left_alone_and_all_is_given_back(
        self, fake: FakeProviders, settings: Any, three_failures: None, buyer: User, give: Give, start: Start
    ) -> None:
        settings.LANDSCAPE_ENGINE = "generations.engines.openai_compatible.OpenAICompatiblePainter"
        fake.odd = Odd(b"null")
        give(buyer, 4)
        for design in [start(buyer) for _ in range(4)]:
            tasks.paint(str(design.pk))
        assert ProviderHealth.objects.get().state == "open"
        assert (len(fake.requests), held(buyer)) == (3, (4, 0))
