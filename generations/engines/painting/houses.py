"""Five houses, one for each style, seen from the street (front) or from the garden (rear)."""

from collections.abc import Callable

import numpy as np

from generations.engines.painting import openings
from generations.engines.painting.colours import mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.flowers import petals
from generations.engines.painting.foliage import Clumps, leaf_mass, seasonal
from generations.engines.painting.roofs import Slope, chimney, flat_roof, gable, slope
from generations.engines.painting.shrubs import GREENS
from generations.engines.painting.walls import Wall, coat

FRONT = 15.0  # distance of the main wall in metres
WHITE, CHARCOAL, OAK = rgb("#f4f2ea"), rgb("#2d3033"), rgb("#8a5f3e")
STONE_STEPS = ramp("#97918a", "#bdb7ae", "#d6d0c6")
House = Callable[[Easel, float, bool], None]  # easel, where the door is (x), seen from the rear


def _facing(easel: Easel, x0: float, x1: float, z: float, height: float) -> Wall:
    return Wall(easel, (x0, z, x1, z), height)


def _flank(easel: Easel, x0: float, x1: float, near: float, height: float, *, made_of: str) -> None:
    """Paint the side of a projecting wing, where the viewer can see it."""
    side = x1 if x1 < 0 else x0 if x0 > 0 else None
    if side is not None:
        wall = Wall(easel, (side, near, side, FRONT), height)
        wall.cover((0, wall.length, 0, height), coat(easel, made_of), 0.66 if side == x1 else 0.90)


def modern(easel: Easel, door: float, rear: bool) -> None:
    """White and charcoal volumes with flat roofs, cedar at the door, much glass."""
    tall = _facing(easel, door + 1.3, door + 6.6, 14.0, 5.5)
    low = _facing(easel, door - 7.4, door + 1.6, FRONT, 3.1)
    low.cover((0, low.length, 0, 3.1), coat(easel, "white"))
    low.cover((6.1, 9.0, 0, 3.1), coat(easel, "cedar"))
    flat_roof(easel, low, 0.24, 0.35, easel.trim(CHARCOAL, 0.8))
    if rear:
        openings.glass_doors(easel, low, (1.0, 5.6), CHARCOAL, 4, tall=2.5)
        openings.glass_doors(easel, low, (6.5, 8.4), CHARCOAL, 2, tall=2.4)
    else:
        openings.window(easel, low, (1.2, 5.2, 0.55, 2.55), CHARCOAL, (3, 1), sill=False)
        openings.door(easel, low, 7.4, rgb("#33383c"), CHARCOAL, style="glass")
        openings.steps(easel, door, FRONT, STONE_STEPS, 2.2)
    _flank(easel, door + 1.3, door + 6.6, 14.0, 5.5, made_of="charcoal")
    tall.cover((0, tall.length, 0, 5.5), coat(easel, "charcoal"))
    flat_roof(easel, tall, 0.22, 0.3, easel.trim(rgb("#232527"), 0.62))
    openings.window(easel, tall, (0.8, 4.4, 3.5, 4.9), rgb("#17191b"), (3, 1), sill=False)
    openings.window(easel, tall, (0.8, 1.5, 0.6, 2.6), rgb("#17191b"), (1, 1), sill=False)
    tall.cover((2.0, 4.6, 0.0, 2.7), coat(easel, "cedar"))


def spanish(easel: Easel, door: float, rear: bool) -> None:
    """Warm stucco under terracotta, an arched plank door, blue shutters."""
    main = _facing(easel, door - 6.6, door + 6.4, FRONT, 2.95)
    slope(easel, Slope(door - 7.1, door + 6.9, FRONT - 0.45, 2.95, FRONT + 4.2, 4.9, inset=2.0), "terracotta")
    main.cover((0, main.length, 0, 2.95), coat(easel, "stucco"))
    main.shadow(0, main.length, 2.45, 2.95, 0.42)
    blue = rgb("#4d7f8f")
    if rear:
        openings.glass_doors(easel, main, (4.2, 7.6), OAK, 3)
    else:
        openings.door(easel, main, 6.6, rgb("#7a4c2c"), rgb("#b99468"), style="planks", arch=0.42)
        openings.steps(easel, door, FRONT, ramp("#a5785a", "#c69673", "#dab391"))
    for left in (0.9, 3.1):
        box = (left, left + 1.0, 0.95, 2.15)
        openings.window(easel, main, box, OAK, (2, 2))
        openings.shutters(easel, main, box, blue)
    x0, x1 = door + 2.2, door + 5.9
    wing = _facing(easel, x0, x1, 13.5, 2.9)
    _flank(easel, x0, x1, 13.5, 2.9, made_of="stucco")
    wing.cover((0, wing.length, 0, 2.9), coat(easel, "stucco"))
    gable(easel, wing, 4.35, coat(easel, "stucco"), easel.trim(rgb("#b5633f")), over=0.4)
    openings.window(easel, wing, (1.1, 2.6, 0.85, 2.05), OAK, (3, 2), arch=0.5)
    for u in (1.55, 1.85, 2.15):
        right, down = wing.at(u, 3.6)
        size = 0.2 * easel.camera.scale(13.5)
        easel.canvas.dabs(np.array([right], np.float32), np.array([down], np.float32), size, rgb("#5c4030")[None, :])


def japanese(easel: Easel, door: float, rear: bool) -> None:
    """Plaster between dark posts, paper screens, and deep tiled eaves in two tiers."""
    post = rgb("#42301f")
    main = _facing(easel, door - 5.6, door + 5.6, FRONT, 2.95)
    slope(easel, Slope(door - 4.2, door + 4.2, FRONT + 2.2, 4.5, FRONT + 4.6, 6.0, inset=0.9, lift=0.28), "grey tile")
    slope(easel, Slope(door - 6.8, door + 6.8, FRONT - 1.1, 2.95, FRONT + 2.6, 4.5, inset=1.7, lift=0.34), "grey tile")
    main.cover((0, main.length, 0.35, 2.95), coat(easel, "plaster"))
    main.cover((0, main.length, 0.0, 0.95), coat(easel, "dark timber"))
    screens = range(3, 9) if not rear else range(2, 10)
    for bay in range(12):
        u = bay * main.length / 12
        wide = main.length / 12
        if bay in screens:
            _screen(easel, main, u + 0.05, u + wide - 0.05)
        elif bay % 2 == 1:
            openings.window(easel, main, (u + 0.15, u + wide - 0.1, 1.2, 2.2), post, (4, 3), sill=False)
        easel.canvas.fill(main.quad(u - 0.06, u + 0.06, 0.3, 2.9), post)
    easel.canvas.fill(main.quad(0, main.length, 2.38, 2.5), post)
    main.shadow(0, main.length, 1.95, 2.95, 0.5)
    easel.box(door, FRONT - 1.1, (9.0, 0.12, 1.1), 0.32, ramp("#4a3525", "#7b5a3d", "#a07a55"))
    for x in np.linspace(door - 4.4, door + 4.4, 5):
        easel.bar((float(x), 0.0, FRONT - 1.05), (float(x), 0.34, FRONT - 1.05), 0.12, post)
        easel.bar((float(x), 0.44, FRONT - 1.05), (float(x), 2.86, FRONT - 1.05), 0.12, post)


def _screen(easel: Easel, wall: Wall, u0: float, u1: float) -> None:
    """A sliding paper screen, which glows when lamps are lit."""
    lamps = easel.light.lamps
    paper = mix(rgb("#f4eddc"), rgb("#ffdc98"), lamps)
    easel.canvas.fill(wall.quad(u0, u1, 0.45, 2.38), paper, glow=int(lamps * 140))
    wood = rgb("#6b4d33")
    for share in (0.0, 0.33, 0.66, 1.0):
        u = u0 + (u1 - u0) * share
        easel.canvas.fill(wall.quad(u - 0.015, u + 0.015, 0.45, 2.38), wood)
    for v in np.arange(0.9, 2.4, 0.29):
        easel.canvas.fill(wall.quad(u0, u1, float(v) - 0.012, float(v) + 0.012), wood)
    easel.canvas.fill(wall.quad(u0, u1, 0.45, 0.86), rgb("#8c6a48"))


def cottage(easel: Easel, door: float, rear: bool) -> None:
    """Old brick, a steep brown roof, white sashes, and roses round the door."""
    main = _facing(easel, door - 5.6, door + 5.6, FRONT, 2.75)
    chimney(easel, door + 4.3, FRONT + 4.0, (4.6, 7.2), coat(easel, "brick"))
    slope(easel, Slope(door - 5.9, door + 5.9, FRONT - 0.35, 2.75, FRONT + 4.0, 5.9), "brown")
    _dormer(easel, door + 2.3)
    main.cover((0, main.length, 0, 2.75), coat(easel, "brick"))
    main.shadow(0, main.length, 2.40, 2.75, 0.42)
    if rear:
        openings.glass_doors(easel, main, (4.6, 7.0), WHITE, 4, tall=2.2)
    else:
        openings.door(easel, main, 5.6, rgb("#4f7a72"), WHITE)
        openings.steps(easel, door, FRONT, STONE_STEPS)
        _hood(easel, main, 5.6)
    for left in (7.4, 9.3):
        openings.window(easel, main, (left, left + 1.2, 0.9, 2.1), WHITE, (3, 2))
    x0, x1 = door - 4.9, door - 1.5
    wing = _facing(easel, x0, x1, 13.7, 2.8)
    _flank(easel, x0, x1, 13.7, 2.8, made_of="brick")
    wing.cover((0, wing.length, 0, 2.8), coat(easel, "brick"))
    gable(easel, wing, 5.35, coat(easel, "brick"), WHITE)
    openings.window(easel, wing, (0.9, 2.5, 0.8, 2.05), WHITE, (4, 2))
    openings.window(easel, wing, (1.2, 2.2, 2.95, 3.85), WHITE, (2, 2))
    for u, tall in ((0.15, 2.9), (wing.length - 0.2, 2.6)):
        _climber(easel, x0 + u, 13.6, tall)
    if not rear:
        _climber(easel, door + 1.05, FRONT - 0.1, 2.6)


def _dormer(easel: Easel, x: float) -> None:
    wall = Wall(easel, (x - 0.85, FRONT + 1.1, x + 0.85, FRONT + 1.1), 4.35)
    wall.shape(wall.quad(0, 1.7, 3.2, 4.35), coat(easel, "clapboard"), grounded=False)
    gable(easel, wall, 5.15, coat(easel, "clapboard"), WHITE, over=0.2)
    openings.window(easel, wall, (0.4, 1.3, 3.5, 4.3), WHITE, (2, 2), sill=False)


def _hood(easel: Easel, wall: Wall, u: float) -> None:
    """A small slate roof on brackets over the door."""
    for side in (-0.84, 0.84):
        easel.canvas.fill(wall.quad(u + side - 0.05, u + side + 0.05, 1.75, 2.34, 0.2), WHITE)
    wall.shadow(u - 0.9, u + 0.9, 2.05, 2.35, 0.4)
    easel.canvas.fill(
        [wall.at(u - 1.1, 2.34, 0.7), wall.at(u + 1.1, 2.34, 0.7), wall.at(u, 2.98, 0.4)], easel.trim(rgb("#6a5248"))
    )
    easel.canvas.fill([wall.at(u - 0.82, 2.36, 0.7), wall.at(u + 0.82, 2.36, 0.7), wall.at(u, 2.80, 0.4)], WHITE)


def _climber(easel: Easel, x: float, z: float, height: float) -> None:
    """A rose trained up a wall."""
    scale, rng = easel.camera.scale(z), easel.rng
    rows = []
    for up in np.linspace(0.05, 1.0, 13):
        right, down = easel.camera.point(x + float(rng.normal(0, 0.13)) * (0.5 + float(up)), height * float(up), z)
        size = float(rng.uniform(0.22, 0.38)) * scale
        rows.append((right, down, size, size))
    clumps = Clumps(np.array(rows, np.float32))
    leaf_mass(easel, clumps, seasonal(easel, GREENS["shrub"]), leaf=2.6, density=1.2)
    if easel.wishes.season != "winter":
        leaf_mass(easel, clumps, petals(easel, "#f0a9b8", "#f6dfd8"), leaf=3.2, density=0.35, kind="round")


def adobe(easel: Easel, door: float, rear: bool) -> None:
    """Thick rounded earth walls, roof beams that show, turquoise frames."""
    blue = rgb("#3f8f94")
    main = _facing(easel, door - 6.4, door + 4.4, FRONT, 3.05)
    main.shape(_rounded(main, 3.05), coat(easel, "adobe"))
    _beams(easel, main, 2.62)
    if rear:
        openings.glass_doors(easel, main, (4.6, 7.8), blue, 3)
    else:
        openings.door(easel, main, 6.4, blue, rgb("#7d5334"), style="planks")
        openings.steps(easel, door, FRONT, ramp("#a9795a", "#c99a72", "#dfb88f"))
    for left in (1.2, 3.4):
        openings.window(easel, main, (left, left + 0.95, 0.95, 2.0), blue, (2, 2))
        easel.canvas.fill(main.quad(left - 0.25, left + 1.2, 2.1, 2.3), easel.trim(rgb("#7d5334")))
    x0, x1 = door + 1.9, door + 6.6
    wing = _facing(easel, x0, x1, 13.4, 3.75)
    _flank(easel, x0, x1, 13.4, 3.55, made_of="adobe")
    wing.shape(_rounded(wing, 3.75), coat(easel, "adobe"))
    _beams(easel, wing, 3.2)
    openings.window(easel, wing, (1.5, 3.1, 0.9, 2.1), blue, (3, 2))
    easel.canvas.fill(wing.quad(1.2, 3.4, 2.2, 2.42), easel.trim(rgb("#7d5334")))


def _rounded(wall: Wall, top: float) -> list[tuple[float, float]]:
    """A wall outline with soft upper corners and a slightly uneven parapet."""
    turn = np.linspace(0, np.pi / 2, 8)
    right = [wall.at(wall.length - 0.4 + 0.4 * float(np.cos(t)), top - 0.4 + 0.4 * float(np.sin(t))) for t in turn]
    left = [wall.at(0.4 - 0.4 * float(np.sin(t)), top - 0.4 + 0.4 * float(np.cos(t))) for t in turn]
    dip = [wall.at(wall.length * s, top + 0.05 * float(np.sin(s * 9))) for s in (0.8, 0.65, 0.5, 0.35, 0.2)]
    return [wall.at(0, 0), wall.at(wall.length, 0), *right, *dip, *left]


def _beams(easel: Easel, wall: Wall, height: float) -> None:
    """Round beam ends with the slanting shadows they throw."""
    for u in np.arange(0.5, wall.length - 0.2, 0.72):
        easel.canvas.line(
            [wall.at(float(u) + 0.06, height - 0.08), wall.at(float(u) + 0.34, height - 0.42)],
            3.4 * easel.unit,
            easel.trim(rgb("#a2704c"), 1.1),
        )
        right, down = wall.at(float(u), height, 0.25)
        size = 0.17 * easel.camera.scale(wall.z0)
        for grow, ink in ((1.0, easel.trim(rgb("#5d3e29"), 0.62)), (0.7, easel.trim(rgb("#94694a")))):
            easel.canvas.dabs(np.array([right], np.float32), np.array([down], np.float32), size * grow, ink[None, :])


HOUSES: dict[str, House] = {
    "modern-minimalist": modern,
    "california-native": spanish,
    "japanese-zen": japanese,
    "english-garden": cottage,
    "desert-landscape": adobe,
}
