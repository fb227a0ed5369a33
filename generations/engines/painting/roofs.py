"""Roofs, gables and chimneys."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generations.engines.painting.camera import EYE_METRES
from generations.engines.painting.canvas import Points
from generations.engines.painting.colours import Colour, Floats, along, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import SNOW
from generations.engines.painting.noise import billows, grit
from generations.engines.painting.walls import Material, Wall, repainted

Covering = Callable[[Floats, Floats], Floats]  # metres across, metres up the slope


def _tiles(codes: str, wide: float, row: float, *, round_tiles: bool = False) -> Covering:
    palette = ramp(*codes.split())

    def cover(u: Floats, w: Floats) -> Floats:
        course = np.floor(w / row)
        column = u / wide + (0.0 if round_tiles else 0.5) * (course % 2)
        tone = 0.22 + 0.55 * grit(np.floor(column) * 31 + 3, course * 17 + 5) + 0.4 * (billows(u * 16, w * 16) - 0.5)
        tone = tone - 0.22 * (np.abs(w / row - course) < 0.16)
        if round_tiles:
            tone = tone + 0.26 * np.cos((column - np.floor(column) - 0.38) * 2 * np.pi)
        return along(palette, np.clip(tone, 0, 1))

    return cover


COVERINGS = {
    "terracotta": _tiles("#8a412a #ab5a38 #c6754b #dc9568 #efb98e", 0.30, 0.42, round_tiles=True),
    "slate": _tiles("#45474d #595c63 #6e7178 #85888d #a0a2a4", 0.30, 0.26),
    "brown": _tiles("#57382c #704a39 #8a6048 #a3775b #bd9575", 0.24, 0.24),
    "grey tile": _tiles("#34383d #474c52 #5c6268 #757b80 #949a9c", 0.27, 0.36, round_tiles=True),
}


@dataclass(frozen=True, slots=True)
class Slope:
    """A roof plane that rises away from the viewer, from eave (z0, low) to ridge (z1, high)."""

    x0: float
    x1: float
    z0: float
    low: float
    z1: float
    high: float
    inset: float = 0.0  # how much shorter the ridge is at each end (a hipped roof)
    lift: float = 0.0  # how far the ends of the eave curve up


def slope(easel: Easel, roof: Slope, covering: str) -> None:
    """Cover a roof plane, with a fascia board along its eave."""
    rise = (roof.high - roof.low) / (roof.z1 - roof.z0)
    wanted = easel.yard.roof
    tiles = COVERINGS[covering] if wanted is None else repainted(COVERINGS[covering], wanted)

    def paint(right: Floats, down: Floats) -> Floats:
        camera = easel.camera
        ray = (down - camera.horizon) / camera.focal
        z = (EYE_METRES - roof.low + rise * roof.z0) / (ray + rise)
        z = np.clip(z, roof.z0 - 1, roof.z1 + 1)
        w = (z - roof.z0) * float(np.hypot(1, rise))
        colours = tiles((right - camera.width / 2) * z / camera.focal, w)
        colours = colours * (0.93 + 0.16 * np.clip((z - roof.z0) / (roof.z1 - roof.z0), 0, 1))[:, None]
        if easel.wishes.snow:
            colours = _snow(colours, right / easel.unit, w)
        return np.asarray(colours + (easel.light.haze - colours) * 0.07, np.float32)

    ridge = [(roof.x1 - roof.inset, roof.high, roof.z1), (roof.x0 + roof.inset, roof.high, roof.z1)]
    eave = _eave(roof, 0.0)
    easel.canvas.texture([easel.camera.point(*p) for p in [*eave, *ridge]], paint)
    board = [easel.camera.point(*p) for p in [*eave, *_eave(roof, -0.15)[::-1]]]
    easel.canvas.fill(board, easel.trim(rgb("#5a4a40") if covering != "slate" else rgb("#e4e2da"), 0.62))


def _eave(roof: Slope, drop: float) -> list[tuple[float, float, float]]:
    share = np.linspace(0, 1, 17)
    curl = np.abs(share * 2 - 1) ** 4 * roof.lift
    return [
        (roof.x0 + (roof.x1 - roof.x0) * float(s), roof.low + float(c) + drop, roof.z0)
        for s, c in zip(share, curl, strict=True)
    ]


def _snow(colours: Floats, right: Floats, w: Floats) -> Floats:
    drift = np.clip((billows(right * 0.7, w * 40) - 0.12) * 5, 0.5, 0.97)[:, None]
    white = along(SNOW, 0.62 + 0.5 * (billows(right * 0.5 + 60, w * 20) - 0.5))
    whitened: Floats = colours + (white - colours) * drift
    return whitened


def gable(easel: Easel, wall: Wall, peak: float, made_of: Material, trim: Colour, *, over: float = 0.32) -> None:
    """A triangle of wall above `wall`, with verge boards and their shadow; `peak` is the height of the ridge."""
    middle, top = wall.length / 2, wall.height
    wall.shape([wall.at(0, top), wall.at(wall.length, top), wall.at(middle, peak)], made_of, grounded=False)
    drop = (peak - top) / middle
    for side in (-1, 1):
        end = middle + side * (middle + over)
        low = top - over * drop
        outer = [wall.at(end, low), wall.at(middle, peak - 0.04), wall.at(middle, peak + 0.22)]
        _verge_shadow(wall, middle, end, low, peak)
        easel.canvas.fill([*outer, wall.at(end, low + 0.22)], trim)
        cap = SNOW[3] if easel.wishes.snow else mix(trim, rgb("#2a2320"), 0.55)
        thick = 0.13 if easel.wishes.snow else 0.07
        easel.canvas.fill(
            [
                outer[2],
                wall.at(end, low + 0.22),
                wall.at(end, low + 0.22 + thick),
                wall.at(middle, peak + 0.22 + thick),
            ],
            cap,
        )


def _verge_shadow(wall: Wall, middle: float, end: float, low: float, peak: float) -> None:
    inner = min(max(end, 0.0), wall.length)
    up = low + (peak - low) * abs(inner - end) / abs(middle - end)
    strip = [wall.at(inner, up), wall.at(middle, peak), wall.at(middle, peak - 0.26), wall.at(inner, up - 0.26)]
    patch = wall.easel.canvas.patch(strip)
    if len(patch.right):
        seen = wall.easel.canvas.seen(patch)
        wall.easel.canvas.cover(patch, seen * np.float32(1 - 0.55 * wall.easel.light.shadow))


def chimney(easel: Easel, x: float, z: float, span: tuple[float, float], made_of: Material) -> None:
    """A stack with two pots; `span` is where it leaves the roof and where it ends."""
    low, high = span
    wall = Wall(easel, (x - 0.42, z, x + 0.42, z), high)
    wall.shape(wall.quad(0, 0.84, low, high), made_of, grounded=False)
    wall.shadow(0.55, 0.84, low, high, 0.3)
    easel.canvas.fill(wall.quad(-0.08, 0.92, high - 0.16, high), rgb("#8d7a6a"))
    for u in (0.22, 0.60):
        easel.canvas.fill(wall.quad(u - 0.10, u + 0.10, high, high + 0.34), rgb("#b06a4a"))


def flat_roof(easel: Easel, wall: Wall, thick: float, over: float, ink: Colour) -> None:
    """A thin projecting slab with the shadow it throws on the wall."""
    top = wall.height
    wall.shadow(0, wall.length, top - 0.42, top, 0.42)
    edge: Points = wall.quad(-over, wall.length + over, top - 0.02, top + thick, over)
    under = [
        wall.at(0, top),
        wall.at(wall.length, top),
        wall.at(wall.length + over, top, over),
        wall.at(-over, top, over),
    ]
    easel.canvas.fill(under, mix(ink, rgb("#141518"), 0.6))
    easel.canvas.fill(edge, ink)
    if easel.wishes.snow:
        easel.canvas.fill(wall.quad(-over, wall.length + over, top + thick, top + thick + 0.16, over), SNOW[3])
