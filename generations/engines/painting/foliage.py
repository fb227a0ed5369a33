"""Leaves by the thousand: masses of dabs, dark below and light where the sun falls."""

from dataclasses import dataclass

import numpy as np

from generations.engines.painting.colours import Floats, along, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.light import SUN

AUTUMN = ramp("#5e2a1a", "#963c1c", "#cb5f25", "#e79236", "#f6c552")
BLOSSOM = ramp("#a8667c", "#d08fa4", "#ecb6c4", "#f8d5dc", "#fff1f2")
SNOW = ramp("#9fb0c8", "#c6d2e2", "#e4eaf2", "#f6f8fb", "#ffffff")


@dataclass(frozen=True, slots=True)
class Clumps:
    """Rounded masses on the sheet, one row each: centre x, centre y, half width, half height (pixels)."""

    rows: Floats
    layered: bool = False  # painted in the given order; otherwise from the top down, the lowest in front


def seasonal(easel: Easel, greens: Floats, *, evergreen: bool = False) -> Floats:
    """Shift a green palette to the season."""
    season = easel.wishes.season
    if season == "autumn":
        share = 0.12 if evergreen else 0.82
        return np.stack([mix(g, a, share) for g, a in zip(greens, AUTUMN, strict=True)])
    if season == "spring":
        fresh = rgb("#b7d35c")
        return np.stack([mix(g, fresh, 0.05 + 0.08 * i) for i, g in enumerate(greens)])
    if season == "winter":
        dry = rgb("#6f7268")
        return np.stack([mix(g, dry, 0.25 if evergreen else 0.5) for g in greens])
    return greens


def leaf_mass(
    easel: Easel,
    clumps: Clumps,
    palette: Floats,
    *,
    leaf: float,
    density: float = 2.0,
    kind: str = "leaf",
    ragged: float = 0.09,
    contrast: float = 1.0,
) -> None:
    """Cover the clumps with leaves; `leaf` is their length in pixels of a 1024-pixel picture."""
    rows = clumps.rows if clumps.layered else clumps.rows[np.argsort(clumps.rows[:, 1])]
    size = max(leaf * easel.unit, 1.6)
    if easel.wishes.snow and kind == "leaf":  # snow lies in pads, not in leaves
        size, kind = size * 0.9, "round"
    aspect = {"leaf": 0.5, "blade": 0.3, "round": 1.0}[kind]
    area = np.pi * rows[:, 2] * rows[:, 3]
    counts = np.clip(density * area / (0.78 * size * size * aspect), 6, 5000).astype(np.int64)
    which = np.repeat(np.arange(len(rows)), counts)
    ball = _ball(easel.rng, len(which), ragged)
    rows = rows.astype(np.float32)
    x = rows[which, 0] + ball[:, 0] * rows[which, 2]
    y = rows[which, 1] + ball[:, 1] * rows[which, 3]
    own = easel.rng.normal(0, 0.06, len(rows)).astype(np.float32)[which]
    tone = _tone(easel, ball, _overall(rows, which, ball) + own, contrast)
    chance = easel.rng.random((3, len(which)), np.float32)
    order = np.argsort(which + tone * 0.82 + chance[0] * 0.25, kind="stable")
    sizes = np.float32(size) * (0.65 + 0.6 * chance[1])
    angle = chance[2] * np.float32(np.pi)
    colours = along(palette, tone)
    if easel.wishes.snow:
        _powder(easel, colours, ball, tone)
    easel.canvas.dabs(x[order], y[order], sizes[order], colours[order], angle=angle[order], kind=kind)


def _ball(rng: np.random.Generator, count: int, ragged: float) -> Floats:
    """Random places on the near half of a ball: across, down, towards the viewer."""
    radius = np.sqrt(rng.random(count, np.float32))
    turn = rng.random(count, np.float32) * np.float32(2 * np.pi)
    across, down = radius * np.cos(turn), radius * np.sin(turn)
    near = np.sqrt(np.clip(1 - radius**2, 0, 1))
    stray = 1 + np.float32(ragged) * rng.standard_normal(count, np.float32)
    return np.stack([across * stray, down * stray, near], axis=1).astype(np.float32)


def _overall(rows: Floats, which: np.ndarray[tuple[int], np.dtype[np.int64]], ball: Floats) -> Floats:
    """How sunlit a place is within the whole plant: left and top are lighter."""
    left, right = (rows[:, 0] - rows[:, 2]).min(), (rows[:, 0] + rows[:, 2]).max()
    top, low = (rows[:, 1] - rows[:, 3]).min(), (rows[:, 1] + rows[:, 3]).max()
    if right - left > 4.0 * (low - top):  # a row of plants rather than one plant
        left, right = rows[which, 0] - rows[which, 2], rows[which, 0] + rows[which, 2]
    across = (rows[which, 0] + ball[:, 0] * rows[which, 2] - left) / (right - left + 1e-3)
    down = (rows[which, 1] + ball[:, 1] * rows[which, 3] - top) / (low - top + 1e-3)
    lit: Floats = 1.0 - 0.45 * across - 0.75 * down
    return lit


def _tone(easel: Easel, ball: Floats, overall: Floats, contrast: float) -> Floats:
    facing: Floats = ball[:, 0] * SUN[0] + ball[:, 1] * SUN[1] + ball[:, 2] * SUN[2]
    chance = np.float32(0.075) * easel.rng.standard_normal(len(ball), np.float32)
    tone = 0.40 + contrast * (0.46 * facing + 0.32 * (overall - 0.40)) + chance
    kept: Floats = np.clip(tone, 0, 1).astype(np.float32)
    return kept


def _powder(easel: Easel, colours: Floats, ball: Floats, tone: Floats) -> None:
    """Whiten the leaves that look up."""
    high = (ball[:, 1] + easel.rng.normal(0, 0.22, len(ball))) < -0.42
    colours[high] = along(SNOW, np.clip(tone[high] + 0.2, 0, 1))
