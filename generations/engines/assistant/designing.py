"""When a message asks for designs, and which garden the conversation is about by then."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from generations.engines.assistant.brief import AFRESH, AGAIN, Brief, mentioned
from generations.engines.assistant.hearing import Heard, each
from generations.engines.assistant.lore import CARE, SHOP, brought_up

ASKING: Final = each(
    "design, idea, suggest, suggestion, inspire, inspiration, imagine, paint, draw, sketch, show me, picture, "
    "proposal, propose, makeover, make over, redo, redesign, transform, what could, turn into, dream, surprise me"
)
GARDENS: Final = each(
    "garden, gardening, yard, backyard, lawn, patio, landscape, landscaping, flower bed, flowerbed, plant, planting, "
    "hedge, shrub, soil, compost, mulch, prune, pruning, terrace, weed, watering"
)
GREEN: Final = each(
    "garden, yard, backyard, lawn, patio, landscape, flower bed, walkway, terrace, courtyard, side yard"
)


@dataclass(frozen=True, slots=True)
class Designing:
    """The brief after a message, and whether that message `asks` for designs. `ideas` were given at some time."""

    brief: Brief = field(default_factory=Brief)
    ideas: bool = False
    asks: bool = False

    def after(self, heard: Heard, subject: str) -> "Designing":
        """Return what holds after one more message."""
        asks = self._asks(heard, subject)
        brief = self.brief.after(heard) if asks or _tells(heard, subject) else self.brief
        return Designing(brief, self.ideas or asks, asks)

    def _asks(self, heard: Heard, subject: str) -> bool:
        said = mentioned(heard)
        if _named(brought_up(heard.spoken), SHOP) and not said.places and not said.styles:
            return False
        cares = _named(brought_up(heard.spoken), CARE) and not (said.places or said.styles or said.moods)
        if self.ideas and (heard.says((*AGAIN, *AFRESH)) or (said and _changes(heard) and not cares)):
            return True
        if subject == "chat" and not heard.says(GREEN):
            return False
        if heard.says(ASKING):
            return True
        return bool(said) and not cares and (not heard.is_question or heard.says(("what about", "how about")))


def about(heards: Iterable[Heard], subject: str) -> Designing:
    """Return what holds after all of these messages."""
    state = Designing()
    for heard in heards:
        state = state.after(heard, subject)
    return state


def _tells(heard: Heard, subject: str) -> bool:
    """Whether a message that asks for nothing still says something about the garden: "we have two dogs"."""
    in_place = subject != "chat" or heard.says(GREEN)
    return in_place and not heard.is_question and not _named(brought_up(heard.spoken), CARE)


def _changes(heard: Heard) -> bool:
    """Whether a message with wishes in it is meant for the earlier designs; "how do I ..." is not."""
    return not heard.is_question or heard.says(
        ("can you", "could you", "what about", "how about", "make it", "would you")
    )


def _named(topics: Iterable[object], table: Iterable[object]) -> bool:
    known = list(table)
    return any(topic in known for topic in topics)
