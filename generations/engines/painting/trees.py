"""Trees: a trunk that forks, and a crown of leaf clumps round its branches."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from generations.engines.painting.colours import Colour, Floats, mix, ramp, rgb, veiled
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import BLOSSOM, Clumps, leaf_mass, seasonal


@dataclass(frozen=True, slots=True)
class Kind:
    """How a broad-leaved tree grows. `spread` and `bare` are shares of its height."""

    leaves: Floats
    bark: str
    spread: float = 0.42
    bare: float = 0.34
    leaf: float = 4.2
    clumps: int = 36
    density: float = 1.7
    evergreen: bool = False
    stems: int = 1
    thick: float = 0.045
    fixed: bool = False  # coloured by nature; only autumn changes it


OAK = ramp("#2c3f25", "#455c2f", "#62793c", "#86974e", "#b1b76c")
KINDS = {
    "oak": Kind(OAK, "#5b4a3b", spread=0.56, bare=0.28, clumps=46, evergreen=True, thick=0.06),
    "shade": Kind(ramp("#2f4a2a", "#48692f", "#67893c", "#8fab4f", "#c0cb72"), "#6a5745", spread=0.42),
    "maple": Kind(
        ramp("#5c1712", "#8e241a", "#bb3a22", "#db5d33", "#f0925a"),
        "#4e3b33",
        spread=0.52,
        bare=0.30,
        leaf=3.8,
        fixed=True,
    ),
    "birch": Kind(
        ramp("#4c6a30", "#6b8a3c", "#8fab4b", "#b3c665", "#d8de90"),
        "#e4e0d6",
        spread=0.27,
        bare=0.30,
        leaf=3.2,
        density=1.05,
        thick=0.03,
        stems=3,
    ),
    "blossom": Kind(BLOSSOM, "#574238", spread=0.48, bare=0.30, leaf=3.4, fixed=True),
    "olive": Kind(
        ramp("#48573f", "#66755a", "#869474", "#a8b394", "#cdd4ba"),
        "#75695c",
        spread=0.44,
        bare=0.36,
        leaf=3.4,
        density=1.2,
        stems=3,
        evergreen=True,
        thick=0.035,
    ),
    "apple": Kind(ramp("#2f4f27", "#4a7130", "#69903c", "#8fae50", "#bccb78"), "#5f4d3d", spread=0.46, bare=0.28),
    "sculptural": Kind(
        ramp("#334b36", "#4d6a49", "#6d8a5c", "#93a975", "#c0cb9a"),
        "#7b6f66",
        spread=0.46,
        bare=0.42,
        leaf=3.2,
        density=1.25,
        stems=3,
        thick=0.032,
    ),
}


def broadleaf(kind: str) -> Callable[[Easel, float, float, float], None]:
    """Make the painter of one kind of broad-leaved tree."""

    def paint(easel: Easel, x: float, z: float, height: float) -> None:
        _grow(easel, KINDS[kind], x, z, height)

    return paint


def _grow(easel: Easel, kind: Kind, x: float, z: float, height: float) -> None:
    crown = _crown(easel, kind, height)
    leafless = easel.wishes.season == "winter" and not kind.evergreen
    _wood(easel, kind, (x, z), height, crown)
    if leafless:
        _twigs(easel, kind, x, z, crown)
        return
    scale = easel.camera.scale(z)
    right, down = easel.camera.points(x + crown[:, 0], crown[:, 1], np.full(len(crown), z, np.float32))
    radius = crown[:, 2] * scale
    rows = np.stack([right, down, radius, radius * 0.78], axis=1).astype(np.float32)
    leaves = easel.airy(seasonal(easel, kind.leaves, evergreen=kind.evergreen), z)
    if kind.fixed and easel.wishes.season != "autumn":
        leaves = easel.airy(kind.leaves, z)
    if z > 18:  # trees beyond the house step back
        leaves = veiled(leaves, rgb("#3f6660"), 0.20)
    leaf = float(np.clip(kind.leaf * 13.0 / z, 3.0, 6.5))
    leaf_mass(
        easel,
        Clumps(rows),
        leaves,
        leaf=leaf,
        density=kind.density * (0.62 if z > 18 else 1.0),
        ragged=0.11,
        contrast=1.22,
    )


def _crown(easel: Easel, kind: Kind, height: float) -> Floats:
    """Clumps round the crown: across, height and radius in metres."""
    rng = easel.rng
    turn = rng.uniform(0, 2 * np.pi, kind.clumps)
    out = np.sqrt(rng.uniform(0.02, 1, kind.clumps))
    wide, tall = height * kind.spread * 0.78, height * (1 - kind.bare) * 0.42
    middle = height * (kind.bare + (1 - kind.bare) * 0.52)
    across = np.cos(turn) * out * wide
    up = middle + np.sin(turn) * out * tall - (np.abs(across) / wide) ** 2 * tall * 0.25
    radius = height * kind.spread * rng.uniform(0.20, 0.36, kind.clumps)
    return np.stack([across, up, radius], axis=1).astype(np.float32)


def _wood(easel: Easel, kind: Kind, spot: tuple[float, float], height: float, crown: Floats) -> None:
    """Stems from the ground to the fork, branches from the fork into the clumps."""
    (x, z), rng = spot, easel.rng
    bark, dark = rgb(kind.bark), mix(rgb(kind.bark), rgb("#231d1c"), 0.5)
    fork = height * (kind.bare + 0.10)
    for stem in range(kind.stems):
        lean = (stem - (kind.stems - 1) / 2) * height * 0.11 + float(rng.normal(0, height * 0.015))
        foot = x + (stem - (kind.stems - 1) / 2) * height * 0.02
        _stem(easel, [(foot, 0.0), (foot + lean * 0.35, fork * 0.55), (x + lean, fork)], z, height * kind.thick, bark)
        if kind.bark == "#e4e0d6":
            _birch_marks(easel, foot, x + lean, fork, z)
    for across, up, _ in crown[:: 2 if kind.stems == 1 else 3]:
        start = x + float(np.clip(across, -1, 1)) * height * 0.05 * kind.stems
        bend = (start + (float(across) * 0.45), fork + (float(up) - fork) * 0.65)
        path = [(start, fork * 0.93), bend, (x + float(across), float(up))]
        _stem(easel, path, z, height * kind.thick * 0.36, dark)


def _stem(easel: Easel, path: list[tuple[float, float]], z: float, thick: float, bark: Colour) -> None:
    """A tapering stem, lit from the left."""
    scale = easel.camera.scale(z)
    ends = np.array([easel.camera.point(x, up, z) for x, up in path], np.float32)
    run = np.linspace(0, 1, 60, dtype=np.float32)[:, None]
    curve = (1 - run) ** 2 * ends[0] + 2 * run * (1 - run) * ends[1] + run**2 * ends[2]
    width = np.maximum(thick * scale * (1.0 - 0.55 * run[:, 0]), 1.2)
    steps = max(1, int(np.hypot(*(ends[2] - ends[0])) / (60 * 0.3 * max(float(width.min()), 1.0))) + 1)
    curve, width = np.repeat(curve, steps, axis=0), np.repeat(width, steps)
    offset = np.tile(np.arange(steps) / steps, 60)[:, None] * np.repeat(np.gradient(curve[::steps], axis=0), steps, 0)
    curve = curve + offset
    for shift, share, tint in ((0.0, 1.0, 0.42), (-0.10, 0.72, 0.12), (-0.24, 0.34, -0.25)):
        other = rgb("#211c1f") if tint > 0 else rgb("#fff1d6")
        ink = np.broadcast_to(easel.airy(mix(bark, other, abs(tint))[None, :], z), (len(curve), 3))
        easel.canvas.dabs(curve[:, 0] + width * shift, curve[:, 1], np.maximum(width * share, 1), ink)


def _birch_marks(easel: Easel, foot: float, top: float, height: float, z: float) -> None:
    up = easel.rng.uniform(0.05, 1, 22).astype(np.float32) * height
    x = foot + (top - foot) * up / height + easel.rng.normal(0, 0.025, 22).astype(np.float32)
    right, down = easel.camera.points(x, up, np.full_like(x, z))
    ink = np.broadcast_to(rgb("#3b3633"), (22, 3))
    easel.canvas.dabs(right, down, 0.09 * easel.camera.scale(z), ink, kind="blade")


def _twigs(easel: Easel, kind: Kind, x: float, z: float, crown: Floats) -> None:
    """Bare twigs that fan out where the leaves would be, with a little snow."""
    rng = easel.rng
    count = 26
    bark = easel.airy(mix(rgb(kind.bark), rgb("#2d2626"), 0.45)[None, :], z)[0]
    for across, up, radius in crown:
        outward = float(np.arctan2(up - crown[:, 1].min() + 0.3, across))
        turn = outward + rng.normal(0, 0.85, count)
        start = rng.uniform(-0.6, 0.1, count) * radius
        reach = rng.uniform(0.35, 0.95, count) * radius
        for angle, begin, length in zip(turn.tolist(), start.tolist(), reach.tolist(), strict=True):
            foot = (x + float(across) + np.cos(outward) * begin, float(up) + np.sin(outward) * begin)
            tip = (foot[0] + np.cos(angle) * length, foot[1] + np.sin(angle) * length)
            easel.bar(
                (foot[0], foot[1], z), (tip[0], tip[1], z), 0.011, mix(bark, rgb("#f2f4f8"), 0.0 if begin < 0 else 0.35)
            )


def conifer(easel: Easel, x: float, z: float, height: float) -> None:
    """Tiers of drooping branches, wide below."""
    _stem(easel, [(x, 0.0), (x, height * 0.3), (x, height * 0.9)], z, height * 0.035, rgb("#59463a"))
    scale = easel.camera.scale(z)
    rows = []
    for tier in np.linspace(0.98, 0.12, 14):
        wide = (1.02 - tier) * height * 0.26
        count = max(1, int(5 * (1.1 - tier)))
        for across in np.linspace(-1, 1, count) if count > 1 else [0.0]:
            right, down = easel.camera.point(x + float(across) * wide, height * tier - abs(across) * wide * 0.3, z)
            rows.append((right, down, (wide / count + 0.10 * height * 0.6) * scale, height * 0.045 * scale))
    greens = ramp("#1f3a2e", "#2f5140", "#456a4e", "#648662", "#8fa982")
    leaves = easel.airy(seasonal(easel, greens, evergreen=True), z)
    leaf_mass(easel, Clumps(np.array(rows, np.float32), layered=True), leaves, leaf=4.0, density=1.8, kind="blade")


def cypress(easel: Easel, x: float, z: float, height: float) -> None:
    """A narrow dark flame."""
    scale = easel.camera.scale(z)
    rows = []
    for tier in np.linspace(0.97, 0.06, 16):
        wide = height * 0.085 * np.sin(np.pi * np.clip(1 - tier, 0.03, 0.80) ** 0.65) + 0.05
        right, down = easel.camera.point(x, height * float(tier), z)
        rows.append((right, down, wide * scale, height * 0.06 * scale))
    greens = ramp("#20361f", "#314b2a", "#476537", "#658048", "#8d9f66")
    leaves = easel.airy(seasonal(easel, greens, evergreen=True), z)
    leaf_mass(easel, Clumps(np.array(rows, np.float32), layered=True), leaves, leaf=3.2, density=2.0, kind="blade")
