"""The five styles: their surfaces, plants and furniture. Names are those of the catalogue."""

from dataclasses import dataclass

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """`back`, `middle`, `front` are plants by their place in a bed. An ordered style plants in rows."""

    title: str
    floor: str
    path: str
    bed: str
    terrace: str
    fence: str
    wall: str  # material of a long side wall
    roof_edge: str  # colour of the eave above it
    frame: str  # colour of window frames and doors
    trees: Names
    far_trees: Names
    back: Names
    middle: Names
    front: Names
    stones: str
    rocks: int  # how many stones lie in the beds
    pots: str
    seat: str
    pergola: str
    lamp: str
    ordered: bool = False
    dry_stream: bool = False
    islands: str = ""  # "group" in open gravel, "bed" in the lawn behind the house
    focus: str = ""  # what stands in the middle of an island


STYLES: dict[str, Style] = {
    "modern-minimalist": Style(
        title="modern minimalist",
        floor="lawn",
        path="concrete",
        bed="gravel",
        terrace="concrete",
        fence="slats",
        wall="white",
        roof_edge="#2d3033",
        frame="#2d3033",
        trees=("sculptural", "birch"),
        far_trees=("shade", "birch"),
        back=("grass",),
        middle=("ball",),
        front=("blue grass",),
        stones="boulder",
        rocks=0,
        pots="box pot",
        seat="lounge",
        pergola="charcoal",
        lamp="path light",
        ordered=True,
        islands="bed",
        focus="sculptural",
    ),
    "california-native": Style(
        title="California native",
        floor="meadow",
        path="warm gravel",
        bed="soil",
        terrace="stone",
        fence="stucco",
        wall="stucco",
        roof_edge="#a9603f",
        frame="#6d4a30",
        trees=("oak", "olive"),
        far_trees=("oak", "oak", "cypress"),
        back=("ceanothus", "manzanita", "ceanothus", "gold grass"),
        middle=("sage", "poppy", "gold grass", "lavender", "manzanita"),
        front=("poppy", "poppy", "sage", "blue grass"),
        stones="warm boulder",
        rocks=9,
        pots="green pot",
        seat="table",
        pergola="teak",
        lamp="path light",
        dry_stream=True,
    ),
    "japanese-zen": Style(
        title="Japanese Zen",
        floor="raked gravel",
        path="stepping",
        bed="moss",
        terrace="deck",
        fence="bamboo",
        wall="plaster",
        roof_edge="#40454b",
        frame="#42301f",
        trees=("maple", "pine"),
        far_trees=("pine", "shade", "bamboo"),
        back=("bamboo", "azalea", "mugo", "shrub"),
        middle=("azalea", "fern", "mugo", "ball"),
        front=("fern", "ball", "black grass", "tuft"),
        stones="mossy rock",
        rocks=12,
        pots="green pot",
        seat="tea",
        pergola="bamboo",
        lamp="stone lantern",
    ),
    "english-garden": Style(
        title="English cottage",
        floor="lawn",
        path="brick",
        bed="soil",
        terrace="stone",
        fence="picket",
        wall="brick",
        roof_edge="#efece2",
        frame="#f4f2ea",
        trees=("apple", "blossom"),
        far_trees=("shade", "oak", "shade"),
        back=("delphinium", "foxglove", "rose", "hydrangea", "foxglove"),
        middle=("rose", "cosmos", "lavender", "salvia", "daisy", "hydrangea"),
        front=("lavender", "daisy", "catmint", "geum", "catmint"),
        stones="boulder",
        rocks=0,
        pots="flower pot",
        seat="table",
        pergola="white",
        lamp="post lantern",
        islands="bed",
        focus="rose",
    ),
    "desert-landscape": Style(
        title="desert",
        floor="golden gravel",
        path="stone",
        bed="golden gravel",
        terrace="stone",
        fence="adobe",
        wall="adobe",
        roof_edge="#c08d62",
        frame="#3f8f94",
        trees=("saguaro", "saguaro"),
        far_trees=("cypress", "olive"),
        back=("ocotillo", "pads", "agave", "brittlebush"),
        middle=("agave", "barrel", "brittlebush", "aloe", "agave"),
        front=("barrel", "aloe", "blue grass", "brittlebush"),
        stones="warm boulder",
        rocks=12,
        pots="green pot",
        seat="lounge",
        pergola="teak",
        lamp="path light",
        islands="group",
        focus="saguaro",
    ),
}
