"""Small lights of the garden: bollards along a path, lanterns on posts, strings of bulbs."""

import numpy as np

from generations.engines.painting.colours import mix, ramp, rgb
from generations.engines.painting.easel import Easel

IRON = ramp("#1f2124", "#34373a", "#53575b")
BULB = rgb("#ffe3a6")


def path_light(easel: Easel, x: float, z: float, height: float) -> None:
    """A low bollard that lights the ground when it is dark."""
    ink = easel.airy(IRON, z)
    lamps = easel.light.lamps
    easel.bar((x, 0, z), (x, 0.52, z), 0.05, ink[1])
    right, down = easel.camera.point(x, 0.55, z)
    scale = easel.camera.scale(z)
    glass = mix(rgb("#d8d2c2"), BULB, lamps)
    easel.canvas.fill(easel.quad(x - 0.055, x + 0.055, 0.5, 0.64, z), glass, glow=int(240 * lamps))
    easel.canvas.fill(
        [
            (right - 0.12 * scale, down - 0.09 * scale),
            (right + 0.12 * scale, down - 0.09 * scale),
            (right, down - 0.16 * scale),
        ],
        ink[1],
    )
    if lamps > 0.3:
        _pool_of_light(easel, x, z, 1.0, lamps * 0.7)


def _pool_of_light(easel: Easel, x: float, z: float, reach: float, strength: float) -> None:
    """Warm the ground round a lamp."""
    ring = [(x + float(np.cos(t)) * reach, z + float(np.sin(t)) * reach) for t in np.linspace(0, 2 * np.pi, 30)]
    patch = easel.canvas.patch(easel.floor(ring))
    if not len(patch.right):
        return
    px, pz = easel.camera.ground(patch.right, patch.down)
    near = np.clip(1 - np.hypot(px - x, pz - z) / reach, 0, 1)[:, None] ** 1.5 * np.float32(strength)
    seen = easel.canvas.seen(patch)
    warmed = seen + (rgb("#ffd890") * 0.55 + seen * 0.25) * near
    easel.canvas.cover(patch, warmed, glow=(2 + near[:, 0] * 60).astype(np.uint32))


def post_lantern(easel: Easel, x: float, z: float, height: float) -> None:
    """A glazed lantern on an iron post."""
    ink, lamps = easel.airy(IRON, z), easel.light.lamps
    easel.bar((x, 0, z), (x, 1.35, z), 0.06, ink[1])
    glass = mix(rgb("#e6dfcc"), BULB, lamps)
    easel.canvas.fill(easel.quad(x - 0.11, x + 0.11, 1.36, 1.68, z), glass, glow=int(245 * lamps))
    for side in (-0.115, 0.0, 0.115):
        easel.bar((x + side, 1.36, z), (x + side, 1.68, z), 0.02, ink[0])
    at = easel.camera.point
    easel.canvas.fill([at(x - 0.18, 1.68, z), at(x + 0.18, 1.68, z), at(x, 1.86, z)], ink[0])
    if lamps > 0.3:
        _pool_of_light(easel, x, z, 1.7, lamps * 0.7)


def string_lights(easel: Easel, ends: tuple[float, float], z: float, height: float) -> None:
    """Bulbs on a sagging wire between two posts at the given x."""
    left, right = ends
    run = np.linspace(0, 1, 60, dtype=np.float32)
    for swag in range(2):
        x = left + (right - left) * (run + swag) / 2
        up = height - 0.42 * 4 * run * (1 - run)
        px, py = easel.camera.points(x, up, np.full(60, z, np.float32))
        easel.canvas.line(list(zip(px.tolist(), py.tolist(), strict=True)), 1.2 * easel.unit, rgb("#2b2a29"))
        bulbs = slice(3, 60, 6)
        size = max(0.10 * easel.camera.scale(z), 3.0)
        ink = np.broadcast_to(mix(rgb("#fff2cf"), BULB, easel.light.lamps), (len(px[bulbs]), 3))
        lit = max(60, int(250 * easel.light.lamps))
        easel.canvas.dabs(px[bulbs], py[bulbs] + size * 0.6, size, ink, glow=lit)
