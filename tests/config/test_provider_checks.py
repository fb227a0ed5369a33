"""An engine that could not work is refused at start, with a sentence that says what to do."""

from typing import Any

import pytest

from config import checks, provider_checks

GEMINI = "generations.engines.gemini.GeminiPainter"
OPENAI = "generations.engines.openai_compatible.OpenAICompatibleAssistant"


def found() -> dict[str | None, str]:
    return {message.id: f"{message.msg} {message.hint}" for message in checks.settings_make_sense(None)}


class TestAnEngineWithAProvider:
    def test_what_nobody_chose_may_be_missing(self, settings: Any) -> None:
        settings.GEMINI_API_KEY = settings.OPENAI_API_KEY = ""
        settings.GEMINI_TEXT_PRICES = {"odd": "1"}
        assert not set(found()) & {"shop.E030", "shop.E031", "shop.E033"}

    @pytest.mark.parametrize(
        ("setting", "engine", "key"),
        [("LANDSCAPE_ENGINE", GEMINI, "GEMINI_API_KEY"), ("CHAT_ENGINE", OPENAI, "OPENAI_API_KEY")],
    )
    def test_without_a_key_it_is_refused(self, settings: Any, setting: str, engine: str, key: str) -> None:
        setattr(settings, setting, engine)
        setattr(settings, key, "")
        assert found()["shop.E031"].startswith(f"{setting} needs {key}. Set {key};")
        setattr(settings, key, "key")
        assert "shop.E031" not in found()

    def test_a_server_of_ones_own_may_ask_for_no_key(self, settings: Any) -> None:
        settings.CHAT_ENGINE, settings.OPENAI_API_KEY = OPENAI, ""
        settings.OPENAI_BASE_URL = "http://localhost:11434/v1"
        assert not {"shop.E031", "shop.E032"} & set(found())

    def test_without_its_package_it_is_refused_with_the_command_that_helps(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def missing(name: str) -> None:
            raise ModuleNotFoundError(name)

        settings.LANDSCAPE_ENGINE, settings.GEMINI_API_KEY = GEMINI, "key"
        assert "shop.E030" not in found()
        monkeypatch.setattr(provider_checks, "find_spec", missing)
        assert "pip install --require-hashes -r requirements-gemini.txt" in found()["shop.E030"]
        monkeypatch.setattr(provider_checks, "find_spec", lambda name: None)
        assert "google.genai" in found()["shop.E030"]

    @pytest.mark.parametrize(
        ("url", "refused"),
        [
            ("https://ai.example.com/v1", False),
            ("http://127.0.0.1:9900/", False),
            ("http://ai.example.com/v1", True),
            ("ai.example.com", True),
            ("file:///etc/passwd", True),
        ],
    )
    def test_the_key_only_travels_encrypted_or_within_this_machine(
        self, settings: Any, url: str, refused: bool
    ) -> None:
        settings.LANDSCAPE_ENGINE, settings.GEMINI_API_KEY, settings.GEMINI_BASE_URL = GEMINI, "key", url
        assert ("shop.E032" in found()) is refused

    def test_prices_that_are_none_are_refused(self, settings: Any) -> None:
        settings.LANDSCAPE_ENGINE, settings.GEMINI_API_KEY = GEMINI, "key"
        settings.GEMINI_IMAGE_PRICES = {"input": "cheap"}
        assert "GEMINI_IMAGE_PRICES: input is 'cheap', not a number." in found()["shop.E033"]

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("PROVIDER_FAILURES", 0, "shop.E034"),
            ("PROVIDER_FAILURES", 1001, "shop.E034"),
            ("PROVIDER_PAUSE_SECONDS", 0, "shop.E035"),
            ("PROVIDER_PAUSE_SECONDS", 3601, "shop.E035"),
        ],
    )
    def test_odd_limits_are_refused(self, settings: Any, name: str, value: int, error: str) -> None:
        assert error not in found()
        setattr(settings, name, value)
        assert error in found()
