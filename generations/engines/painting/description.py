"""The words that go with a picture, for those who cannot see it."""

from generations.engines import DesignRequest
from generations.engines.painting.photo import Yard
from generations.engines.painting.styles import STYLES
from generations.engines.painting.wishes import Wishes

AREAS = {
    "front-yard": "front yard before the house",
    "back-yard": "back yard behind the house",
    "walkway": "walkway that leads to the front door",
    "side-yard": "side yard along the wall of the house",
    "patio": "patio with seats behind the house",
}
TIMES = {"night": "at night", "golden": "in the light of sunset", "dawn": "at dawn", "noon": "at noon"}
WEATHERS = {
    "rain": "in the rain",
    "fog": "in the mist",
    "snow": "while snow falls",
    "cloudy": "under clouds",
    "clear": "under a clear sky",
}
WATERS = {"pond": "a pond", "pool": "a pool", "stream": "a stream", "fountain": "a fountain"}
EXTRAS = {
    "bench": "a bench",
    "swing": "a swing",
    "firepit": "a fire pit",
    "lantern": "lanterns",
    "lights": "strings of lights",
    "fence": "a fence",
    "pergola": "a pergola",
    "table": "a table with chairs",
    "pots": "planted pots",
    "boulder": "boulders",
}
PLANTS = {"ball": "clipped box", "grass": "ornamental grasses", "sage": "sage", "barrel": "barrel cacti"}
TREES = {"apple": "fruit trees", "blossom": "blossoming trees", "bamboo": "bamboo", "cypress": "cypresses"}


def describe(request: DesignRequest, wishes: Wishes) -> str:
    """One sentence: the kind of garden, its season and light, and what was wished for in it."""
    style = STYLES[request.style].title
    start = f"A {style} {AREAS[request.area]}"
    start = start.replace("A English", "An English")
    parts = [start, f"in {wishes.season}"]
    parts += [TIMES[wishes.time]] if wishes.time in TIMES else []
    parts += [WEATHERS[wishes.weather]] if wishes.weather in WEATHERS else []
    sentence = " ".join(parts)
    things = _things(wishes)
    return f"{sentence}, with {_listed(things)}." if things else f"{sentence}."


def _things(wishes: Wishes) -> list[str]:
    things = [WATERS[wishes.water]] if wishes.water else []
    things += [TREES.get(tree, f"{tree} trees") for tree in wishes.trees]
    things += [PLANTS.get(plant, _many(plant)) for plant in wishes.plants]
    things += [EXTRAS[extra] for extra in wishes.extras]
    return things


def _many(plant: str) -> str:
    if plant in ("lavender", "agave", "ceanothus"):
        return plant
    return plant[:-1] + "ies" if plant.endswith("y") else f"{plant}s"


def _listed(things: list[str]) -> str:
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"


def taken(yard: Yard) -> str:
    """Say what of a photo is in the picture, and what could not be taken from it."""
    house = "the colours of the house" if yard.roof is not None else "the colour of the house's walls"
    found = [house] if yard.wall is not None else []
    found += ["the horizon"] if yard.ground_line is not None else []
    found += ["the tone of the sky"] if yard.sky is not None else []
    missed = ["a house"] if yard.wall is None else []
    missed += ["a horizon"] if yard.ground_line is None else []
    if not found:
        return "neither a house nor a horizon was recognised in your photo, so nothing was taken from it"
    said = f"{_listed(found)} {'were' if len(found) > 1 or yard.roof is not None else 'was'} taken from your photo"
    return f"{said}; {' or '.join(missed)} was not recognised in it" if missed else said
