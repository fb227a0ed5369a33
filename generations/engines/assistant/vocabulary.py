"""The words for places, styles and moods, and what each means in a design. Tables only."""

from dataclasses import dataclass
from typing import Final

from generations.engines.assistant.hearing import each

PLACES: Final = {
    "front-yard": each(
        "front yard, front garden, front lawn, frontyard, front of the house, street side, entrance, driveway"
    ),
    "back-yard": each("back yard, backyard, back garden, rear garden, behind the house, lawn behind"),
    "walkway": each("walkway, walk way, path to the door, way to the door, garden path, front path, front walk"),
    "side-yard": each("side yard, sideyard, side garden, side of the house, side passage, narrow strip, narrow yard"),
    "patio": each("patio, terrace, deck, courtyard, seating area, balcony, outdoor room, roof garden"),
}
STYLES: Final = {
    "modern-minimalist": each("modern, minimalist, minimal, contemporary, sleek, architectural, modern minimalist"),
    "california-native": each(
        "california, californian, california native, native, mediterranean, meadow garden, prairie"
    ),
    "japanese-zen": each("japanese, zen, japan, asian, japanese zen, bonsai"),
    "english-garden": each("english, english garden, cottage, cottage garden, traditional, victorian, country garden"),
    "desert-landscape": each("desert, desert landscape, southwest, southwestern, arizona, cactus garden, xeriscape"),
}
PLACE_NAMES: Final = {
    "front-yard": "front yard",
    "back-yard": "back yard",
    "walkway": "walkway",
    "side-yard": "side yard",
    "patio": "patio",
}
STYLE_NAMES: Final = {
    "modern-minimalist": "Modern Minimalist",
    "california-native": "California Native",
    "japanese-zen": "Japanese Zen",
    "english-garden": "English Garden",
    "desert-landscape": "Desert Landscape",
}


@dataclass(frozen=True, slots=True)
class Mood:
    """What a word such as "drier" changes: `styles` it leans to, and the painter's keys it `adds` and `drops`."""

    phrases: tuple[str, ...]
    styles: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()


MOODS: Final = {
    "dry": Mood(
        each("dry, drier, dryer, drought, less water, low water, little water, water wise, save water"),
        styles=each("desert-landscape, california-native, modern-minimalist"),
        adds=each("agave, lavender, gravel"),
        drops=each("pond, pool, stream, fountain, fern, hydrangea"),
    ),
    "lush": Mood(
        each("lush, lusher, greener, jungle, full of plants, fuller"),
        styles=each("english-garden, japanese-zen"),
        adds=each("fern, hydrangea"),
        drops=each("agave, barrel, saguaro"),
    ),
    "trees": Mood(
        each("more tree, tree, lot of tree, forest, woodland"),
        adds=each("birch, maple"),
    ),
    "flowers": Mood(
        each("more flower, full of flower, flowery, lot of flower, more colour, more color, colourful, colorful"),
        styles=each("english-garden, california-native"),
        adds=each("delphinium, poppy, pink, yellow"),
    ),
    "simple": Mood(
        each("simple, simpler, less busy, clean line, tidy, tidier, calmer line"),
        styles=each("modern-minimalist, japanese-zen"),
        adds=each("ball, grass"),
        drops=each("swing, lights, pots, daisy"),
    ),
    "formal": Mood(
        each("formal, symmetrical, classic, elegant"),
        styles=each("english-garden, modern-minimalist"),
        adds=each("ball, hedge, straight"),
        drops=each("winding"),
    ),
    "wild": Mood(
        each("wild, wilder, natural, naturalistic, untamed, rustic"),
        styles=each("california-native, english-garden"),
        adds=each("daisy, grass, winding"),
        drops=each("ball, hedge, straight"),
    ),
    "calm": Mood(
        each("calm, calmer, quiet, quieter, peaceful, relax, relaxing, restful, serene, meditation, yoga, tranquil"),
        styles=each("japanese-zen"),
        adds=each("fern, bench"),
        drops=each("swing"),
    ),
    "easy": Mood(
        each("easy, easier, low maintenance, easy care, less work, little work, lazy"),
        styles=each("modern-minimalist, desert-landscape, california-native"),
        adds=each("grass, gravel"),
        drops=each("rose, delphinium, vegetable"),
    ),
    "children": Mood(
        each("kid, child, children, play, toddler, family"),
        adds=each("swing"),
        drops=each("pond, pool, agave, barrel, saguaro, firepit, foxglove"),
    ),
    "pets": Mood(
        each("dog, puppy, pet"),
        adds=each("fence"),
        drops=each("agave, barrel, saguaro"),
    ),
    "private": Mood(
        each("privacy, private, secluded, screen, neighbor, neighbour, overlooked"),
        adds=each("hedge, pergola"),
    ),
    "shady": Mood(
        each("shade, shady, shadier, north facing"),
        styles=each("japanese-zen, english-garden"),
        adds=each("fern, maple"),
        drops=each("agave, barrel, saguaro, lavender"),
    ),
    "festive": Mood(
        each("party, entertain, entertaining, guest, friend, bbq, barbecue, celebrate, celebration"),
        adds=each("lights, table, firepit"),
    ),
    "romantic": Mood(
        each("romantic, romance, wedding, dreamy, fairytale"),
        styles=each("english-garden"),
        adds=each("rose, lights, golden"),
    ),
    "wildlife": Mood(
        each("bee, butterfly, wildlife, bird, pollinator, hummingbird"),
        styles=each("california-native, english-garden"),
        adds=each("lavender, daisy, fountain"),
    ),
    "kitchen": Mood(
        each("food, edible, cook, cooking, herb garden, vegetable garden, kitchen garden"),
        adds=each("vegetable, sage, apple"),
    ),
    "cosy": Mood(
        each("cosy, cozy, cosier, cozier, warm, warmer, intimate, snug"),
        adds=each("firepit, lantern, golden"),
    ),
    "tropical": Mood(
        each("tropical, holiday, resort, beach, hawaii, vacation"),
        styles=each("desert-landscape, modern-minimalist"),
        adds=each("palm, agave, pool"),
    ),
    "small": Mood(
        each("small, tiny, little space, small space"),
        styles=each("japanese-zen, modern-minimalist"),
        adds=each("pots"),
        drops=each("oak, pool"),
    ),
    "steep": Mood(
        each("slope, hill, hillside, steep"),
        adds=each("boulder, grass, winding"),
    ),
    "brighter": Mood(
        each("brighter, lighter, sunnier"),
        adds=each("noon, white"),
    ),
    "wet": Mood(
        each("wetter, more water, water feature"),
        adds=each("pond"),
    ),
}

# How the painter's keys are said in a prompt, so that it reads them again.
SAID: Final = {
    **{"spring": "in spring", "summer": "in summer", "autumn": "in autumn", "winter": "in winter"},
    **{"night": "at night", "golden": "at sunset", "dawn": "at dawn", "noon": "at noon"},
    **{"rain": "in the rain", "fog": "in the mist", "snow": "during snowfall", "cloudy": "on an overcast day"},
    **{"clear": "under a cloudless sky"},
    **{"fountain": "a fountain", "stream": "a stream", "pool": "a swimming pool", "pond": "a pond"},
    **{"brick": "brick path", "gravel": "gravel path", "stone": "flagstone path", "concrete": "path of concrete slabs"},
    **{"palm": "palms", "birch": "birches", "maple": "a maple", "oak": "an oak", "blossom": "a cherry in blossom"},
    **{"olive": "olive trees", "pine": "a pine", "cypress": "cypresses", "apple": "apple trees", "bamboo": "bamboo"},
    **{"saguaro": "a saguaro", "rose": "roses", "lavender": "lavender", "tulip": "tulips", "sunflower": "sunflowers"},
    **{"daisy": "daisies", "poppy": "poppies", "hydrangea": "hydrangeas", "foxglove": "foxgloves"},
    **{"delphinium": "delphiniums", "fern": "ferns", "grass": "ornamental grasses", "ball": "clipped boxwood"},
    **{"hedge": "hedges", "barrel": "barrel cacti", "agave": "agaves", "ceanothus": "ceanothus", "sage": "sage"},
    **{"vegetable": "raised beds of vegetables", "bench": "a bench", "swing": "a swing", "firepit": "a fire pit"},
    **{"lantern": "lanterns", "lights": "string lights", "fence": "a fence", "pergola": "a pergola"},
    **{"table": "a dining table", "pots": "planted pots", "boulder": "boulders"},
}


@dataclass(frozen=True, slots=True)
class Flavour:
    """One way to do a style, in the painter's keys: what fills the places that nobody's wish has taken."""

    trees: tuple[str, ...]
    plants: tuple[str, ...]
    feature: str  # water, or a thing to stand in the garden
    path: str
    time: str


FLAVOURS: Final = {
    "modern-minimalist": (
        Flavour(("birch",), ("ball", "grass"), "pool", "concrete", "noon"),
        Flavour(("olive",), ("lavender", "ball"), "firepit", "gravel", "golden"),
        Flavour(("maple",), ("hydrangea", "grass"), "lights", "stone", "night"),
    ),
    "california-native": (
        Flavour(("oak",), ("poppy", "ceanothus"), "boulder", "gravel", "noon"),
        Flavour(("olive",), ("sage", "grass"), "pergola", "stone", "golden"),
        Flavour(("cypress",), ("lavender", "poppy"), "firepit", "gravel", "dawn"),
    ),
    "japanese-zen": (
        Flavour(("maple",), ("fern", "ball"), "stream", "stone", "dawn"),
        Flavour(("pine", "bamboo"), ("hydrangea", "fern"), "pond", "stone", "golden"),
        Flavour(("blossom",), ("grass", "fern"), "lantern", "gravel", "night"),
    ),
    "english-garden": (
        Flavour(("apple",), ("rose", "delphinium"), "bench", "brick", "noon"),
        Flavour(("blossom",), ("foxglove", "hydrangea"), "fountain", "gravel", "dawn"),
        Flavour(("oak",), ("lavender", "daisy"), "pergola", "stone", "golden"),
    ),
    "desert-landscape": (
        Flavour(("saguaro",), ("agave", "barrel"), "boulder", "gravel", "golden"),
        Flavour(("palm",), ("agave", "grass"), "fountain", "stone", "noon"),
        Flavour(("olive",), ("barrel", "sage"), "firepit", "concrete", "night"),
    ),
}
