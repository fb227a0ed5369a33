"""What the assistant knows about gardens and about the shop."""

import pytest

from generations.engines.assistant.lore import GARDENS, SHOP, TOPICS
from generations.engines.painting.wishes import singular
from tests.generations.assistant.conftest import Talk

QUESTIONS = {
    "How often should I water my lawn?": ("watering", "lawns"),
    "What helps against slugs and aphids?": ("slugs", "pests"),
    "When do I prune?": ("pruning",),
    "My soil is heavy clay, what grows?": ("soil", "clay soil"),
    "How much does it cost?": ("what a design costs",),
    "Tell me about hydrangeas": ("hydrangeas",),
    "Which plants like shade?": ("shade plants",),
    "What can replace my lawn?": ("lawn alternatives",),
    "How do I get privacy from the neighbours?": ("privacy",),
    "Is it safe for kids and dogs?": ("children", "dogs"),
    "What can I do with a steep slope?": ("slopes",),
    "ideas for a tiny yard": ("small yards",),
    "How do I keep deer away from the hedge?": ("deer and rabbits", "hedges"),
    "What is a Japanese garden?": ("Japanese Zen",),
    "What is a desert garden like?": ("Desert Landscape",),
    "Which style needs the least work?": ("choosing a style", "low maintenance"),
    "What does a design cost?": ("what a design costs",),
    "What happens if a design fails, do I get a refund?": ("refunds",),
    "Can I upload a photo?": ("a photo of your yard",),
    "Where are my designs?": ("your gallery",),
    "How do I use this site?": ("making a design",),
    "How deep must a pond be for koi?": ("ponds and water",),
    "Is drip irrigation better in a drought?": ("irrigation", "drought"),
    "When should I plant tulip bulbs?": ("bulbs",),
}


def told(text: str) -> set[str]:
    return {name for name, topic in TOPICS.items() if topic.answer in text}


class TestAQuestionAboutGardens:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_every_topic_in_it_is_answered_and_no_other(self, talk: Talk, question: str) -> None:
        assert told(talk("Hello", question).text) == set(QUESTIONS[question])

    @pytest.mark.parametrize("name", TOPICS)
    def test_each_topic_can_be_reached_by_each_of_its_phrases(self, talk: Talk, name: str) -> None:
        missed = [
            phrase for phrase in TOPICS[name].phrases if name not in told(talk("Hello", f"Tell me about {phrase}").text)
        ]
        assert missed == []

    def test_a_garden_is_known_in_general_talk_too(self, talk: Talk) -> None:
        assert told(talk("Hello", "What do I do about slugs in my garden?", subject="chat").text) == {"slugs"}

    def test_what_is_too_much_for_one_reply_is_named_and_left_for_another(self, talk: Talk) -> None:
        text = talk("Hello", "slugs deer mulch compost pruning weeds hedges clay privacy?").text
        assert told(text) == {"slugs", "deer and rabbits", "mulch", "compost", "pruning", "weeds"}
        assert text.endswith(
            "You also touched hedges, clay soil, privacy; ask me about those in a message of their own."
        )

    def test_asking_is_not_wishing(self, talk: Talk) -> None:
        assert talk("How often do I water roses?").suggestions == ()
        assert talk("My roses have black spots").suggestions == ()


class TestTheTables:
    def test_there_is_much_to_know(self) -> None:
        assert len(GARDENS) >= 60
        assert len(SHOP) >= 10

    @pytest.mark.parametrize("name", TOPICS)
    def test_an_answer_is_whole_sentences_that_fit(self, name: str) -> None:
        answer = TOPICS[name].answer
        assert 80 <= len(answer) <= 600
        assert answer.endswith(".")
        assert "  " not in answer

    def test_phrases_are_written_in_the_singular(self) -> None:
        words = {word for topic in TOPICS.values() for phrase in topic.phrases for word in phrase.split()}
        assert {word for word in words if singular(word) != word} == set()
