"""What comes back when a provider works: pictures encoded anew, replies that grow, and what they cost."""

import base64
import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from generations.engines import (
    ChatEngine,
    ChatRequest,
    DesignEngine,
    EngineError,
    ProviderDown,
    Suggestion,
    Turn,
    Usage,
)
from generations.engines.remote import refusals
from tests.fake_providers import REPLY, SECRET, FakeProviders
from tests.generations.providers.conftest import KEY, ask, wish


class TestAPicture:
    def test_it_is_a_webp_of_our_own_with_the_words_of_the_request(self, painter: DesignEngine) -> None:
        heard: list[str] = []
        made = painter.paint(wish("Roses"), timeout_seconds=20, report=heard.append)
        with Image.open(BytesIO(made.image)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (800, 600)) == ("WEBP", (made.width, made.height))
        assert made.content_type == "image/webp"
        assert made.description.startswith("English Garden, patio. Wished for: Roses.")
        assert "\u202e" not in made.description
        assert "an AI model" in made.note
        assert heard[-1] == "Checking the picture"

    @pytest.mark.parametrize("behaviour", ["ok", "polyglot"])
    def test_nothing_but_colours_comes_along(self, painter: DesignEngine, fake: FakeProviders, behaviour: str) -> None:
        fake.behaviour = behaviour
        image = painter.paint(wish(), timeout_seconds=20, report=print).image
        assert SECRET.encode() not in image
        assert b"script" not in image
        with Image.open(BytesIO(image)) as picture:
            assert (dict(picture.getexif()), picture.info.get("icc_profile")) == ({}, None)

    @pytest.mark.parametrize(("behaviour", "size"), [("wide", (2048, 512)), ("see-through", (800, 600))])
    def test_it_is_at_most_2048_pixels_wide_and_opaque(
        self, painter: DesignEngine, fake: FakeProviders, behaviour: str, size: tuple[int, int]
    ) -> None:
        fake.behaviour = behaviour
        with Image.open(BytesIO(painter.paint(wish(), timeout_seconds=20, report=print).image)) as picture:
            assert (picture.size, picture.mode) == (size, "RGB")

    def test_what_it_cost_is_worked_out_from_what_was_counted(self, painter: DesignEngine) -> None:
        made = painter.paint(wish(), timeout_seconds=20, report=print)
        assert made.usage == Usage(120, 1290, 38_736)  # 120 x $0.30 + 1290 x $30, per million

    @pytest.mark.parametrize(
        "behaviour",
        ["svg", "html", "bomb", "forty-megapixels", "truncated", "speck"],
    )
    def test_what_is_no_usable_picture_is_refused_and_its_price_is_kept(
        self, painter: DesignEngine, fake: FakeProviders, behaviour: str
    ) -> None:
        fake.behaviour = behaviour
        with pytest.raises(EngineError) as refusal:
            painter.paint(wish(), timeout_seconds=20, report=print)
        assert not isinstance(refusal.value, ProviderDown)
        assert refusal.value.sentence == refusals.NOT_A_PICTURE
        assert refusal.value.usage.cost_microdollars == 38_736

    @pytest.mark.parametrize(
        ("provider", "behaviour"),
        [
            ("gemini", "text-only"),
            ("gemini", "no-bytes"),
            ("openai", "empty"),
            ("openai", "url"),
            ("openai", "no-bytes"),
        ],
    )
    def test_an_answer_without_a_picture_is_refused_and_no_address_is_followed(
        self, painter: DesignEngine, fake: FakeProviders, behaviour: str
    ) -> None:
        fake.behaviour = behaviour
        with pytest.raises(EngineError, match=refusals.NO_PICTURE) as refusal:
            painter.paint(wish(), timeout_seconds=20, report=print)
        assert refusal.value.usage.cost_microdollars == 38_736
        assert len(fake.requests) == 1


class TestTheRequestForAPicture:
    PHOTO = b"\xff\xd8\xff the client's own yard \xff\xd9"

    @pytest.mark.parametrize("provider", ["gemini"])
    def test_gemini_is_sent_the_photo_as_a_part_of_its_own(self, painter: DesignEngine, fake: FakeProviders) -> None:
        painter.paint(wish("Roses", self.PHOTO), timeout_seconds=20, report=print)
        [asked] = fake.requests
        assert asked.path == "/v1/models/brush-1:generateContent"
        photo, text = asked.fields["contents"][0]["parts"]
        assert photo["inlineData"]["mime_type"] == "image/jpeg"
        assert base64.b64decode(photo["inlineData"]["data"], altchars=b"-_") == self.PHOTO
        assert text["text"] == wish("Roses", self.PHOTO).instruction
        assert asked.fields["generationConfig"]["responseModalities"] == ["TEXT", "IMAGE"]

    @pytest.mark.parametrize("provider", ["openai"])
    def test_openai_is_asked_to_edit_the_photo(self, painter: DesignEngine, fake: FakeProviders, settings: Any) -> None:
        settings.OPENAI_IMAGE_OPTIONS = {"size": "1536x1024"}
        painter.paint(wish("Roses", self.PHOTO), timeout_seconds=20, report=print)
        [asked] = fake.requests
        assert asked.path == "/v1/images/edits"
        assert self.PHOTO in asked.body
        assert b"1536x1024" in asked.body

    @pytest.mark.parametrize("provider", ["openai"])
    def test_without_a_photo_openai_is_asked_for_a_new_picture(
        self, painter: DesignEngine, fake: FakeProviders
    ) -> None:
        painter.paint(wish("Roses"), timeout_seconds=20, report=print)
        assert fake.requests[0].path == "/v1/images/generations"
        assert fake.requests[0].fields == {"model": "brush-1", "n": 1, "prompt": wish("Roses").instruction}

    def test_the_key_travels_in_a_header_alone(self, engine: Any, fake: FakeProviders) -> None:
        ask(engine)
        [asked] = fake.requests
        assert KEY in str(asked.headers)
        assert KEY not in asked.path + asked.body.decode()
        assert asked.headers["Accept-Encoding"] == "identity"


class TestAReply:
    def test_it_is_reported_while_it_grows(self, assistant: ChatEngine, fake: FakeProviders) -> None:
        fake.behaviour = "slow"
        heard: list[str] = []
        reply = assistant.reply(ChatRequest("Lavender?"), timeout_seconds=20, report=heard.append)
        assert (reply.text, reply.suggestions) == (REPLY, ())
        assert len(heard) >= 3
        assert all(REPLY.startswith(words) for words in heard)
        assert heard == sorted(heard, key=len)
        assert reply.usage.cost_microdollars in {17, 18}  # 40 x $0.10 + 25 x $0.50, per million, rounded up

    def test_the_conversation_so_far_goes_along_in_its_order(
        self, assistant: ChatEngine, provider: str, fake: FakeProviders
    ) -> None:
        turns = (Turn("first", "one"), Turn("second", "two"))
        assistant.reply(ChatRequest("third", turns), timeout_seconds=20, report=print)
        fields = fake.requests[0].fields
        if provider == "gemini":
            said = [(turn["role"], turn["parts"][0]["text"]) for turn in fields["contents"]]
        else:
            said = [(turn["role"], turn["content"]) for turn in fields["messages"]]
            assert said.pop(0)[0] == "system"
        answering = "model" if provider == "gemini" else "assistant"
        assert said == [
            ("user", "first"), (answering, "one"), ("user", "second"), (answering, "two"), ("user", "third"),
        ]  # fmt: skip

    def test_design_lines_become_suggestions_and_are_not_shown(
        self, assistant: ChatEngine, fake: FakeProviders
    ) -> None:
        fake.behaviour = "design"
        heard: list[str] = []
        reply = assistant.reply(ChatRequest("Lavender?"), timeout_seconds=20, report=heard.append)
        assert (reply.text, reply.suggestions) == (REPLY, (Suggestion("patio", "english-garden", "Lavender in pots"),))
        assert not any("DESIGN" in words for words in heard)

    def test_a_design_nobody_offers_is_dropped(self, assistant: ChatEngine, fake: FakeProviders) -> None:
        fake.behaviour = "odd-design"
        reply = assistant.reply(ChatRequest("Lavender?"), timeout_seconds=20, report=print)
        assert (reply.text, reply.suggestions) == (REPLY, ())

    def test_a_general_assistant_proposes_no_designs(self, assistant: ChatEngine, fake: FakeProviders) -> None:
        fake.behaviour = "design"
        reply = assistant.reply(ChatRequest("Lavender?", subject="chat"), timeout_seconds=20, report=print)
        assert reply.suggestions == ()
        assert "DESIGN:" not in json.dumps(fake.requests[0].fields)

    def test_it_is_plain_text_of_at_most_8000_characters(self, assistant: ChatEngine, fake: FakeProviders) -> None:
        fake.behaviour = "long"
        assert 7_990 <= len(assistant.reply(ChatRequest("?"), timeout_seconds=20, report=print).text) <= 8_000
        fake.behaviour = "signs"
        text = assistant.reply(ChatRequest("?"), timeout_seconds=20, report=print).text
        assert text == "Sun[31m and rain\nand snow"
