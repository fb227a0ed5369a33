"""Flowers: heads, spikes and cups on stems, in the colours that were wished for."""

from collections.abc import Callable

import numpy as np

from generations.engines.painting.colours import Colour, Floats, along, mix, ramp, rgb, tones
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import Clumps, leaf_mass, seasonal
from generations.engines.painting.shrubs import GREENS, Painter, blades

HUES = {
    "white": "#f4efe4",
    "pink": "#e58aa6",
    "purple": "#8a63b8",
    "red": "#c8303a",
    "yellow": "#f0c63f",
    "blue": "#5b7fd0",
    "orange": "#ee8636",
}
Tips = tuple[Floats, Floats]  # where stems end on the sheet
STEMS = ramp("#34502a", "#4a6b34", "#658742", "#86a355", "#adbf78")


def petals(easel: Easel, *usual: str) -> Floats:
    """The palette of one plant's flowers: of the wished colours, or else of its usual ones."""
    hues = [HUES[colour] for colour in easel.wishes.colours] or list(usual)
    return tones(hues[int(easel.rng.integers(len(hues)))], depth=0.75)


def usual(*hues: str) -> Callable[[Easel], Floats]:
    """Make a chooser of petals for a flowering shrub."""

    def choose(easel: Easel) -> Floats:
        return petals(easel, *hues)

    return choose


def _cushion(easel: Easel, x: float, z: float, height: float, wide: float) -> Clumps:
    """The low leaves that flowers rise from."""
    scale = easel.camera.scale(z)
    right, down = easel.camera.point(x, height * 0.42, z)
    rows = [
        (right + side * wide * 0.24 * scale, down, wide * 0.32 * scale, height * 0.5 * scale) for side in (-1, 1, 0)
    ]
    return Clumps(np.array(rows, np.float32), layered=True)


def _leaf(z: float, size: float) -> float:
    return float(np.clip(size * 9.0 / z, 1.4, 9.0))


def spires(*hues: str, slim: float = 0.10, count: int = 6) -> Painter:
    """Make the painter of tall spikes: foxglove, delphinium, lupin, lavender."""

    def paint(easel: Easel, x: float, z: float, height: float) -> None:
        green = easel.airy(seasonal(easel, GREENS["shrub"]), z)
        leaf_mass(easel, _cushion(easel, x, z, height * 0.42, height * 0.62), green, leaf=_leaf(z, 4.4), density=1.6)
        if easel.wishes.season == "winter":
            return
        tips = blades(easel, (x, 0, z), (height, height * 0.40), easel.airy(STEMS, z), count=count, thick=0.010)
        _spikes(easel, tips, (height * 0.50, slim * height), easel.airy(petals(easel, *hues), z), z)

    return paint


def _spikes(easel: Easel, tips: Tips, reach: tuple[float, float], ink: Floats, z: float) -> None:
    """Cover stem ends with small bells, wider towards the foot; `reach` is length and width in metres."""
    (x, y), rng, scale = tips, easel.rng, easel.camera.scale(z)
    per = int(np.clip(reach[0] * scale / 2.0, 10, 60))
    run = np.sort(rng.uniform(0, 1, (len(x), per)), axis=1)
    spread = (0.25 + 0.75 * run) * reach[1] * 0.5 * scale
    side = rng.uniform(-1, 1, (len(x), per))
    px, py = x[:, None] + side * spread, y[:, None] + run * reach[0] * scale
    tone = np.clip(0.55 - 0.30 * side - 0.15 * run + rng.normal(0, 0.16, run.shape), 0, 1)
    size = np.maximum(1.3, reach[1] * 0.34 * scale * (0.55 + 0.5 * run))
    colours = along(ink, tone.ravel().astype(np.float32))
    easel.canvas.dabs(
        px.ravel().astype(np.float32), py.ravel().astype(np.float32), size.ravel().astype(np.float32), colours
    )


def lavender(easel: Easel, x: float, z: float, height: float) -> None:
    """A grey cushion under a haze of thin spikes."""
    grey = easel.airy(GREENS["sage"], z)
    leaf_mass(
        easel, _cushion(easel, x, z, height * 0.55, height * 1.25), grey, leaf=_leaf(z, 5.0), density=1.3, kind="blade"
    )
    if easel.wishes.season == "winter":
        return
    count = int(np.clip(300 / z, 18, 48))
    tips = blades(easel, (x, 0, z), (height, height * 0.95), grey, count=count, thick=0.006)
    ink = easel.airy(petals(easel, "#7f6bb5", "#8a72c0", "#6f62ad"), z)
    _spikes(easel, tips, (height * 0.34, height * 0.085), ink, z)


def heads(*hues: str, size: float, count: int = 20, eye: str = "", tall: bool = False) -> Painter:
    """Make the painter of round flowers on stems over a green cushion; `size` is a flower's width in metres."""

    def paint(easel: Easel, x: float, z: float, height: float) -> None:
        green = easel.airy(seasonal(easel, GREENS["shrub"]), z)
        low = height * (0.5 if tall else 0.85)
        leaf_mass(easel, _cushion(easel, x, z, low, height * 0.95), green, leaf=_leaf(z, 4.2), density=1.5)
        if easel.wishes.season == "winter":
            return
        tip_x, tip_y = blades(easel, (x, 0, z), (height, height * 0.66), easel.airy(STEMS, z), count=count, thick=0.009)
        order = np.argsort(tip_y)
        ink = easel.airy(petals(easel, *hues), z)
        _discs(easel, (tip_x[order], tip_y[order]), size * 0.78 * easel.camera.scale(z), ink, rgb(eye) if eye else None)

    return paint


def _discs(easel: Easel, tips: Tips, wide: float, ink: Floats, eye: Colour | None) -> None:
    """Each flower: petals round a middle, the left ones lighter."""
    (x, y), rng = tips, easel.rng
    wide = max(wide, 2.2 * easel.unit / 2)
    ring = 7
    turn = np.arange(ring) * 2 * np.pi / ring + rng.uniform(0, 1, (len(x), 1))
    px = x[:, None] + np.cos(turn) * wide * 0.30
    py = y[:, None] + np.sin(turn) * wide * 0.24
    tone = np.clip(0.56 - 0.22 * np.cos(turn) - 0.20 * np.sin(turn) + rng.normal(0, 0.08, turn.shape), 0, 1)
    rays = (turn + 0 * px).astype(np.float32)
    colours = along(ink, tone.ravel().astype(np.float32))
    easel.canvas.dabs(
        px.ravel().astype(np.float32),
        py.ravel().astype(np.float32),
        wide * 0.44,
        colours,
        angle=rays.ravel(),
        kind="round",
    )
    middle = np.broadcast_to(eye if eye is not None else mix(ink[1], ink[0], 0.35), (len(x), 3))
    easel.canvas.dabs(x, y, max(wide * (0.36 if eye is not None else 0.24), 1), middle)


def tulips(easel: Easel, x: float, z: float, height: float) -> None:
    """Upright cups over strap leaves."""
    scale = easel.camera.scale(z)
    green = easel.airy(GREENS["fern"], z)
    blades(easel, (x, 0, z), (height * 0.62, height * 0.8), green, count=14, thick=0.04)
    if easel.wishes.season == "winter":
        return
    tip_x, tip_y = blades(easel, (x, 0, z), (height, height * 0.45), easel.airy(STEMS, z), count=7, thick=0.012)
    ink = easel.airy(petals(easel, "#d8414f", "#ef9f3c", "#e77fa6", "#f3d34a", "#8d4fa0"), z)
    for shift, tone in ((0.28, 0.22), (-0.26, 0.75), (0.0, 0.5)):
        colours = np.broadcast_to(along(ink, np.array([tone], np.float32)), (7, 3))
        where = tip_x + np.float32(shift * 0.06 * scale)
        easel.canvas.dabs(where, tip_y, max(0.11 * scale, 2.0), colours, angle=np.pi / 2, kind="leaf")


def poppies(easel: Easel, x: float, z: float, height: float) -> None:
    """Open orange cups dancing over feathery leaves."""
    green = easel.airy(seasonal(easel, ramp("#4b6646", "#66835a", "#86a071", "#a9bb8c", "#cfd8b2")), z)
    blades(easel, (x, 0, z), (height * 0.7, height * 1.1), green, count=36, thick=0.012)
    if easel.wishes.season == "winter":
        return
    count = int(np.clip(150 / z, 9, 22))
    tip_x, tip_y = blades(easel, (x, 0, z), (height, height * 1.1), green, count=count, thick=0.008)
    ink = easel.airy(petals(easel, "#f0902c", "#f4a637", "#ee7d22"), z)
    wide = max(0.085 * easel.camera.scale(z), 2.4)
    tone = np.clip(easel.rng.normal(0.45, 0.15, count), 0, 1).astype(np.float32)
    for dx, dy, lift in ((0.26, 0.05, -0.18), (-0.26, 0.0, 0.16), (0.0, 0.14, 0.02), (0.0, -0.16, 0.28)):
        colours = along(ink, tone + np.float32(lift))
        easel.canvas.dabs(tip_x + np.float32(dx * wide), tip_y + np.float32(dy * wide), wide * 0.62, colours)


def sunflower(easel: Easel, x: float, z: float, height: float) -> None:
    """A few tall stems, each with a great yellow head turned to the viewer."""
    scale, rng = easel.camera.scale(z), easel.rng
    green = easel.airy(seasonal(easel, GREENS["fern"]), z)
    for side in (-0.3, 0.28, 0.0):
        foot, tall = x + side, height * float(rng.uniform(0.78, 1.05))
        easel.bar((foot, 0, z), (foot + 0.04, tall, z), 0.03, green[2])
        rows = [
            (*easel.camera.point(foot + (0.13 if i % 2 else -0.13), tall * s, z), 0.15 * scale, 0.07 * scale)
            for i, s in enumerate((0.8, 0.66, 0.5, 0.36, 0.2))
        ]
        leaf_mass(easel, Clumps(np.array(rows, np.float32)), green, leaf=_leaf(z, 9.0), density=1.5)
        right, down = easel.camera.point(foot + 0.04, tall, z)
        _sun(easel, right, down, 0.34 * scale)


def _sun(easel: Easel, x: float, y: float, wide: float) -> None:
    turn = np.tile(np.linspace(0, 2 * np.pi, 19, dtype=np.float32)[:-1], 2)
    out = np.repeat([0.36, 0.30], 18).astype(np.float32) * np.float32(wide)
    ink = tones("#f1bb2c", depth=0.6)
    tone = 0.5 - 0.25 * np.cos(turn) - 0.2 * np.sin(turn) + np.repeat([-0.12, 0.08], 18)
    if easel.wishes.season == "winter":
        return
    easel.canvas.dabs(
        x + np.cos(turn) * out,
        y + np.sin(turn) * out,
        max(wide * 0.34, 2),
        along(ink, tone.astype(np.float32)),
        angle=turn,
        kind="leaf",
    )
    heart = np.stack([rgb("#3b2415"), rgb("#5d3a20")])
    at = np.array([x, x - wide * 0.04], np.float32), np.array([y, y - wide * 0.04], np.float32)
    easel.canvas.dabs(*at, np.array([wide * 0.46, wide * 0.26], np.float32), heart)


def vegetables(easel: Easel, x: float, z: float, height: float) -> None:
    """A timber raised bed with rows of lettuce, cabbage and a few canes of tomatoes."""
    timber = np.stack([rgb("#6d4f36"), rgb("#a07a55"), rgb("#4a3728")])
    easel.box(x, z - 0.5, (1.7, 0.34, 1.0), 0.0, timber)
    for away, kind in ((0.35, "tomato"), (0.0, "cabbage"), (-0.32, "lettuce")):
        for across in np.linspace(-0.62, 0.62, 4):
            _crop(easel, kind, x + float(across), z + away, height)
    easel.canvas.fill(easel.quad(x - 0.85, x + 0.85, 0.0, 0.32, z - 0.5), timber[1])
    easel.bar((x - 0.85, 0.17, z - 0.5), (x + 0.85, 0.17, z - 0.5), 0.012, timber[0])


def _crop(easel: Easel, kind: str, x: float, z: float, height: float) -> None:
    scale = easel.camera.scale(z)
    greens = {"tomato": "shrub", "cabbage": "sage", "lettuce": "fern"}[kind]
    tall = height * 1.5 if kind == "tomato" else height * 0.42
    if kind == "tomato":
        easel.bar((x, 0.3, z), (x, 0.4 + tall, z), 0.02, rgb("#b79b6a"))
    right, down = easel.camera.point(x, 0.34 + tall * 0.45, z)
    rows = np.array([[right, down, 0.19 * scale, tall * 0.52 * scale]], np.float32)
    leaf_mass(easel, Clumps(rows), easel.airy(GREENS[greens], z), leaf=_leaf(z, 6.0), density=1.7)
    if kind == "tomato" and easel.wishes.season != "winter":
        fruit = Clumps(rows * np.array([1, 1, 0.8, 0.8], np.float32))
        leaf_mass(easel, fruit, tones("#cf3a2b", depth=0.6), leaf=_leaf(z, 6.5), density=0.12, kind="round")
