"""Shrubs, hedges, ferns and grasses: what fills a bed between the trees and the flowers."""

from collections.abc import Callable

import numpy as np

from generations.engines.painting.colours import Floats, along, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import SNOW, Clumps, leaf_mass, seasonal

Painter = Callable[[Easel, float, float, float], None]

BOX = ramp("#24401f", "#385a29", "#517637", "#73964a", "#a0b768")
GREENS = {
    "shrub": ramp("#2b4625", "#42632f", "#5e803c", "#83a04e", "#b2c473"),
    "manzanita": ramp("#3d5a44", "#567559", "#74906b", "#98ad84", "#c3cfa5"),
    "sage": ramp("#5a6b5c", "#788a76", "#97a792", "#b7c3ad", "#d9dfcc"),
    "fern": ramp("#27492a", "#3c6835", "#578843", "#7fab57", "#b3cf7d"),
    "pine": ramp("#1f3c2c", "#315339", "#4a6f49", "#6d8f5f", "#9db584"),
}


def _mound(easel: Easel, x: float, z: float, height: float, wide: float) -> Clumps:
    """A loose heap of clumps, `height` tall and `wide` across (metres)."""
    rng, scale = easel.rng, easel.camera.scale(z)
    count = 9
    turn = rng.uniform(0, np.pi, count)
    out = rng.uniform(0.25, 0.78, count)
    across = np.cos(turn) * out * wide / 2
    up = height * (0.20 + 0.62 * np.sin(turn) * out)
    right, down = easel.camera.points((x + across).astype(np.float32), up, np.full(count, z, np.float32))
    radius = rng.uniform(0.20, 0.30, count) * min(wide, height * 1.5) * scale
    core_x, core_y = easel.camera.point(x, height * 0.38, z)
    core = np.array([[core_x, core_y, wide * 0.38 * scale, height * 0.38 * scale]])
    return Clumps(
        np.concatenate([core, np.stack([right, down, radius, radius * 0.85], axis=1)]).astype(np.float32), True
    )


def _leaf(z: float, size: float) -> float:
    return float(np.clip(size * 9.0 / z, 1.5, 8.0))


def shrub(kind: str) -> Painter:
    """Make the painter of a loose green shrub."""

    def paint(easel: Easel, x: float, z: float, height: float) -> None:
        leaves = easel.airy(seasonal(easel, GREENS[kind], evergreen=kind != "shrub"), z)
        clumps = _mound(easel, x, z, height, height * 1.35)
        leaf_mass(easel, clumps, leaves, leaf=_leaf(z, 4.6), density=1.9)

    return paint


def flowering(kind: str, share: float, blossom: Callable[[Easel], Floats], size: float = 4.6) -> Painter:
    """Make the painter of a shrub that carries `share` of its surface in flowers."""

    def paint(easel: Easel, x: float, z: float, height: float) -> None:
        leaves = easel.airy(seasonal(easel, GREENS[kind], evergreen=kind != "shrub"), z)
        clumps = _mound(easel, x, z, height, height * 1.35)
        leaf_mass(easel, clumps, leaves, leaf=_leaf(z, 4.6), density=1.9)
        if easel.wishes.season != "winter":
            petals = easel.airy(blossom(easel), z)
            leaf_mass(easel, clumps, petals, leaf=_leaf(z, size), density=share, kind="round", contrast=0.9)

    return paint


def ball(easel: Easel, x: float, z: float, height: float) -> None:
    """A clipped box ball."""
    scale = easel.camera.scale(z)
    right, down = easel.camera.point(x, height * 0.47, z)
    rows = np.array([[right, down, height * 0.54 * scale, height * 0.5 * scale]], np.float32)
    leaves = easel.airy(seasonal(easel, BOX, evergreen=True), z)
    leaf_mass(easel, Clumps(rows), leaves, leaf=_leaf(z, 3.4), density=2.6, ragged=0.025, contrast=1.1)


def hedge(easel: Easel, plot: tuple[float, float, float, float], height: float) -> None:
    """A clipped hedge as a block: a top in the light, a front, and the side that can be seen."""
    x0, x1, z0, z1 = plot
    at = easel.camera.point
    leaves = easel.airy(seasonal(easel, BOX, evergreen=True), z0)
    side = x1 if x1 < 0 else x0 if x0 > 0 else None
    if side is not None:
        face = [at(side, 0, z0), at(side, 0, z1), at(side, height, z1), at(side, height, z0)]
        _leafy(easel, face, leaves, z0, 0.50 if side == x0 else 0.22)
    if height < 2.0:
        top = easel.floor([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], height)
        snowy = easel.airy(SNOW, z0) if easel.wishes.snow else leaves
        _leafy(easel, list(top), snowy, z0, 0.84)
    _leafy(easel, list(easel.quad(x0, x1, 0, height, z0)), leaves, z0, 0.42)


def _leafy(easel: Easel, outline: list[tuple[float, float]], leaves: Floats, z: float, tone: float) -> None:
    """Cover a flat face with clipped leaves; a little darker towards its foot."""
    patch = easel.canvas.patch(outline)
    if not len(patch.right):
        return
    easel.canvas.fill(outline, along(leaves, np.array([tone - 0.15], np.float32))[0])
    size = max(_leaf(z, 3.6) * easel.unit, 2.0)
    x, y = patch.pick(easel.rng, int(len(patch.right) * 1.5 / (size * size * 0.4)))
    fall = (y - y.min()) / (y.max() - y.min() + 1)
    value = tone + easel.rng.normal(0, 0.11, len(x)) + 0.12 - 0.26 * fall
    angle = easel.rng.uniform(0, np.pi, len(x)).astype(np.float32)
    easel.canvas.dabs(x, y, size, along(leaves, value.astype(np.float32)), angle=angle, kind="leaf")


def blades(
    easel: Easel, foot: tuple[float, float, float], reach: tuple[float, float], ink: Floats, *, count: int, thick: float
) -> tuple[Floats, Floats]:
    """Arching blades from (x, height, z): `reach` is their height and spread in metres.

    Returns the tips on the sheet, back blades first.
    """
    rng, scale = easel.rng, easel.camera.scale(foot[2])
    right, down = easel.camera.point(*foot)
    lean = np.sort(rng.normal(0, 0.42, count))[rng.permutation(count)].astype(np.float32)
    tall = (reach[0] * rng.uniform(0.62, 1.05, count) * scale).astype(np.float32)
    start = right + rng.normal(0, reach[1] * 0.12 * scale, count).astype(np.float32)
    tip_x = start + lean * reach[1] * scale
    tip_y = down - tall * (1 - 0.28 * np.abs(lean))
    length = float(max(tall.max(), np.abs(tip_x - start).max()))
    run = np.linspace(0, 1, max(8, int(length / max(2.0, thick * scale * 0.4))), dtype=np.float32)[None, :]
    mid_x, mid_y = start + lean * reach[1] * 0.22 * scale, down - tall * 0.75
    x = (1 - run) ** 2 * start[:, None] + 2 * run * (1 - run) * mid_x[:, None] + run**2 * tip_x[:, None]
    y = (1 - run) ** 2 * down + 2 * run * (1 - run) * mid_y[:, None] + run**2 * tip_y[:, None]
    width = np.maximum(thick * scale * (1.05 - run**1.5), 1.0) * np.ones_like(x)
    tone = np.clip(0.10 + 0.62 * run - 0.18 * lean[:, None] + rng.normal(0, 0.12, (count, 1)), 0, 1)
    easel.canvas.dabs(x.ravel(), y.ravel(), width.ravel(), along(ink, tone.ravel().astype(np.float32)))
    return tip_x, tip_y


GRASSES = {
    "green": ramp("#3c5529", "#58763a", "#7b974e", "#a3b76b", "#cdd69b"),
    "gold": ramp("#6b5a2e", "#907b43", "#b59d5c", "#d3bf80", "#eddfae"),
    "blue": ramp("#45606a", "#607f88", "#83a0a4", "#a9c0c0", "#d3e0dc"),
    "black": ramp("#1f2622", "#333d35", "#4b574a", "#6b7662", "#959e82"),
}


def grass(kind: str, plumes: bool = False) -> Painter:
    """Make the painter of a tuft of ornamental grass, with or without feathery plumes."""

    def paint(easel: Easel, x: float, z: float, height: float) -> None:
        share = {"autumn": 0.45, "winter": 0.65}.get(easel.wishes.season, 0.0)
        ink = np.stack([mix(a, b, share) for a, b in zip(GRASSES[kind], GRASSES["gold"], strict=True)])
        count = int(np.clip(900 / z, 40, 130))
        tall = height * (0.72 if plumes else 1.0)
        blades(easel, (x, 0.0, z), (tall, height * 0.75), easel.airy(ink, z), count=count, thick=0.014)
        if plumes:
            _plumes(easel, x, z, height)

    return paint


def _plumes(easel: Easel, x: float, z: float, height: float) -> None:
    scale = easel.camera.scale(z)
    stalk = easel.airy(GRASSES["gold"], z)
    tip_x, tip_y = blades(easel, (x, 0.0, z), (height * 1.02, height * 0.42), stalk, count=12, thick=0.008)
    feather = easel.airy(ramp("#a8916f", "#c6b08c", "#dcc9a8", "#eee0c6", "#fbf3e2"), z)
    along_it = np.linspace(0, 1, 26, dtype=np.float32)
    px = (tip_x[:, None] + (along_it - 0.5) * 0.05 * scale + easel.rng.normal(0, 0.014 * scale, (12, 26))).ravel()
    py = (tip_y[:, None] + along_it * height * 0.26 * scale).ravel()
    size = np.tile(np.sin(np.pi * (0.12 + 0.8 * along_it)) * 0.042 * scale + 1, 12)
    tone = np.clip(easel.rng.normal(0.6, 0.2, len(px)), 0, 1).astype(np.float32)
    tilt = easel.rng.normal(np.pi / 2, 0.4, len(px)).astype(np.float32)
    easel.canvas.dabs(
        px.astype(np.float32),
        py.astype(np.float32),
        size.astype(np.float32),
        along(feather, tone),
        angle=tilt,
        kind="leaf",
    )


def fern(easel: Easel, x: float, z: float, height: float) -> None:
    """Wide low fronds."""
    ink = easel.airy(seasonal(easel, GREENS["fern"]), z)
    blades(easel, (x, 0.0, z), (height * 0.9, height * 1.5), ink, count=34, thick=0.05)


def bamboo(easel: Easel, x: float, z: float, height: float) -> None:
    """A clump of canes with leaves towards the top."""
    rng, scale = easel.rng, easel.camera.scale(z)
    cane = easel.airy(ramp("#5d6f35", "#7d8f45", "#a3b05c", "#c3ca80", "#e0e2ae"), z)
    rows = []
    for _ in range(11):
        foot, tall = x + float(rng.normal(0, 0.32)), height * float(rng.uniform(0.75, 1.05))
        lean = float(rng.normal(0, 0.22))
        tone = float(rng.uniform(0.1, 0.9))
        easel.bar((foot, 0, z), (foot + lean, tall, z), 0.045, along(cane, np.array([tone], np.float32))[0])
        for knot in np.arange(0.3, tall, 0.38):
            kx, ky = easel.camera.point(foot + lean * knot / tall, float(knot), z)
            easel.canvas.line(
                [(kx - 0.03 * scale, ky), (kx + 0.03 * scale, ky)], 1.2, mix(cane[0], rgb("#000000"), 0.2)
            )
        for share in (0.98, 0.82, 0.66, 0.5):
            right, down = easel.camera.point(foot + lean * share + float(rng.normal(0, 0.2)), tall * share, z)
            rows.append((right, down, 0.40 * scale, 0.26 * scale))
    leaves = easel.airy(seasonal(easel, ramp("#33502a", "#4d7034", "#6f9344", "#9bb65b", "#cbd688"), evergreen=True), z)
    leaf_mass(
        easel, Clumps(np.array(rows, np.float32)), leaves, leaf=_leaf(z, 7.0), density=0.8, kind="blade", ragged=0.2
    )
