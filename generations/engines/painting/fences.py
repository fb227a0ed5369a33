"""Fences and garden walls, along the back or down the sides."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from generations.engines.painting.colours import Colour, Floats, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.noise import grit
from generations.engines.painting.walls import Run, Wall, material

FenceLook = Callable[[Easel, Run], None]


def _places(run: Run, spacing: float) -> list[tuple[float, float, float]]:
    """Evenly spaced (x, z) along a run with the share of the way, the farthest first."""
    x0, z0, x1, z1 = run
    length = float(np.hypot(x1 - x0, z1 - z0))
    shares = np.linspace(0, 1, max(2, int(length / spacing) + 1))
    spots = [(x0 + (x1 - x0) * float(s), z0 + (z1 - z0) * float(s), float(s)) for s in shares]
    return sorted(spots, key=lambda spot: -spot[1])


def _rail(easel: Easel, run: Run, height: float, thick: float, ink: Colour) -> None:
    x0, z0, x1, z1 = run
    at = easel.camera.point
    easel.canvas.fill(
        [at(x0, height, z0), at(x1, height, z1), at(x1, height + thick, z1), at(x0, height + thick, z0)], ink
    )


def picket(easel: Easel, run: Run, height: float = 0.95) -> None:
    """White pointed pales on two rails."""
    ink = easel.airy(ramp("#b9bfc6", "#e9ebe9", "#fbfaf4"), min(run[1], run[3]))
    for up in (0.25, 0.68):
        _rail(easel, run, height * up, 0.07, ink[0])
    facing = abs(run[3] - run[1]) < abs(run[2] - run[0])
    dx, dz = (0.042, 0.0) if facing else (0.0, 0.05)
    for x, z, share in _places(run, 0.155):
        at = easel.camera.point
        tip = height * (1.0 + (0.05 if round(share * 40) % 8 == 0 else 0.0))
        pale = [at(x - dx, 0.03, z - dz), at(x + dx, 0.03, z + dz), at(x + dx, tip - 0.08, z + dz), at(x, tip, z)]
        easel.canvas.fill([*pale, at(x - dx, tip - 0.08, z - dz)], ink[2] if facing else ink[1])
        easel.canvas.fill([pale[1], pale[2], at(x + dx * 0.5, tip - 0.04, z), at(x + dx * 0.5, 0.03, z)], ink[0])


def bamboo_screen(easel: Easel, run: Run, height: float = 1.75) -> None:
    """Upright canes bound to three dark rails."""
    rng = easel.rng
    canes = easel.airy(ramp("#6f5f35", "#94804a", "#b7a265", "#d3c189", "#e8dcb4"), min(run[1], run[3]))
    for x, z, _ in _places(run, 0.075):
        tall = height + float(rng.normal(0, 0.025))
        tone = canes[int(rng.integers(1, 5))]
        easel.bar((x, 0.0, z), (x, tall, z), 0.07, tone)
        easel.bar((x + 0.02, 0.0, z), (x + 0.02, tall, z), 0.02, canes[0])
    for up in (0.30, 0.95, 1.55):
        _rail(easel, run, up * height / 1.75, 0.07, mix(canes[0], rgb("#2c2114"), 0.45))


def slats(easel: Easel, run: Run, height: float = 1.8, ink: Floats | None = None) -> None:
    """Level timber boards with thin gaps, as modern gardens have."""
    wood = easel.airy(ramp("#6d4a33", "#97694a", "#b98a64") if ink is None else ink, min(run[1], run[3]))
    _rail(easel, run, 0.0, height, mix(wood[0], rgb("#1e1714"), 0.5))
    for board, up in enumerate(np.arange(0.04, height - 0.05, 0.15)):
        tone = float(grit(np.array([board * 37.0], np.float32), np.array([run[0] * 13 + 9], np.float32))[0])
        _rail(easel, run, float(up), 0.125, mix(wood[1], wood[2], 0.15 + 0.8 * tone))


def timber(easel: Easel, run: Run, height: float = 1.7) -> None:
    """Upright weathered boards with posts."""
    rng = easel.rng
    wood = easel.airy(ramp("#6f6253", "#93836e", "#b3a288", "#c9baa0"), min(run[1], run[3]))
    spots = _places(run, 0.17)
    for (x, z, _), (x2, z2, _) in pairwise(spots):
        at, tall = easel.camera.point, height + float(rng.normal(0, 0.012))
        board = [at(x, 0, z), at(x2, 0, z2), at(x2, tall, z2), at(x, tall, z)]
        easel.canvas.fill(board, mix(wood[1], wood[3], float(rng.uniform(0, 1))))
        easel.canvas.line([board[1], board[2]], 1.0 * easel.unit, wood[0])
    _rail(easel, run, height - 0.05, 0.08, wood[3])


def masonry(kind: str, height: float) -> FenceLook:
    """Make the painter of a garden wall of one wall material."""

    def paint(easel: Easel, run: Run) -> None:
        wall = Wall(easel, run, height)
        shade = 1.0 if abs(run[3] - run[1]) < abs(run[2] - run[0]) else 0.80
        wall.cover((0, wall.length, 0, height), material(kind), shade)
        easel.canvas.fill(
            wall.quad(0, wall.length, height - 0.09, height), wall.easel.airy(rgb("#d9cdb8")[None], run[1])[0]
        )

    return paint


FENCES: dict[str, FenceLook] = {
    "picket": picket,
    "bamboo": bamboo_screen,
    "slats": slats,
    "timber": timber,
    "adobe": masonry("adobe", 1.25),
    "stucco": masonry("stucco", 1.3),
}
