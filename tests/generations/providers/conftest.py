"""The four engines, each pointed at the stand-in for its provider."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from generations.engines import ChatEngine, ChatRequest, DesignEngine, DesignRequest, Painting, Reply, wording
from generations.engines.gemini import GeminiAssistant, GeminiPainter
from generations.engines.openai_compatible import OpenAICompatibleAssistant, OpenAICompatiblePainter
from generations.engines.remote import line
from tests.fake_providers import FakeProviders

KEY: Final = "sk-the-secret-key-of-the-shop"
PAINTERS: Final[dict[str, Callable[[], DesignEngine]]] = {"gemini": GeminiPainter, "openai": OpenAICompatiblePainter}
ASSISTANTS: Final[dict[str, Callable[[], ChatEngine]]] = {
    "gemini": GeminiAssistant,
    "openai": OpenAICompatibleAssistant,
}


@pytest.fixture
def fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProviders]:
    """Both providers, on this machine; they do what `fake.behaviour` says."""
    monkeypatch.setattr(line, "BACK_OFF_SECONDS", 0.05)
    with FakeProviders() as server:
        settings.GEMINI_API_KEY = settings.OPENAI_API_KEY = KEY
        settings.GEMINI_BASE_URL, settings.OPENAI_BASE_URL = server.gemini, server.openai
        settings.GEMINI_IMAGE_MODEL = settings.OPENAI_IMAGE_MODEL = "brush-1"
        settings.GEMINI_TEXT_MODEL = settings.OPENAI_TEXT_MODEL = "pen-1"
        settings.GEMINI_IMAGE_PRICES = settings.OPENAI_IMAGE_PRICES = {"input": "0.30", "output": "30"}
        settings.GEMINI_TEXT_PRICES = settings.OPENAI_TEXT_PRICES = {"input": "0.10", "output": "0.50"}
        yield server


@pytest.fixture
def three_failures(settings: Any) -> None:
    """After three failures a provider is left alone for a minute; an engine may take 20 seconds."""
    settings.PROVIDER_FAILURES, settings.PROVIDER_PAUSE_SECONDS, settings.ENGINE_TIMEOUT_SECONDS = 3, 60, 20


@pytest.fixture
def gemini(fake: FakeProviders, settings: Any) -> FakeProviders:
    """Designs are made by Gemini's stand-in."""
    settings.LANDSCAPE_ENGINE = "generations.engines.gemini.GeminiPainter"
    return fake


@pytest.fixture(params=["gemini", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def painter(provider: str, fake: FakeProviders) -> DesignEngine:
    return PAINTERS[provider]()


@pytest.fixture
def assistant(provider: str, fake: FakeProviders) -> ChatEngine:
    return ASSISTANTS[provider]()


@pytest.fixture(params=[*PAINTERS.values(), *ASSISTANTS.values()])
def engine(request: pytest.FixtureRequest, fake: FakeProviders) -> Any:
    """Each of the four, where it makes no difference what is made."""
    return request.param()


def wish(prompt: str = "Roses", photo: bytes | None = None) -> DesignRequest:
    """What the studio would ask for."""
    words = wording.composed("patio", "english-garden", prompt, wording.StyleWords(), with_photo=photo is not None)
    return DesignRequest("patio", "english-garden", prompt, photo, instruction=words)


def ask(engine: Any, words: str = "Roses", *, seconds: float = 20.0, heard: list[str] | None = None) -> Any:
    """Let any of the engines make something of `words`; what it reports is added to `heard`."""
    report = (heard if heard is not None else []).append
    made: Painting | Reply
    if hasattr(engine, "paint"):
        made = engine.paint(wish(words), timeout_seconds=seconds, report=report)
    else:
        made = engine.reply(ChatRequest(words), timeout_seconds=seconds, report=report)
    return made
