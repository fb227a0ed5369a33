"""What a prompt asks for: word lists, and the reading of a prompt against them."""

import re
from dataclasses import dataclass

SEASONS = {
    "spring": ("spring", "springtime", "april", "may blossom"),
    "summer": ("summer", "summertime", "july"),
    "autumn": ("autumn", "autumnal", "fall", "october", "november", "fall colour", "fall color"),
    "winter": ("winter", "wintry", "snow", "snowy", "frost", "frosty", "christmas", "december", "january"),
}
TIMES = {
    "night": ("night", "midnight", "moon", "moonlight", "moonlit", "star", "starry", "nighttime", "nocturnal"),
    "golden": ("sunset", "golden hour", "golden light", "evening", "dusk", "twilight"),
    "dawn": ("dawn", "sunrise", "morning", "early light", "daybreak"),
    "noon": ("noon", "midday", "sunny", "bright", "full sun"),
}
WEATHERS = {
    "rain": ("rain", "rainy", "raining", "drizzle", "wet", "storm", "stormy", "shower"),
    "fog": ("fog", "foggy", "mist", "misty", "haze", "hazy"),
    "snow": ("snowing", "snowfall", "snowflake", "blizzard"),
    "cloudy": ("cloud", "cloudy", "overcast", "grey sky", "gray sky"),
    "clear": ("clear", "cloudless", "blue sky"),
}
WATERS = {
    "fountain": ("fountain", "water feature", "birdbath", "bird bath"),
    "stream": ("stream", "creek", "brook", "waterfall", "rill"),
    "pool": ("pool", "swimming pool", "lap pool", "plunge pool", "hot tub"),
    "pond": ("pond", "koi", "lily", "water garden", "lake"),
}
PATHS = {
    "brick": ("brick", "brick path", "brick walkway", "herringbone"),
    "gravel": ("gravel", "gravel path", "pebble", "decomposed granite"),
    "stone": (
        "stone path",
        "stone walkway",
        "natural stone",
        "flagstone",
        "stepping stone",
        "cobblestone",
        "slate",
        "paver stone",
    ),
    "concrete": ("concrete", "paver", "paving", "slab"),
}
PATH_SHAPES = {
    "winding": ("winding", "curved", "curving", "meandering", "serpentine", "curvy"),
    "straight": ("straight", "formal", "symmetrical", "geometric"),
}
TREES = {
    "palm": ("palm", "palm tree"),
    "birch": ("birch", "aspen"),
    "maple": ("maple", "japanese maple", "acer"),
    "oak": ("oak", "shade tree", "big tree"),
    "blossom": ("cherry", "cherry blossom", "blossom", "magnolia", "almond tree", "plum tree"),
    "olive": ("olive", "olive tree"),
    "pine": ("pine", "conifer", "spruce", "fir", "evergreen", "christmas tree"),
    "cypress": ("cypress", "juniper", "italian cypress"),
    "apple": ("apple", "fruit tree", "orchard", "lemon", "citrus", "orange tree"),
    "bamboo": ("bamboo",),
    "saguaro": ("saguaro", "tall cactus"),
}
PLANTS = {
    "rose": ("rose", "rosebush", "rose bush", "peony", "climbing rose"),
    "lavender": ("lavender", "salvia", "catmint"),
    "tulip": ("tulip", "bulb", "daffodil", "crocus"),
    "sunflower": ("sunflower",),
    "daisy": ("daisy", "chamomile", "aster", "marguerite", "wildflower", "meadow", "flower", "perennial"),
    "poppy": ("poppy",),
    "hydrangea": ("hydrangea", "rhododendron", "azalea"),
    "foxglove": ("foxglove", "hollyhock", "lupin", "lupine"),
    "delphinium": ("delphinium", "larkspur"),
    "fern": ("fern", "hosta", "shade plant"),
    "grass": ("ornamental grass", "grass", "fountain grass", "pampas", "sedge"),
    "ball": ("boxwood", "topiary", "box ball", "buxus"),
    "hedge": ("hedge", "privet", "hedging"),
    "barrel": ("cactus", "cacti", "barrel cactus"),
    "agave": ("agave", "aloe", "yucca", "succulent"),
    "ceanothus": ("ceanothus", "california lilac"),
    "sage": ("sage", "rosemary", "thyme", "herb"),
    "vegetable": ("vegetable", "veggie", "vegetable garden", "kitchen garden", "raised bed", "lettuce", "tomato"),
}
EXTRAS = {
    "bench": ("bench", "seat", "seating", "chair"),
    "swing": ("swing", "swing set"),
    "firepit": ("fire pit", "firepit", "fire", "campfire", "fireplace"),
    "lantern": ("lantern", "lamp", "path light", "stone lantern"),
    "lights": ("string light", "fairy light", "festoon", "lighting", "bistro light", "garden light", "party light"),
    "fence": ("fence", "picket", "picket fence", "fencing"),
    "pergola": ("pergola", "arbor", "arbour", "trellis", "gazebo", "shade structure"),
    "table": ("table", "dining", "dining table", "barbecue", "bbq", "outdoor kitchen"),
    "pots": ("pot", "planter", "container", "potted plant", "urn"),
    "boulder": ("boulder", "rock", "rockery", "rock garden"),
}
COLOURS = {
    "white": ("white", "ivory", "cream"),
    "pink": ("pink", "blush", "magenta"),
    "purple": ("purple", "violet", "mauve", "lilac"),
    "red": ("red", "crimson", "scarlet"),
    "yellow": ("yellow", "gold", "golden yellow"),
    "blue": ("blue", "azure", "indigo"),
    "orange": ("orange", "coral", "peach", "apricot"),
}
REFUSALS = ("no", "without", "not", "avoid", "remove")
FALSE_FRIENDS = (
    *("blue sky", "grey sky", "gray sky", "orange tree", "white house", "golden hour", "green grass"),
    *("natural light", "golden light", "early light", "red brick", "white picket", "cherry red", "fall color"),
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """A prompt as choices. Empty values mean that the style decides."""

    season: str = "summer"
    time: str = "day"
    weather: str = "fair"
    water: str = ""
    path: str = ""
    path_shape: str = ""
    trees: tuple[str, ...] = ()
    plants: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()

    @property
    def snow(self) -> bool:
        """Whether the ground is white."""
        return self.season == "winter" or self.weather == "snow"


def singular(word: str) -> str:
    """Undo simple English plurals: roses, benches, cherries."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "toes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _spoken(prompt: str) -> str:
    words = [singular(word) for word in re.findall(r"[a-z]+", prompt.casefold())]
    return f" {' '.join(words)} "


def _named(spoken: str, lists: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The keys of the lists of which a word is spoken and not refused, in the order they are spoken."""
    found: dict[str, int] = {}
    for key, phrases in lists.items():
        for phrase in phrases:
            at = _wanted(spoken, " ".join(singular(word) for word in phrase.split()))
            if at >= 0:
                found[key] = min(at, found.get(key, at))
    return tuple(sorted(found, key=lambda key: (found[key], key)))


def _wanted(spoken: str, phrase: str) -> int:
    at = spoken.find(f" {phrase} ")
    while at >= 0:
        before = spoken[:at].rsplit(" ", 1)[-1]
        if before not in REFUSALS:
            return at
        at = spoken.find(f" {phrase} ", at + 1)
    return -1


def _flower_colours(spoken: str) -> tuple[str, ...]:
    for friend in FALSE_FRIENDS:
        spoken = spoken.replace(f" {friend} ", " ")
    return _named(spoken, COLOURS)


def read_prompt(prompt: str) -> Wishes:
    """Find the wishes in a prompt; words it does not know are left alone."""
    spoken = _spoken(prompt)

    def first(lists: dict[str, tuple[str, ...]], otherwise: str = "") -> str:
        return next(iter(_named(spoken, lists)), otherwise)

    weather = first(WEATHERS, "fair")
    return Wishes(
        season=first(SEASONS, "winter" if weather == "snow" else "summer"),
        time=first(TIMES, "day"),
        weather=weather,
        water=first(WATERS),
        path=first(PATHS),
        path_shape=first(PATH_SHAPES),
        trees=_named(spoken, TREES)[:3],
        plants=_named(spoken, PLANTS)[:4],
        extras=_named(spoken, EXTRAS)[:5],
        colours=_flower_colours(spoken)[:3],
    )
