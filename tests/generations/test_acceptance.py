"""Whatever an engine hands over, the generation ends with its result or its refund, and says why."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError

from accounts.models import User
from generations import acceptance, studio, tasks
from generations.engines import ChatRequest, EngineError, Reply, Report, Suggestion, Usage, chosen
from generations.models import Generation
from tests.generations.conftest import Give, held
from tests.generations.engines import painting

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

REPLY = Reply("Plant in autumn.", "By rules.")
ROSES = Suggestion("patio", "english-garden", "roses")


class Scripted:
    """An engine that does what the test says."""

    name: Any = "scripted"
    provider = ""

    def __init__(self, act: Callable[[Report], Any]) -> None:
        self.act = act

    def paint(self, request: object, *, timeout_seconds: float, report: Report) -> Any:
        return self.act(report)

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Any:
        return self.act(report)


@pytest.fixture
def made_by(buyer: User, give: Give, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Generation]:
    """Order a message (or a design), have it made by what is given, and return it as it ended."""

    def _made_by(act: Callable[[Report], Any], *, kind: str = "message", name: Any = "scripted") -> Generation:
        engine = Scripted(act)
        engine.name = name
        monkeypatch.setattr(chosen, "_engine", lambda _: engine)
        give(buyer, 1)
        if kind == "message":
            generation = studio.start_message(user=buyer, form_key=uuid4(), text="When do I plant?")
            tasks.answer(str(generation.pk))
        else:
            wishes: dict[str, Any] = {"style": "japanese-zen", "prompt": "a pond"}
            [generation] = studio.start_designs(user=buyer, form_key=uuid4(), areas=["patio"], **wishes)
            tasks.paint(str(generation.pk))
        generation.refresh_from_db()
        return generation

    return _made_by


def raising(error: Exception) -> Callable[[Report], Any]:
    def act(report: Report) -> Any:
        raise error

    return act


class TestAReply:
    def test_loses_what_cannot_be_stored_and_nothing_else(self, made_by: Callable[..., Generation]) -> None:
        message = made_by(lambda _: Reply(" Plant\0 in \ud800autumn. ", "By\0 rules."))
        assert (message.state, message.reply, message.note) == ("succeeded", "Plant in autumn.", "By rules.")

    @pytest.mark.parametrize("nothing", ["", "   \n", "\0", None, 5], ids=["empty", "space", "nul", "none", "number"])
    def test_without_words_is_refunded(self, made_by: Callable[..., Generation], buyer: User, nothing: Any) -> None:
        message = made_by(lambda _: Reply(nothing, "By rules.", usage=Usage(3, 4, 5)))
        assert (message.state, message.failure, held(buyer)) == ("failed", acceptance.NO_WORDS, (1, 0))
        assert message.provider_cost_microdollars == 5

    def test_is_cut_at_its_limit(self, made_by: Callable[..., Generation]) -> None:
        message = made_by(lambda _: Reply("x" * 10_000_000, "By rules."))
        assert (message.state, len(message.reply)) == ("succeeded", acceptance.REPLY_CHARACTERS)

    def test_keeps_the_designs_this_shop_has(self, made_by: Callable[..., Generation]) -> None:
        values: list[dict[str, Any]] = [{"area": "roof"}, {"prompt": None}, {"style": ["zen"]}]
        wrong = [replace(ROSES, **each) for each in values]
        message = made_by(lambda _: replace(REPLY, suggestions=(*wrong, *[ROSES] * 100)))
        roses = {"area": "patio", "style": "english-garden", "prompt": "roses"}
        assert message.suggestions == [roses] * acceptance.MOST_SUGGESTIONS

    @pytest.mark.parametrize("other", [None, painting(), "words"], ids=["nothing", "a painting", "words"])
    def test_that_is_none_is_refunded(self, made_by: Callable[..., Generation], buyer: User, other: Any) -> None:
        message = made_by(lambda _: other)
        assert (message.state, held(buyer)) == ("failed", (1, 0))


class TestAPainting:
    def test_is_kept_whatever_is_said_about_it(self, made_by: Callable[..., Generation]) -> None:
        said: Any = {"description": "A pond\0.", "note": None, "usage": Usage(2**40, -5, 2**31)}
        design = made_by(lambda _: replace(painting(), **said), kind="design")
        assert (design.state, design.alt_text, design.note) == ("succeeded", "A pond.", "")
        assert (design.input_tokens, design.output_tokens, design.provider_cost_microdollars) == (
            acceptance.MOST_COUNTED,
            0,
            acceptance.MOST_COUNTED,
        )

    def test_by_an_engine_without_a_name_is_kept(self, made_by: Callable[..., Generation]) -> None:
        assert made_by(lambda _: painting(), kind="design", name=None).state == "succeeded"

    def test_that_cannot_be_stored_still_says_what_it_cost(
        self, made_by: Callable[..., Generation], buyer: User
    ) -> None:
        no_picture = replace(painting(), image=b"<svg>", usage=Usage(1, 2, 40_000))
        design = made_by(lambda _: no_picture, kind="design")
        assert (design.state, design.provider_cost_microdollars, held(buyer)) == ("failed", 40_000, (1, 0))


class TestARefusal:
    @pytest.mark.parametrize(
        ("sentence", "shown"),
        [("No\0 roses\ud800.", "No roses."), (None, acceptance.NO_REASON), ("", acceptance.NO_REASON)],
    )
    def test_gives_the_token_back_at_once(
        self, made_by: Callable[..., Generation], buyer: User, sentence: Any, shown: str
    ) -> None:
        message = made_by(raising(EngineError(sentence, usage=Usage(2**40, -1, -1))))
        assert (message.state, message.failure, held(buyer)) == ("failed", shown, (1, 0))

    @pytest.mark.parametrize("words", ["\ud800", None, 5, "\0" * 9_000_000], ids=["surrogate", "none", "number", "nul"])
    def test_what_is_reported_meanwhile_never_decides(
        self, made_by: Callable[..., Generation], monkeypatch: pytest.MonkeyPatch, words: Any
    ) -> None:
        monkeypatch.setattr(tasks, "TELL_SECONDS", 0.01)

        def act(report: Report) -> Reply:
            report(words)
            time.sleep(0.05)
            return REPLY

        assert made_by(act).state == "succeeded"

    def test_the_words_stay_out_of_the_log_when_the_refund_fails_too(
        self, made_by: Callable[..., Generation], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def gone(*_: object, **__: object) -> bool:
            raise OperationalError("the connection is gone")

        monkeypatch.setattr(studio, "fail", gone)
        with caplog.at_level(logging.DEBUG), pytest.raises(OperationalError) as error:
            made_by(raising(ValueError("cannot parse 'my secret garden'")))
        assert (error.value.__context__, error.value.__cause__) == (None, None)
        assert "secret garden" not in caplog.text
        monkeypatch.undo()
        studio.fail(Generation.objects.get().pk, reason="Over.")
