"""What one walks on: each surface is a texture over the ground plane, in metres."""

from collections.abc import Callable, Sequence

import numpy as np

from generations.engines.painting.canvas import Patch
from generations.engines.painting.colours import Colour, Floats, along, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import AUTUMN, BLOSSOM, seasonal
from generations.engines.painting.noise import billows, grit

Surface = Callable[[Easel, Floats, Floats], Floats]
Outline = Sequence[tuple[float, float]]  # (x, z) corners on the ground, in metres

LAWN = ramp("#4f6f34", "#64873c", "#7b9d47", "#95b157", "#b3c56d")


def _detail(z: Floats, reach: float = 9.0) -> Floats:
    """How much fine grain is still visible at a distance."""
    faded: Floats = 1.0 / (1.0 + (z / reach) ** 2)
    return faded


def lawn(easel: Easel, x: Floats, z: Floats) -> Floats:
    wave = billows(x * 16, z * 16)
    blades = grit(x * 95, z * 34) - 0.5
    stripes = np.where(np.sin(x * 3.6 + 0.4 * np.sin(z * 0.7)) > 0, 0.035, -0.035)
    tone = 0.36 + 0.42 * (wave - 0.5) + blades * 0.75 * _detail(z) + stripes + np.clip(z - 6, 0, 14) * 0.014
    return _fallen(easel, along(seasonal(easel, LAWN, evergreen=True), tone), x, z)


def _fallen(easel: Easel, colours: Floats, x: Floats, z: Floats) -> Floats:
    """Strew fallen leaves in autumn, and petals in spring."""
    if easel.wishes.season not in ("autumn", "spring"):
        return colours
    autumn = easel.wishes.season == "autumn"
    leaf_x, leaf_z = np.floor(x / 0.085), np.floor(z / 0.11)
    chance = grit(leaf_x * 37 + 9, leaf_z * 23 + 4) + 0.5 * (billows(x * 18, z * 18) - 0.5)
    near = np.hypot(x / 0.085 - leaf_x - 0.5, z / 0.11 - leaf_z - 0.5) < 0.46
    lies = near & (chance > (0.66 if autumn else 0.84))
    colours[lies] = along(AUTUMN if autumn else BLOSSOM, grit(leaf_x[lies] * 11 + 2, leaf_z[lies] * 7))
    return colours


def meadow(easel: Easel, x: Floats, z: Floats) -> Floats:
    dry = ramp("#6d6b3a", "#8d8a49", "#aaa35c", "#c4ba76", "#dcd196")
    wave = billows(x * 22, z * 22)
    tone = 0.45 + 0.6 * (wave - 0.5) + (grit(x * 70, z * 26) - 0.5) * 0.8 * _detail(z)
    return along(seasonal(easel, dry, evergreen=True), tone)


def _gravel(palette: Floats, x: Floats, z: Floats, coarse: float) -> Floats:
    wave = billows(x * 11, z * 11) - 0.5
    stones = grit(x * coarse, z * coarse * 0.62) - 0.5
    pebbles = grit(x * coarse * 2.3 + 77, z * coarse * 1.4) - 0.5
    tone = 0.52 + 0.24 * wave + (stones * 0.75 + pebbles * 0.5) * _detail(z, 11.0)
    return along(palette, tone)


def gravel(easel: Easel, x: Floats, z: Floats) -> Floats:
    return _gravel(ramp("#8d8c88", "#adaba5", "#c6c3bb", "#dad7cf", "#ece9e2"), x, z, 62)


def golden_gravel(easel: Easel, x: Floats, z: Floats) -> Floats:
    return _gravel(ramp("#9c7448", "#bd945f", "#d4ae78", "#e4c593", "#f2dcb3"), x, z, 58)


def warm_gravel(easel: Easel, x: Floats, z: Floats) -> Floats:
    return _gravel(ramp("#8c7a5f", "#aa9778", "#c3b193", "#d6c7ac", "#e8dcc6"), x, z, 60)


def raked_gravel(easel: Easel, x: Floats, z: Floats) -> Floats:
    """Fine pale gravel combed in long lines that bend round three islands."""
    base = _gravel(ramp("#9b988f", "#bab7ad", "#d2cfc5", "#e4e1d8", "#f3f1ea"), x, z, 80)
    swell = z * 1.0 + 0.25 * np.sin(x * 0.55)
    for centre_x, centre_z, reach in ((-2.1, 9.4, 1.5), (2.4, 7.2, 1.2), (0.7, 11.6, 1.1)):
        distance = np.hypot(x - centre_x, (z - centre_z) * 1.0)
        near = np.clip(1.35 - distance / (reach * 1.6), 0, 1) ** 0.5
        swell = np.where(near > 0.35, distance, swell)
    comb = np.sin(swell * 2 * np.pi / 0.24)
    depth = np.clip(1.6 - z / 10.0, 0.12, 1)
    combed: Floats = base + (comb * depth * 19)[:, None]
    return combed


def concrete(easel: Easel, x: Floats, z: Floats) -> Floats:
    """Large pale slabs, 1.2 by 0.9 metres, with dark joints."""
    column, row = np.floor(x / 1.2 + 0.5), np.floor(z / 0.9)
    slab = grit(column * 37 + 5, row * 53 + 9) - 0.5
    stain = billows(x * 40, z * 40) - 0.5
    grain = (grit(x * 120, z * 60) - 0.5) * _detail(z)
    tone = 0.55 + 0.30 * slab + 0.22 * stain + 0.22 * grain
    colours = along(ramp("#a09d98", "#b9b6b0", "#cbc8c1", "#dad7d0", "#e8e5de"), tone)
    joint = _joint(x / 1.2 + 0.5, 0.018, z) * _joint(z / 0.9, 0.024, z)
    return colours * (0.55 + 0.45 * joint)[:, None]


def _joint(place: Floats, half: float, z: Floats) -> Floats:
    """0 in the joint between two units, 1 on the unit; softened with distance."""
    gap = np.abs(place - np.rint(place))
    soft = half * 0.6 + z * 0.0016
    opened: Floats = np.clip((gap - half + soft) / (2 * soft), 0, 1)
    return np.maximum(opened, np.clip(z / 40, 0, 0.6))


def brick(easel: Easel, x: Floats, z: Floats) -> Floats:
    """Running bond across the path, 24 by 12 centimetres."""
    row = np.floor(z / 0.14)
    shifted = x / 0.27 + 0.5 * (row % 2)
    unit = grit(np.floor(shifted) * 31 + 3, row * 17 + 8)
    tone = 0.18 + 0.75 * unit + (grit(x * 120, z * 70) - 0.5) * 0.3 * _detail(z)
    colours = along(ramp("#7c3f33", "#98523f", "#b0664c", "#c27d5f", "#d09a7c"), tone)
    mortar = np.minimum(_joint(shifted, 0.05, z * 1.6), _joint(z / 0.14, 0.08, z * 2.0))
    grout = rgb("#b5a48f")
    return grout + (colours - grout) * mortar[:, None]


def flagstone(easel: Easel, x: Floats, z: Floats) -> Floats:
    """Irregular flat stones about 70 centimetres across, with grass in the joints."""
    joint = along(seasonal(easel, LAWN, evergreen=True), 0.1 + 0.5 * grit(x * 80, z * 50)) * np.float32(0.8)
    return _flags(ramp("#837c72", "#9d958a", "#b5ac9f", "#c9c1b4", "#ddd7cb"), joint, x, z)


def sandstone(easel: Easel, x: Floats, z: Floats) -> Floats:
    """The same stones in a desert: warmer, with sand in the joints."""
    joint = golden_gravel(easel, x, z) * np.float32(0.78)
    return _flags(ramp("#96745a", "#b08d70", "#c6a688", "#d8bd9f", "#e8d3b8"), joint, x, z)


def _flags(stone: Floats, joint: Floats, x: Floats, z: Floats) -> Floats:
    nearest, second, name = _cells(x / 0.72, z / 0.62)
    tone = 0.5 + 0.75 * (name - 0.5) + 0.3 * (billows(x * 60, z * 60) - 0.5)
    tone += (grit(x * 110, z * 60) - 0.5) * 0.25 * _detail(z)
    edge = np.clip((second - nearest - 0.05) / (0.05 + z * 0.004), 0, 1)
    laid: Floats = joint + (along(stone, tone) - joint) * edge[:, None]
    return laid


def _cells(x: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Distances to the nearest and second nearest of scattered points, and a number for the nearest."""
    column, row = np.floor(x), np.floor(z)
    nearest = np.full(x.shape, 9.0, np.float32)
    second, name = nearest.copy(), nearest.copy()
    for right in (-1, 0, 1):
        for away in (-1, 0, 1):
            i, j = column + right, row + away
            at_x = i + 0.15 + 0.7 * grit(i * 41 + 11, j * 67 + 5)
            at_z = j + 0.15 + 0.7 * grit(i * 59 + 31, j * 43 + 91)
            distance = np.hypot(at_x - x, at_z - z).astype(np.float32)
            closer = distance < nearest
            second = np.where(closer, nearest, np.minimum(second, distance))
            name = np.where(closer, grit(i * 23 + 61, j * 29 + 47), name)
            nearest = np.where(closer, distance, nearest)
    return nearest, second, name


def deck(easel: Easel, x: Floats, z: Floats) -> Floats:
    """Timber boards 15 centimetres wide that run away from the viewer."""
    board = np.floor(x / 0.15)
    tone = 0.3 + 0.45 * grit(board * 31, board * 17) + 0.35 * (grit(x * 50, z * 3.2) - 0.5)
    colours = along(ramp("#7d5a3c", "#976f4b", "#ae855c", "#c29b72", "#d5b48d"), tone)
    return colours * (0.62 + 0.38 * _joint(x / 0.15, 0.05, z * 2))[:, None]


def soil(easel: Easel, x: Floats, z: Floats) -> Floats:
    tone = 0.42 + 0.5 * (billows(x * 30, z * 30) - 0.5) + (grit(x * 60, z * 40) - 0.5) * 0.9 * _detail(z)
    return along(ramp("#3f2f24", "#54402f", "#6a523d", "#7f664c", "#96795c"), tone)


def moss(easel: Easel, x: Floats, z: Floats) -> Floats:
    greens = ramp("#39512b", "#4d6a33", "#648240", "#7f9a50", "#a0b56a")
    tone = 0.45 + 0.9 * (billows(x * 34, z * 34) - 0.5) + (grit(x * 70, z * 50) - 0.5) * 0.6 * _detail(z)
    return along(seasonal(easel, greens, evergreen=True), tone)


HARD = ("concrete", "brick", "stone", "sandstone", "deck")
SURFACES: dict[str, Surface] = {
    "lawn": lawn,
    "meadow": meadow,
    "gravel": gravel,
    "golden gravel": golden_gravel,
    "warm gravel": warm_gravel,
    "raked gravel": raked_gravel,
    "concrete": concrete,
    "brick": brick,
    "stone": flagstone,
    "sandstone": sandstone,
    "deck": deck,
    "soil": soil,
    "moss": moss,
}


def surface(easel: Easel, name: str, outline: Outline | None = None) -> None:
    """Lay a surface inside an outline, or everywhere below the horizon."""
    camera, canvas = easel.camera, easel.canvas
    if outline is None:
        top, wide, low = camera.horizon + 2, float(canvas.width), float(canvas.height)
        patch = canvas.patch([(0.0, top), (wide, top), (wide, low), (0.0, low)])
    else:
        patch = canvas.patch(easel.floor(outline))
    if len(patch.right):
        canvas.cover(patch, _laid(easel, name, patch))


def _laid(easel: Easel, name: str, patch: Patch) -> Floats:
    x, z = easel.camera.ground(patch.right, patch.down)
    colours = SURFACES[name](easel, x, z)
    if easel.wishes.snow:
        colours = _snowed(easel, name, colours, x, z)
    if easel.wishes.weather == "rain":
        colours = _wet(name, colours, x, z)
    air = np.clip((z - 7) / 75, 0, 0.6)[:, None]
    return colours + (easel.light.haze - colours) * air


def _snowed(easel: Easel, name: str, colours: Floats, x: Floats, z: Floats) -> Floats:
    """Cover the ground with snow; paths are trodden and show through."""
    trodden = name in HARD
    drift = 0.50 + 0.80 * (billows(x * 14, z * 14) - 0.5) + (grit(x * 60, z * 30) - 0.5) * 0.12
    white = along(ramp("#b4c2d6", "#ccd8e6", "#e2e9f1", "#f3f6fa", "#ffffff"), drift)
    depth = np.clip((billows(x * 26 + 90, z * 26) - 0.28) * 5, 0.25, 0.8) if trodden else np.float32(0.95)
    whitened: Floats = colours + (white - colours) * np.broadcast_to(depth, x.shape)[:, None]
    return whitened


def _wet(name: str, colours: Floats, x: Floats, z: Floats) -> Floats:
    """Darken wet ground, and let hard ground mirror the sky in puddles."""
    puddle = np.clip((billows(x * 20 + 40, z * 9) - 0.52) * 7, 0, 1) * 0.55
    shine = puddle if name in HARD else puddle * 0.15
    dark: Floats = colours * np.float32(0.78)
    wetted: Floats = dark + (rgb("#b9c6d2") - dark) * shine[:, None]
    return wetted


def edging(easel: Easel, outline: Outline, colour: Colour, width: float = 0.07) -> None:
    """Line an outline with a low edge, `width` metres thick: light above, a shadow below."""
    corners = np.array([*outline, outline[0]], np.float64)
    along_it = np.diff(corners, axis=0)
    across = np.stack([-along_it[:, 1], along_it[:, 0]], axis=1)
    across *= width / 2 / (np.hypot(across[:, 0], across[:, 1])[:, None] + 1e-9)
    dark = mix(colour, rgb("#241f1c"), 0.5)
    snow = easel.wishes.snow
    for height, spread, ink in ((0.0, 1.5, dark), (0.05, 1.0, rgb("#eef2f7") if snow else colour)):
        for start, end, side in zip(corners[:-1], corners[1:], across * spread, strict=True):
            strip = [start - side, end - side, end + side, start + side]
            if min(z for _, z in strip) > 2.6:
                easel.canvas.fill(easel.floor([(float(x), float(z)) for x, z in strip], height), ink)


def tufts(easel: Easel, name: str, patch: Patch) -> None:
    """Put visible blades on a near lawn, or single stones on gravel, so that it is not flat."""
    rng, unit = easel.rng, easel.unit
    x, y = patch.pick(rng, int(len(patch.right) / (unit * unit * 14)))
    near = (y - easel.camera.horizon) / (easel.canvas.height - easel.camera.horizon)
    colours = easel.canvas.channels()[y.astype(int), x.astype(int), :3].astype(np.float32)
    shift = rng.normal(1.0, 0.10, len(x)).astype(np.float32)[:, None]
    if name in ("lawn", "meadow", "moss"):
        size, kind, angle = 1.5 + near * 7.5 * unit, "blade", np.pi / 2 + rng.normal(0, 0.3, len(x))
    else:
        size, kind, angle = 1.2 + near * 2.2 * unit, "leaf", rng.normal(0, 0.3, len(x))
    order = np.argsort(y, kind="stable")
    ink = colours * shift
    easel.canvas.dabs(x[order], y[order], size[order], ink[order], angle=angle[order].astype(np.float32), kind=kind)
