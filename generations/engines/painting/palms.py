"""Palms: a leaning ringed stem under a crown of arching fronds."""

import numpy as np

from generations.engines.painting.colours import along, ramp
from generations.engines.painting.easel import Easel

FROND = ramp("#2f4c2b", "#48693a", "#6a8b49", "#93ad60", "#c5d08a")
STEM = ramp("#5c4a3a", "#7d6750", "#a08a6e", "#c2ad8d")


def palm(easel: Easel, x: float, z: float, height: float) -> None:
    rng, scale = easel.rng, easel.camera.scale(z)
    lean = float(rng.uniform(-0.08, 0.08)) * height
    run = np.linspace(0, 1, int(max(40, height * scale / 2)), dtype=np.float32)
    px, py = easel.camera.points(x + lean * run**2, run * height * 0.86, np.full(len(run), z, np.float32))
    wide = 0.30 * scale * (1.1 - 0.45 * run) + 1
    for shift, share, tone in ((0.0, 1.0, 0.15), (-0.10, 0.7, 0.55), (-0.2, 0.34, 0.85)):
        ring = 0.12 * np.sin(run * height * 18)
        ink = along(easel.airy(STEM, z), np.clip(tone + ring, 0, 1).astype(np.float32))
        easel.canvas.dabs(px + wide * shift, py, np.maximum(wide * share, 1), ink)
    top = (x + lean, height * 0.86)
    turns = np.concatenate([np.linspace(-0.5, np.pi + 0.5, 13), np.linspace(-0.2, np.pi + 0.2, 9)])
    for number, turn in enumerate(turns):
        _frond(easel, top, z, float(turn), height * 0.36 * (1.0 if number < 13 else 0.82), front=number >= 13)


def _frond(easel: Easel, top: tuple[float, float], z: float, turn: float, length: float, *, front: bool) -> None:
    """A rib that arches out and down, with leaflets hanging from both sides."""
    rng, count = easel.rng, 40
    run = np.linspace(0.04, 1, count, dtype=np.float32)
    x = top[0] + np.cos(turn) * run * length
    up = top[1] + (np.sin(turn) * run * 1.1 - (0.80 if front else 0.68) * run**2.0) * length
    px, py = easel.camera.points(x.astype(np.float32), up.astype(np.float32), np.full(count, z, np.float32))
    ink = easel.airy(FROND, z)
    slope = np.arctan2(np.gradient(py), np.gradient(px))
    reach = 0.24 * length * easel.camera.scale(z) * np.sin(np.pi * (0.10 + 0.86 * run)) + 1
    for side in (-1, 1):
        hang = slope + side * 0.95
        for share in (0.22, 0.5, 0.78):
            lx = px + np.cos(hang) * reach * share * 0.62
            ly = py + np.sin(hang) * reach * share * 0.62 + reach * share * 0.16
            light = 0.5 - 0.26 * np.cos(turn) + (0.12 if side < 0 else -0.14) + 0.12 * share
            tone = np.clip(light + rng.normal(0, 0.12, count), 0, 1).astype(np.float32)
            size = np.clip(reach * 0.30, 2, 16).astype(np.float32)
            easel.canvas.dabs(lx, ly, size, along(ink, tone), angle=hang.astype(np.float32), kind="blade")
    rib = np.full(count, 0.7, np.float32)
    easel.canvas.dabs(px, py, 1.6 * easel.unit, along(ink, rib))
