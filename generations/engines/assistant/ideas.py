"""Turning a brief into three designs that really differ, in words that the landscape painter understands."""

from itertools import chain, islice
from typing import Final

from generations.engines import Suggestion
from generations.engines.assistant.brief import Brief, no
from generations.engines.assistant.vocabulary import FLAVOURS, PLACE_NAMES, SAID, STYLE_NAMES, Flavour
from generations.engines.painting import wishes

HOW_MANY: Final = 3
USUAL_PLACES: Final = ("back-yard", "front-yard", "patio")
USUAL_STYLES: Final = (
    *("english-garden", "japanese-zen", "modern-minimalist", "california-native", "desert-landscape"),
)
UNASSUMING: Final = ("grass", "fern", "sage", "lavender", "hydrangea", "ball", "daisy", "agave", "foxglove", "poppy")
REFUSALS_TOLD: Final = 6
SAID_TOLD: Final = 5


def three_designs(brief: Brief) -> tuple[Suggestion, ...]:
    """Return exactly three different designs: what was wished for in each, the rest by the style's flavours."""
    places, styles = _places(brief), _styles(brief)
    designs: list[Suggestion] = []
    for number, (place, style) in enumerate(zip(places, styles, strict=True)):
        candidates = (_design(place, other, number, brief) for other in _trying(style, styles))
        designs.append(next(design for design in candidates if design not in designs))
    return tuple(designs)


def in_words(designs: tuple[Suggestion, ...], brief: Brief) -> str:
    """Return the designs as short numbered lines; their prompts are shown with the links that paint them."""
    return "\n".join(f"{number}. {_gist(design, brief)}" for number, design in enumerate(designs, start=1))


def _gist(design: Suggestion, brief: Brief) -> str:
    """Return "Japanese Zen, patio: roses, a pond, a maple, at dawn": what was said, then a thing of ours, the light."""
    parts = [part for part in design.prompt.split(", ") if not part.startswith("no ")]
    said = [part for part in parts if _was_said(part, brief)][:SAID_TOLD]
    light = [part for part in parts if part in {SAID[key] for key in wishes.TIMES} and part not in said]
    ours = [part for part in parts if part not in said and part not in light and not _was_said(part, brief)][:1]
    return f"{STYLE_NAMES[design.style]}, {PLACE_NAMES[design.area]}: {', '.join([*said, *ours, *light])}."


def _was_said(part: str, brief: Brief) -> bool:
    """Whether a part of a prompt is a wish that was said, or is made of one: "a winding brick path", "in white"."""
    if part in SAID.values():
        return any(SAID.get(key) == part for key in brief.said)
    lists = (wishes.PATHS, wishes.PATH_SHAPES) if "path" in part else (wishes.COLOURS,)
    return any(key in brief.said for keys in lists for key in keys)


def _places(brief: Brief) -> tuple[str, ...]:
    named = brief.places or USUAL_PLACES
    return tuple(named[number % len(named)] for number in range(HOW_MANY))


def _styles(brief: Brief) -> tuple[str, ...]:
    """Return the named styles, one after the other; otherwise those leaned to, then others. Each round turns them."""
    if brief.named and brief.styles:
        return tuple(brief.styles[number % len(brief.styles)] for number in range(HOW_MANY))
    others = [style for style in USUAL_STYLES if style not in brief.styles and style not in brief.unwanted_styles]
    wanted = [*brief.styles, *others] or list(USUAL_STYLES)
    return tuple(wanted[(number + brief.rounds * HOW_MANY) % len(wanted)] for number in range(HOW_MANY))


def _trying(style: str, taken: tuple[str, ...]) -> chain[str]:
    """Return `style` first, then others: somebody may wish so much that one style leaves nothing to vary."""
    return chain([style], (other for other in USUAL_STYLES if other not in taken), USUAL_STYLES)


def _design(place: str, style: str, number: int, brief: Brief) -> Suggestion:
    flavour = _flavour(style, number, brief.rounds)
    refusals = [no(key) for key in brief.refused[-REFUSALS_TOLD:]]
    return Suggestion(area=place, style=style, prompt=", ".join([*_wished(brief, flavour), *refusals]))


def _flavour(style: str, number: int, rounds: int) -> Flavour:
    """Return a flavour of the style; each new round mixes its parts anew."""
    flavours = FLAVOURS[style]
    first, second, third = (flavours[(number + shift * rounds) % len(flavours)] for shift in (0, 1, 2))
    return Flavour(first.trees, second.plants, third.feature, first.path, second.time)


def _wished(brief: Brief, flavour: Flavour) -> list[str]:
    """Return the parts of a prompt."""
    unwanted = {*brief.refused, *brief.dropped}

    def wished(lists: dict[str, tuple[str, ...]], *otherwise: str) -> list[str]:
        mine = [key for key in brief.wishes if key in lists]
        return mine or [key for key in otherwise if key in lists and key not in unwanted]

    plants = wished(wishes.PLANTS)
    spare = (key for key in (*flavour.plants, *UNASSUMING) if key not in unwanted and key not in plants)
    plants += islice(spare, max(0, 2 - len(plants)))
    extras = [*wished(wishes.EXTRAS), flavour.feature]
    extras = [key for key in dict.fromkeys(extras) if key in wishes.EXTRAS and key not in unwanted][:5]
    keys = [
        *wished(wishes.TREES, *flavour.trees),
        *plants,
        *wished(wishes.WATERS, flavour.feature),
        *extras,
    ]
    path = _path(wished(wishes.PATH_SHAPES), wished(wishes.PATHS, flavour.path))
    light = [*wished(wishes.TIMES, flavour.time), *wished(wishes.WEATHERS), *wished(wishes.SEASONS)]
    colours = wished(wishes.COLOURS)
    return [
        *(SAID[key] for key in keys),
        *([path] if path else []),
        *(SAID[key] for key in light),
        *([f"in {' and '.join(colours)}"] if colours else []),
    ]


def _path(shapes: list[str], paths: list[str]) -> str:
    """Return "a winding brick path"; "" when no path is wanted."""
    if not shapes and not paths:
        return ""
    return " ".join(["a", *shapes, SAID[paths[0]] if paths else "path"])
