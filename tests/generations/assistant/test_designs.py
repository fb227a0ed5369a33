"""Turning an idea into three designs that the painter understands, and changing them in the words that follow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.engines import ChatRequest, Reply, Suggestion, Turn
from generations.engines.assistant import RulesAssistant, vocabulary
from generations.engines.assistant.brief import GROUPS, no
from generations.engines.assistant.vocabulary import PLACE_NAMES, STYLE_NAMES
from generations.engines.painting.wishes import Wishes, read_prompt
from generations.forms import PROMPT_CHARACTERS
from generations.models import Generation
from tests.generations.assistant.conftest import Talk, unheard

KEYS = [key for lists, _ in GROUPS for key in lists]


def seen_by_the_painter(reply: Reply) -> list[Wishes]:
    return [read_prompt(suggestion.prompt) for suggestion in reply.suggestions]


def styles(reply: Reply) -> list[str]:
    return [suggestion.style for suggestion in reply.suggestions]


def areas(reply: Reply) -> list[str]:
    return [suggestion.area for suggestion in reply.suggestions]


def things(wishes: Wishes) -> set[str]:
    return {wishes.water, wishes.path, *wishes.trees, *wishes.plants, *wishes.extras, *wishes.colours}


def valid(suggestion: Suggestion) -> bool:
    return (
        suggestion.area in Generation.Area.values
        and suggestion.style in Generation.Style.values
        and 0 < len(suggestion.prompt) <= PROMPT_CHARACTERS
    )


class TestTheVocabulary:
    def test_places_and_styles_are_those_of_the_shop(self) -> None:
        assert list(vocabulary.PLACES) == list(vocabulary.PLACE_NAMES) == Generation.Area.values
        assert list(vocabulary.STYLES) == list(vocabulary.STYLE_NAMES) == Generation.Style.values
        assert list(vocabulary.STYLE_NAMES.values()) == Generation.Style.labels
        assert sorted(vocabulary.FLAVOURS) == sorted(Generation.Style.values)

    @pytest.mark.parametrize("key", KEYS)
    def test_the_painter_reads_each_wish_as_it_is_said(self, key: str) -> None:
        said = vocabulary.SAID.get(key, key)
        wishes = read_prompt(f"x, {said}, y")
        assert key in things(wishes) | {wishes.season, wishes.time, wishes.weather, wishes.path_shape}

    @pytest.mark.parametrize("key", KEYS)
    def test_the_painter_reads_each_refusal_as_one(self, key: str) -> None:
        assert read_prompt(f"x, {no(key)}") == read_prompt("x")

    @pytest.mark.parametrize("name", vocabulary.MOODS)
    def test_a_mood_speaks_of_wishes_and_styles_that_exist(self, name: str) -> None:
        mood = vocabulary.MOODS[name]
        assert set(mood.adds) | set(mood.drops) <= set(KEYS)
        assert set(mood.styles) <= set(Generation.Style.values)


class TestAnIdea:
    @pytest.mark.parametrize(
        "idea",
        [
            "Give me ideas",
            "A back yard for two dogs with a fire pit",
            "roses",
            "I want something romantic",
            "What could I do with my patio?",
            "Can you design a narrow side yard?",
            "Our front yard is small and shady",
            "What about a pond instead?",
            "modern or japanese walkway with bamboo, at night, in the snow",
        ],
    )
    def test_it_becomes_exactly_three_different_designs(self, talk: Talk, idea: str) -> None:
        reply = talk(idea)
        assert len(set(reply.suggestions)) == 3
        assert all(valid(suggestion) for suggestion in reply.suggestions)
        for number, suggestion in enumerate(reply.suggestions, start=1):
            assert f"\n{number}. {STYLE_NAMES[suggestion.style]}, {PLACE_NAMES[suggestion.area]}: " in reply.text

    def test_the_painter_finds_what_was_wished_in_each(self, talk: Talk) -> None:
        reply = talk("A Japanese back yard with a koi pond, white hydrangeas and a bench, in autumn at sunset")
        assert areas(reply) == ["back-yard"] * 3
        assert styles(reply) == ["japanese-zen"] * 3
        for wishes in seen_by_the_painter(reply):
            assert (wishes.water, wishes.season, wishes.time, wishes.colours) == (
                "pond",
                "autumn",
                "golden",
                ("white",),
            )
            assert {"hydrangea"} <= set(wishes.plants)
            assert "bench" in wishes.extras

    def test_one_style_alone_is_varied_by_trees_light_and_features(self, talk: Talk) -> None:
        seen = seen_by_the_painter(talk("An English front yard"))
        assert len({wishes.time for wishes in seen}) == 3
        assert len({wishes.trees for wishes in seen}) == 3

    def test_several_places_and_styles_are_spread_over_the_three(self, talk: Talk) -> None:
        reply = talk("ideas for a patio and a walkway, modern or desert")
        assert areas(reply) == ["patio", "walkway", "patio"]
        assert styles(reply) == ["modern-minimalist", "desert-landscape", "modern-minimalist"]

    def test_refused_things_and_styles_are_in_none(self, talk: Talk) -> None:
        reply = talk("Ideas for the back yard: no roses, tulips or lawns, without a pond, not english")
        assert "english-garden" not in styles(reply)
        for suggestion, wishes in zip(reply.suggestions, seen_by_the_painter(reply), strict=True):
            assert not {"rose", "tulip", "pond"} & things(wishes)
            assert suggestion.prompt.endswith("no roses, no tulips, no pond")

    def test_it_says_what_it_took_from_the_words(self, talk: Talk) -> None:
        text = talk("Hello", "A modern patio, purple lavender, no palms").text
        assert text.startswith("From your words I took: patio; Modern Minimalist; purple, lavender; no palms. Here are")

    def test_what_nobody_said_is_told_apart_from_what_was_said(self, talk: Talk) -> None:
        text = talk("Hello", "Ideas for a shady back yard with roses").text
        assert "From your words I took: back yard; roses. To suit them I added: ferns, a maple. Here" in text
        only_a_mood = talk("Hello", "Paint me something shady").text
        assert "To suit your words I added: ferns, a maple. Here" in only_a_mood
        assert "I took" not in only_a_mood

    def test_what_is_said_later_is_no_addition_any_more(self, talk: Talk) -> None:
        text = talk("Ideas for a shady back yard", "with ferns").text
        assert "From your words I took: back yard; ferns. To suit them I added: a maple. Here" in text

    def test_each_line_begins_with_what_was_said(self, talk: Talk) -> None:
        text = talk("A shady patio with a pond, purple roses, a winding brick path, in autumn").text
        for number, line in enumerate(re.findall(r"^\d\. .*", text, re.MULTILINE), start=1):
            told = line.split(": ")[1]
            assert told.startswith("roses, a pond, a winding brick path, in autumn, in purple, "), (number, line)

    def test_who_wishes_everything_still_gets_three(self, talk: Talk) -> None:
        everything = (
            "A modern patio with palms, birches and olives, roses, ferns, sage and poppies, a pool, a brick path, "
            "a bench, a swing, a fire pit, lanterns and a table at night"
        )
        reply = talk(everything)
        assert len(set(reply.suggestions)) == 3
        assert {suggestion.area for suggestion in reply.suggestions} == {"patio"}


class TestWordsThatFollow:
    def test_something_drier_leans_to_dry_styles_and_drops_the_water(self, talk: Talk) -> None:
        reply = talk("A back yard with a pond and ferns", "something drier")
        assert styles(reply) == ["desert-landscape", "california-native", "modern-minimalist"]
        assert areas(reply) == ["back-yard"] * 3
        for wishes in seen_by_the_painter(reply):
            assert {"agave", "lavender", "gravel"} <= things(wishes)
            assert not {"pond", "fern"} & things(wishes)

    def test_no_roses_takes_them_out_and_keeps_the_rest(self, talk: Talk) -> None:
        reply = talk("An English front yard with roses and lavender", "no roses")
        assert styles(reply) == ["english-garden"] * 3
        for wishes in seen_by_the_painter(reply):
            assert "lavender" in wishes.plants
            assert "rose" not in wishes.plants

    def test_roses_can_be_taken_back_in(self, talk: Talk) -> None:
        reply = talk("An English front yard", "no roses", "I do want roses after all")
        assert all("rose" in wishes.plants for wishes in seen_by_the_painter(reply))

    def test_more_trees_gives_more(self, talk: Talk) -> None:
        before, after = talk("A patio"), talk("A patio", "more trees")
        fewest = min(len(wishes.trees) for wishes in seen_by_the_painter(after))
        assert fewest > min(len(wishes.trees) for wishes in seen_by_the_painter(before))

    def test_at_night_changes_the_light_alone(self, talk: Talk) -> None:
        before, after = talk("A zen patio with a maple"), talk("A zen patio with a maple", "at night")
        assert (areas(after), styles(after)) == (areas(before), styles(before))
        assert [wishes.time for wishes in seen_by_the_painter(after)] == ["night"] * 3

    def test_asked_as_a_question_it_works_as_well(self, talk: Talk) -> None:
        reply = talk("A patio with a maple", "Can you make it at night, without the maple?")
        assert [(wishes.time, "maple" in wishes.trees) for wishes in seen_by_the_painter(reply)] == [
            ("night", False)
        ] * 3

    def test_others_are_others(self, talk: Talk) -> None:
        first, second = talk("A patio"), talk("A patio", "another three, please")
        assert not set(first.suggestions) & set(second.suggestions)
        assert areas(second) == ["patio"] * 3

    def test_starting_over_forgets(self, talk: Talk) -> None:
        reply = talk("An English patio with roses", "no lavender", "start over: a front yard")
        assert areas(reply) == ["front-yard"] * 3
        assert "lavender" not in reply.text.split("Here are")[0]

    def test_what_was_told_in_passing_is_remembered(self, talk: Talk) -> None:
        reply = talk("Hello", "We have a dog and a patio", "How do I mulch?", "Give me ideas")
        assert areas(reply) == ["patio"] * 3
        assert all("fence" in wishes.extras for wishes in seen_by_the_painter(reply))

    def test_a_question_of_care_between_changes_nothing(self, talk: Talk) -> None:
        assert talk("A patio", "What about slugs?", "at night") == talk("A patio", "Thanks", "at night")


class TestInGeneralTalk:
    def test_a_garden_that_comes_up_is_designed(self, talk: Talk) -> None:
        reply = talk("Hello", "I would like a Japanese garden with a pond", "drier", subject="chat")
        assert styles(reply) == ["desert-landscape", "california-native", "modern-minimalist"]

    @pytest.mark.parametrize(
        "message",
        ["translate it into Japanese", "an idea for dinner", "show me the modern world at night", "red or blue?"],
    )
    def test_nothing_else_is(self, talk: Talk, message: str) -> None:
        assert talk("Hello", message, subject="chat").suggestions == ()


WORDS = sorted(
    {word for lists, _ in GROUPS for phrases in lists.values() for phrase in phrases for word in phrase.split()}
    | {word for phrases in (*vocabulary.PLACES.values(), *vocabulary.STYLES.values()) for word in phrases}
    | {
        "no",
        "without",
        "and",
        ",",
        ".",
        "but",
        "ideas",
        "more",
        "another",
        "drier",
        "?",
        "design",
        "kids",
        "remember that",
    }
)
GARDEN_TALK = st.lists(st.sampled_from(WORDS), max_size=150).map(lambda words: " ".join(words)[:2000])


class TestAnyTextAtAll:
    @given(message=st.text(max_size=2000) | GARDEN_TALK, before=st.lists(GARDEN_TALK, max_size=2))
    @pytest.mark.parametrize("subject", ["landscape", "chat"])
    def test_the_reply_is_valid(self, message: str, before: list[str], subject: str) -> None:
        turns = tuple(Turn(text, "ok") for text in before)
        reply = RulesAssistant().reply(ChatRequest(message, turns, subject), timeout_seconds=5, report=unheard)
        assert 1 <= len(reply.text) <= 4000
        assert reply.text.strip() == reply.text
        assert len(set(reply.suggestions)) in (0, 3)
        assert all(valid(suggestion) for suggestion in reply.suggestions)

    @given(message=GARDEN_TALK)
    def test_what_is_refused_is_in_no_design(self, message: str) -> None:
        reply = RulesAssistant().reply(ChatRequest(f"{message}. No roses, no pond."), timeout_seconds=5, report=unheard)
        for wishes in seen_by_the_painter(reply):
            assert not {"rose", "pond"} & things(wishes)

    @pytest.mark.parametrize(
        "hostile",
        [
            "(" * 2000,
            "1+" * 1000,
            "-" * 2000 + "1",
            "9^" * 999 + "9",
            "what is " * 250,
            "a " * 1000,
            "my name is " * 180,
            "remember that " * 140,
            "how many days until " * 100,
            "please " * 280 + "summarize: x",
            "ﷺ" * 2000,
            "<script>alert(1)</script>" * 80,
            "{{ 7*7 }} {% debug %} ../../etc/passwd '; DROP TABLE users; --",
        ],
        ids=lambda text: re.sub(r"\W+", "-", text[:12]),
    )
    def test_hostile_text_is_answered_like_any_other(self, talk: Talk, hostile: str) -> None:
        reply = talk("Hello", hostile)
        assert 1 <= len(reply.text) <= 4000
        assert "<script" not in reply.text
