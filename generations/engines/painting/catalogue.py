"""Everything that can be put into a garden by name, with its usual size."""

from collections.abc import Callable
from dataclasses import dataclass

from generations.engines.painting import cacti, flowers, furniture, lamps, shrubs, stones, trees
from generations.engines.painting.colours import ramp
from generations.engines.painting.easel import Easel
from generations.engines.painting.palms import palm

Painter = Callable[[Easel, float, float, float], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """`height` in metres; `spread`, radius of the shadow, and `crown`, where it begins, as shares of the height."""

    paint: Painter
    height: float
    spread: float = 0.5
    crown: float = 0.0


def _tree(kind: str, height: float) -> Entry:
    return Entry(trees.broadleaf(kind), height, spread=trees.KINDS[kind].spread * 0.9, crown=0.42)


ALOE = ramp("#4b5f39", "#667c48", "#879c5e", "#adbd80", "#d4dcae")
CEANOTHUS = flowers.usual("#4f6fc4", "#5d7bd2", "#4760b4")
ROSES = flowers.usual("#e58aa6", "#f3d9d2", "#c93b4e", "#f0b9a0")
HYDRANGEA = flowers.usual("#8fa5dd", "#d99ac0", "#efeaf0")
SAGE = flowers.usual("#8a78b4", "#a58fc0")
AZALEA = flowers.usual("#d9628f", "#e88fb0", "#f2d4de")
BRITTLE = flowers.usual("#f0c63f", "#e9b52f")

CATALOGUE: dict[str, Entry] = {
    **{
        kind: _tree(kind, height)
        for kind, height in (
            ("oak", 6.2),
            ("shade", 6.4),
            ("maple", 3.9),
            ("birch", 6.2),
            ("blossom", 4.4),
            ("olive", 3.8),
            ("apple", 3.9),
            ("sculptural", 3.7),
        )
    },
    "pine": Entry(trees.conifer, 5.6, 0.24, 0.1),
    "cypress": Entry(trees.cypress, 5.4, 0.10, 0.05),
    "palm": Entry(palm, 6.0, 0.26, 0.78),
    "bamboo": Entry(shrubs.bamboo, 3.2, 0.22, 0.3),
    "saguaro": Entry(cacti.saguaro, 3.4, 0.12),
    "shrub": Entry(shrubs.shrub("shrub"), 1.0, 0.6),
    "manzanita": Entry(shrubs.shrub("manzanita"), 1.1, 0.65),
    "mugo": Entry(shrubs.shrub("pine"), 0.8, 0.65),
    "ball": Entry(shrubs.ball, 0.75),
    "fern": Entry(shrubs.fern, 0.55, 0.8),
    "grass": Entry(shrubs.grass("green", plumes=True), 1.15, 0.5),
    "tuft": Entry(shrubs.grass("green"), 0.55, 0.6),
    "gold grass": Entry(shrubs.grass("gold", plumes=True), 1.0, 0.5),
    "blue grass": Entry(shrubs.grass("blue"), 0.45, 0.6),
    "black grass": Entry(shrubs.grass("black"), 0.28, 0.6),
    "ceanothus": Entry(shrubs.flowering("manzanita", 0.55, CEANOTHUS, 3.4), 1.25, 0.65),
    "sage": Entry(shrubs.flowering("sage", 0.22, SAGE, 3.2), 0.7, 0.7),
    "azalea": Entry(shrubs.flowering("shrub", 0.5, AZALEA, 4.0), 0.75, 0.65),
    "rose": Entry(shrubs.flowering("shrub", 0.38, ROSES, 6.4), 1.05, 0.6),
    "hydrangea": Entry(shrubs.flowering("fern", 0.85, HYDRANGEA, 4.2), 1.0, 0.65),
    "brittlebush": Entry(shrubs.flowering("sage", 0.4, BRITTLE, 3.6), 0.6, 0.7),
    "lavender": Entry(flowers.lavender, 0.65, 0.7),
    "foxglove": Entry(flowers.spires("#d78ab0", "#b777b0", "#efe3e8", slim=0.105), 1.30, 0.3),
    "delphinium": Entry(flowers.spires("#4f6fd0", "#6c5fc4", "#7fa3e6", slim=0.095), 1.45, 0.3),
    "salvia": Entry(flowers.spires("#6b4fb0", "#7a5cc0", slim=0.09, count=14), 0.62, 0.5),
    "daisy": Entry(flowers.heads("#f6f2e6", size=0.085, count=30, eye="#e9b93a"), 0.55, 0.6),
    "cosmos": Entry(
        flowers.heads("#e58ab4", "#f3dce6", "#c65a92", size=0.10, count=24, eye="#e3b648", tall=True), 0.9, 0.5
    ),
    "geum": Entry(flowers.heads("#ee8636", "#e2603a", size=0.075, count=28), 0.5, 0.6),
    "catmint": Entry(flowers.spires("#8d86cf", "#7d7ac4", slim=0.10, count=18), 0.5, 0.7),
    "tulip": Entry(flowers.tulips, 0.5, 0.4),
    "poppy": Entry(flowers.poppies, 0.42, 0.6),
    "sunflower": Entry(flowers.sunflower, 1.7, 0.2),
    "vegetable": Entry(flowers.vegetables, 0.6, 1.3),
    "barrel": Entry(cacti.barrel, 0.62, 0.55),
    "agave": Entry(cacti.agave, 0.75, 0.75),
    "aloe": Entry(lambda e, x, z, h: cacti.rosette(e, x, z, h, ALOE), 0.5, 0.7),
    "ocotillo": Entry(cacti.ocotillo, 2.7, 0.2),
    "pads": Entry(cacti.pads, 1.1, 0.45),
    "boulder": Entry(stones.boulder, 0.6, 0.75),
    "warm boulder": Entry(stones.warm_boulder, 0.6, 0.75),
    "mossy rock": Entry(stones.mossy_rock, 0.65, 0.75),
    "stone lantern": Entry(stones.lantern, 1.35, 0.22),
    "post lantern": Entry(lamps.post_lantern, 1.8, 0.08),
    "path light": Entry(lamps.path_light, 0.6, 0.1),
    "bench": Entry(furniture.bench, 0.9, 0.8),
    "swing": Entry(furniture.swing, 1.2, 0.9),
    "firepit": Entry(furniture.firepit, 0.4, 2.2),
    "tea": Entry(furniture.tea, 0.4, 2.4),
    "table": Entry(furniture.table, 0.8, 1.6),
    "lounge": Entry(furniture.lounge, 0.7, 1.9),
    "flower pot": Entry(furniture.flower_pot, 0.8, 0.4),
    "box pot": Entry(furniture.box_pot, 1.1, 0.35),
    "green pot": Entry(furniture.green_pot, 0.9, 0.4),
}
