"""Filling beds: tall plants at the back, short ones at the edge, in drifts or in rows."""

from dataclasses import dataclass

import numpy as np

from generations.engines.painting.catalogue import CATALOGUE
from generations.engines.painting.colours import Floats
from generations.engines.painting.layouts import Bed, Outline
from generations.engines.painting.noise import billows
from generations.engines.painting.scene import Scene
from generations.engines.painting.styles import Style

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Palette:
    """Plants by where they stand in a bed."""

    back: Names
    middle: Names
    front: Names

    def at(self, rank: float) -> Names:
        """Plants for a place between the edge (rank 0) and the back (rank 1)."""
        return self.front if rank < 0.34 else self.middle if rank < 0.70 else self.back


def palette_for(style: Style, wished: Names) -> Palette:
    """The plants of a style, with the wished ones taking the places that suit their height."""
    back, middle, front = style.back, style.middle, style.front
    for name in wished:
        height = CATALOGUE[name].height if name in CATALOGUE else 1.0
        if height > 0.95:
            back = (name, name, name, *back[:2])
        if 0.45 < height <= 1.3:
            middle = (name, name, name, *middle[:2])
        if height <= 0.7:
            front = (name, name, name, *front[:2])
    return Palette(back, middle, front)


def inside(outline: Outline, x: Floats, z: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which points lie inside a closed outline."""
    within = np.zeros(x.shape, bool)
    if not outline or not len(x):
        return within
    for (x0, z0), (x1, z1) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if z0 == z1:
            continue
        crosses = (z0 > z) != (z1 > z)
        within ^= crosses & (x < (x1 - x0) * (z - z0) / (z1 - z0) + x0)
    return within


def plant_bed(
    scene: Scene, rng: np.random.Generator, bed: Bed, palette: Palette, path: Outline, *, ordered: bool
) -> None:
    """Fill one bed; nothing is planted on the path or where the scene keeps the ground free."""
    places = _places(rng, bed, ordered)
    spots = np.array(places, np.float32).reshape(-1, 3)
    on_path = inside(path, spots[:, 0], spots[:, 1])
    for (x, z, rank), trodden in zip(places, on_path.tolist(), strict=True):
        if trodden:
            continue
        if not scene.is_free(x, z) or abs(x) > 0.56 * z + 0.6:
            continue
        names = _low_enough(palette.at(rank), z)
        drift = float(billows(np.array([x * 46 + 200], np.float32), np.array([z * 40 + 31], np.float32))[0])
        wander = 0.0 if ordered else float(rng.normal(0, 0.10))
        name = names[int((drift + wander) * len(names) * 1.9) % len(names)]
        size = 1.0 if ordered else float(rng.uniform(0.78, 1.15))
        scene.put(name, x, z, size * _fit(z))


def _low_enough(names: Names, z: float) -> Names:
    """Leave out what would tower over the viewer: what is near must be low."""
    low = tuple(name for name in names if CATALOGUE[name].height < 0.29 * z)
    return low or ("shrub",)


def _fit(z: float) -> float:
    """Plants right before the viewer are kept low, so that they frame the view and do not block it."""
    return float(np.clip(0.40 + (z - 4.2) * 0.16, 0.45, 1.0))


def _places(rng: np.random.Generator, bed: Bed, ordered: bool) -> list[tuple[float, float, float]]:
    """Points in a bed with their rank: 0 at the open edge, 1 at the tall side."""
    xs, zs = np.array([p[0] for p in bed.outline]), np.array([p[1] for p in bed.outline])
    found: list[tuple[float, float, float]] = []
    row, number = float(zs.min()) + 0.15, 0
    while row < zs.max():
        step = (0.66 if ordered else 0.58) * (0.4 + 0.6 * _fit(row))
        shift = 0.0 if ordered else step / 2 * (number % 2)
        columns = np.arange(xs.min() + 0.15 + shift, xs.max(), step)
        jitter = np.zeros((2, len(columns))) if ordered else rng.normal(0, 0.13, (2, len(columns)))
        x, z = (columns + jitter[0]).astype(np.float32), (row + jitter[1]).astype(np.float32)
        kept = inside(bed.outline, x, z)
        if kept.any():
            found += _ranked(bed, x[kept], z[kept], xs, zs)
        row, number = row + step * 0.9, number + 1
    return found


def _ranked(bed: Bed, x: Floats, z: Floats, xs: Floats, zs: Floats) -> list[tuple[float, float, float]]:
    depth = 2.3
    if bed.tall_side == "far":
        rank = (z - zs.min()) / max(float(zs.max() - zs.min()), 0.5)
    elif bed.tall_side == "left":
        rank = (x.max() + 0.3 - x) / depth
    elif bed.tall_side == "right":
        rank = (x - x.min() + 0.3) / depth
    else:
        rank = np.zeros_like(x)
    return list(zip(x.tolist(), z.tolist(), np.clip(rank, 0, 1).tolist(), strict=True))
