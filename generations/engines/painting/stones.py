"""Boulders, stepping stones and the stone lantern."""

import numpy as np

from generations.engines.painting.colours import Floats, along, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import SNOW
from generations.engines.painting.ground import LAWN
from generations.engines.painting.light import SUN
from generations.engines.painting.noise import billows, grit

GREY = ramp("#4b4a49", "#6a6865", "#8c8983", "#aeaaa1", "#d2cdc2")
WARM = ramp("#6a4c38", "#8f6a4c", "#b28a65", "#cfab84", "#ead0ac")


def _rock(easel: Easel, spot: tuple[float, float], size: tuple[float, float], ink: Floats, moss: float) -> None:
    """A rounded, chipped stone, lit as a solid; `moss` is the share of its top that is green."""
    (x, z), (height, wide) = spot, size
    rng, scale = easel.rng, easel.camera.scale(z)
    right, down = easel.camera.point(x, height * 0.36, z)
    turn = np.linspace(0, 2 * np.pi, 15)[:-1] + rng.uniform(-0.12, 0.12, 14)
    reach = rng.uniform(0.84, 1.08, 14)
    half_w, half_h = wide / 2 * scale, height * 0.64 * scale
    shape = [
        (right + np.cos(t) * r * half_w, down + np.clip(np.sin(t) * r, -1.1, 0.60) * half_h)
        for t, r in zip(turn, reach, strict=True)
    ]
    shift = rng.uniform(0, 512, 2)
    facets = rng.normal(0, 1, (7, 3)) * (1.0, 0.8, 0.5)

    def paint(px: Floats, py: Floats) -> Floats:
        u, v = (px - right) / half_w, (py - down) / half_h
        near = np.sqrt(np.clip(1.15 - u * u - v * v, 0.05, 1))
        plane = np.stack([u, v, near], axis=1)
        which = np.argmax(np.einsum("ij,kj->ik", plane, facets), axis=1)
        chip = facets[which]
        normal = plane + 0.34 * chip / np.linalg.norm(chip, axis=1, keepdims=True)
        rough = grit(px * 0.55 / easel.unit + shift[0], py * 0.55 / easel.unit) - 0.5
        tone = 0.44 + 0.38 * (normal * SUN).sum(axis=1) + 0.22 * rough - 0.18 * np.clip(v, 0, 1)
        colours = along(easel.airy(ink, z), np.clip(tone, 0, 1).astype(np.float32))
        return _grown(easel, colours, (px, py, v), tone, moss)

    easel.canvas.texture(shape, paint)


def _grown(easel: Easel, colours: Floats, place: tuple[Floats, Floats, Floats], tone: Floats, moss: float) -> Floats:
    """Moss on the crown, or snow."""
    px, py, v = place
    edge = billows(px * 1.6 / easel.unit, py * 1.6 / easel.unit) - 0.5
    green = v + edge * 1.4 < -0.75 + moss * 1.35
    if moss > 0:
        colours[green] = along(LAWN * np.float32(0.86), np.clip(tone[green] + edge[green] * 0.5, 0, 1))
    if easel.wishes.snow:
        cap = v + edge * 0.8 < -0.28
        colours[cap] = along(SNOW, np.clip(tone[cap] + 0.3, 0, 1))
    return colours


def boulder(easel: Easel, x: float, z: float, height: float) -> None:
    _rock(easel, (x, z), (height, height * 1.6), GREY, 0.0)


def warm_boulder(easel: Easel, x: float, z: float, height: float) -> None:
    _rock(easel, (x, z), (height, height * 1.6), WARM, 0.0)


def mossy_rock(easel: Easel, x: float, z: float, height: float) -> None:
    _rock(easel, (x, z), (height, height * 1.45), GREY, 0.42)


def stepping_stone(easel: Easel, x: float, z: float, wide: float) -> None:
    """A flat stone that stands a hand's width out of the ground."""
    rng = easel.rng
    turn = np.linspace(0, 2 * np.pi, 13)[:-1]
    reach = rng.uniform(0.86, 1.08, 12) * wide / 2
    ring = [(x + float(np.cos(t) * r), z + float(np.sin(t) * r) * 0.78) for t, r in zip(turn, reach, strict=True)]
    ink = easel.airy(SNOW if easel.wishes.snow else GREY, z)
    easel.canvas.fill(easel.floor([(a + 0.05, b - 0.03) for a, b in ring], 0.0), mix(rgb("#2f3328"), ink[0], 0.35))
    easel.canvas.fill(easel.floor(ring, 0.015), ink[1])

    def top(px: Floats, py: Floats) -> Floats:
        rough = grit(px * 0.5 / easel.unit, py * 0.9 / easel.unit) - 0.5
        stain = billows(px * 1.1 / easel.unit, py * 2.0 / easel.unit) - 0.5
        return along(ink, np.clip(0.72 + 0.22 * rough + 0.35 * stain, 0, 1))

    easel.canvas.texture(easel.floor(ring, 0.06), top)


def lantern(easel: Easel, x: float, z: float, height: float) -> None:
    """A stone lantern: foot, pillar, fire box, wide cap and jewel."""
    shape = easel.airy(GREY, z)
    shade, front, top = shape[1], shape[2], shape[3]
    h = height

    def slab(low: float, high: float, wide_low: float, wide_high: float) -> None:
        at = easel.camera.point
        left_low, right_low = at(x - wide_low * h, low * h, z), at(x + wide_low * h, low * h, z)
        left_high, right_high = at(x - wide_high * h, high * h, z), at(x + wide_high * h, high * h, z)
        split_low = (left_low[0] * 0.38 + right_low[0] * 0.62, left_low[1])
        split_high = (left_high[0] * 0.38 + right_high[0] * 0.62, left_high[1])
        easel.canvas.fill([left_low, split_low, split_high, left_high], front)
        easel.canvas.fill([split_low, right_low, right_high, split_high], shade)

    slab(0.0, 0.10, 0.24, 0.20)
    slab(0.10, 0.46, 0.10, 0.08)
    slab(0.46, 0.56, 0.13, 0.21)
    slab(0.56, 0.74, 0.16, 0.16)
    glow = int(230 * easel.light.lamps)
    window = rgb("#ffcf7a") if glow else rgb("#2a2723")
    easel.canvas.fill(easel.quad(x - 0.085 * h, x + 0.06 * h, 0.59 * h, 0.71 * h, z), window, glow=glow)
    slab(0.74, 0.79, 0.33, 0.30)
    slab(0.79, 0.92, 0.30, 0.07)
    slab(0.92, 1.0, 0.06, 0.02)
    cap = SNOW[3] if easel.wishes.snow else top
    easel.bar((x - 0.30 * h, 0.795 * h, z), (x + 0.10 * h, 0.795 * h, z), 0.018 * h, cap)
    if not easel.wishes.snow:
        _lichen(easel, x, z, h)


def _lichen(easel: Easel, x: float, z: float, height: float) -> None:
    count = 26
    spread = easel.rng.uniform(-0.26, 0.2, count).astype(np.float32) * height
    up = easel.rng.uniform(0.76, 0.86, count).astype(np.float32) * height
    right, down = easel.camera.points(x + spread, up, np.full(count, z, np.float32))
    ink = along(LAWN, easel.rng.uniform(0.2, 0.7, count).astype(np.float32))
    easel.canvas.dabs(right, down, 0.035 * height * easel.camera.scale(z), ink)
