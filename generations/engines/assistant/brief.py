"""What somebody wants their garden to be, gathered message by message: later words win over earlier ones."""

from dataclasses import dataclass, replace
from typing import Final

from generations.engines.assistant.hearing import Heard, Phrases, each
from generations.engines.assistant.vocabulary import MOODS, PLACE_NAMES, PLACES, SAID, STYLE_NAMES, STYLES, Mood
from generations.engines.painting import wishes

# Of each group a garden has at most so many.
GROUPS: Final = (
    (wishes.SEASONS, 1),
    (wishes.TIMES, 1),
    (wishes.WEATHERS, 1),
    (wishes.WATERS, 1),
    (wishes.PATHS, 1),
    (wishes.PATH_SHAPES, 1),
    (wishes.TREES, 3),
    (wishes.PLANTS, 4),
    (wishes.EXTRAS, 5),
    (wishes.COLOURS, 3),
)
# Said of something else than the weather, the flowers or the paving.
_OTHERWISE: Final = {
    "": each("wet, shower, white house, blue sky, grey sky, gray sky, natural light, green grass, fire safe"),
    "brick": each("red brick"),
    "fence": each("white picket"),
}
AGAIN: Final = each(
    "another, other idea, other design, other three, different idea, different one, something else, something "
    "different, more idea, three more, none of, new idea, again"
)
AFRESH: Final = each("start over, start again, start afresh, forget that, forget all, new garden, from scratch")

_PLACES, _STYLES = Phrases(PLACES), Phrases(STYLES)
_MOODS = Phrases({name: mood.phrases for name, mood in MOODS.items()})


def _painters_words() -> dict[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = dict(_OTHERWISE)
    taken = {phrase for phrases in _OTHERWISE.values() for phrase in phrases}
    for lists, _ in GROUPS:
        for key, phrases in lists.items():
            words[key] = words.get(key, ()) + tuple(phrase for phrase in phrases if phrase not in taken)
    return words


_WISHES = Phrases(_painters_words())


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What one message names: places, styles, wishes (the painter's keys), refusals of these, and moods."""

    places: tuple[str, ...]
    styles: tuple[str, ...]
    wishes: tuple[str, ...]
    refused: tuple[str, ...]
    refused_styles: tuple[str, ...]
    moods: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.places or self.styles or self.wishes or self.refused or self.refused_styles or self.moods)


def mentioned(heard: Heard) -> Mentioned:
    """Read a message against all word lists. What it both wants and refuses counts as refused."""
    refused = tuple(key for key in _WISHES.named_in(heard.refused) if key)
    return Mentioned(
        places=_PLACES.named_in(heard.wanted),
        styles=_STYLES.named_in(heard.wanted),
        wishes=tuple(key for key in _WISHES.named_in(heard.wanted) if key and key not in refused),
        refused=refused,
        refused_styles=_STYLES.named_in(heard.refused),
        moods=_MOODS.named_in(heard.spoken if heard.says(MOODS["dry"].phrases) else heard.wanted),
    )


@dataclass(frozen=True, slots=True)
class Brief:
    """The wishes so far, the oldest first. `named` says that the styles were named, not only leaned to by a mood.

    `added` are those of the `wishes` that nobody said: a mood brought them. `refused` was said; `dropped` follows from
    a mood and is not repeated to the user. `rounds` counts how often other ideas were asked for.
    """

    places: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    named: bool = False
    wishes: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    unwanted_styles: tuple[str, ...] = ()
    rounds: int = 0

    def after(self, heard: Heard) -> "Brief":
        """Return the brief with one more message taken into account."""
        brief = Brief() if heard.says(AFRESH) else self
        if heard.says(AGAIN):
            brief = replace(brief, rounds=brief.rounds + 1)
        said = mentioned(heard)
        for name in said.moods:
            brief = brief._in_the_mood(MOODS[name], said)
        if said.styles:
            brief = replace(brief, styles=said.styles, named=True)
        unwanted = (set(brief.unwanted_styles) | set(said.refused_styles)) - set(said.styles)
        refused = _without(_joined(brief.refused, said.refused), said.wishes)
        return replace(
            brief,
            places=said.places[:3] or brief.places,
            styles=_without(brief.styles, tuple(unwanted)),
            unwanted_styles=tuple(sorted(unwanted)),
            wishes=_fitting(_without(_joined(_without(brief.wishes, said.wishes), said.wishes), said.refused)),
            added=_without(brief.added, said.wishes),
            refused=refused,
            dropped=_without(brief.dropped, (*said.wishes, *refused)),
        )

    def _in_the_mood(self, mood: Mood, said: Mentioned) -> "Brief":
        """Lean to a mood. What the same message names itself weighs more."""
        adds = tuple(key for key in mood.adds if key not in said.refused and not _has_another(key, said.wishes))
        return replace(
            self,
            styles=_joined(mood.styles, self.styles) if mood.styles else self.styles,
            named=self.named and not mood.styles,
            wishes=_fitting(_without(_joined(_without(self.wishes, adds), adds), mood.drops)),
            added=_joined(self.added, _without(adds, self.said)),
            dropped=_without(_joined(self.dropped, mood.drops), adds),
            refused=_without(self.refused, adds),
        )

    @property
    def said(self) -> tuple[str, ...]:
        """The wishes that were said in as many words."""
        return _without(self.wishes, self.added)

    @property
    def brought(self) -> str:
        """What nobody said and a mood brought: "a maple, ferns"; may be empty."""
        return ", ".join(SAID.get(key, key) for key in self.wishes if key in self.added)

    @property
    def taken(self) -> str:
        """What was said, for the user to check: "back yard; roses, a pond; no tulips"; may be empty."""
        parts = [
            " and ".join(PLACE_NAMES[place] for place in self.places),
            " and ".join(STYLE_NAMES[style] for style in self.styles) if self.named else "",
            ", ".join(SAID.get(key, key) for key in self.said),
            ", ".join(no(key) for key in self.refused),
        ]
        return "; ".join(part for part in parts if part)


def no(key: str) -> str:
    """Return the refusal of a wish in words that the painter reads as one: "no roses"."""
    phrases = next(lists[key] for lists, _ in GROUPS if key in lists)
    word = next(phrase for phrase in phrases if " " not in phrase)
    return f"no {word}s" if SAID.get(key, "").split(" ")[-1] == f"{word}s" else f"no {word}"


def group_of(key: str) -> int:
    """Return which of GROUPS a wish belongs to."""
    return next(number for number, (lists, _) in enumerate(GROUPS) if key in lists)


def _has_another(key: str, named: tuple[str, ...]) -> bool:
    """Whether the message itself names something in the place of a mood's `key`."""
    lists, most = GROUPS[group_of(key)]
    return (most == 1 or lists is wishes.TREES) and any(other in lists for other in named)


def _fitting(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the latest of each group, as many as a garden has of it."""
    room = [most for _, most in GROUPS]
    kept: list[str] = []
    for key in reversed(keys):
        group = group_of(key)
        if room[group]:
            room[group] -= 1
            kept.append(key)
    return tuple(reversed(kept))


def _joined(*lists: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for keys in lists for key in keys))


def _without(keys: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if key not in others)
