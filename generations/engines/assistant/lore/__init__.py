"""Everything the assistant knows about gardens and about this shop, in tables."""

from generations.engines.assistant.hearing import Phrases
from generations.engines.assistant.lore.care import CARE
from generations.engines.assistant.lore.places import PLACES
from generations.engines.assistant.lore.plants import PLANTS
from generations.engines.assistant.lore.shop import SHOP
from generations.engines.assistant.lore.styles import STYLES
from generations.engines.assistant.lore.topic import Topic

__all__ = ["CARE", "GARDENS", "SHOP", "TOPICS", "Topic", "brought_up"]

GARDENS: tuple[Topic, ...] = (*CARE, *PLANTS, *PLACES, *STYLES)
TOPICS: dict[str, Topic] = {topic.name: topic for topic in (*GARDENS, *SHOP)}

_ABOUT_GARDENS = Phrases({topic.name: topic.phrases for topic in GARDENS})
_ABOUT_THE_SHOP = Phrases({topic.name: topic.phrases for topic in SHOP})


def brought_up(spoken: str, *, gardens: bool = True) -> tuple[Topic, ...]:
    """Return the topics a message brings up, as spoken in singular words; of the shop's alone without `gardens`."""
    names = _ABOUT_GARDENS.named_in(spoken) if gardens else ()
    return tuple(TOPICS[name] for name in (*names, *_ABOUT_THE_SHOP.named_in(spoken)))
