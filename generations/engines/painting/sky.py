"""The sky, its clouds, moon and stars, and the wooded distance below it."""

import numpy as np

from generations.engines.painting.colours import Floats, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.foliage import Clumps, leaf_mass, seasonal
from generations.engines.painting.noise import billows, grit

SKY_GLOW = 1  # marks pixels that already have their final colour


def sky(easel: Easel) -> None:
    """Paint the whole upper part of the sheet."""
    width, horizon = easel.canvas.width, int(easel.camera.horizon) + 2
    half = max(1, int(easel.unit))
    down, right = np.mgrid[0:horizon:half, 0:width:half].astype(np.float32)
    fall = np.clip(down / horizon, 0, 1)[..., None] ** 0.85
    light = easel.light
    colours = light.sky_top + (light.sky_low - light.sky_top) * fall
    colours = _clouded(easel, colours, right / easel.unit, down / easel.unit)
    if easel.wishes.time in ("golden", "dawn"):
        colours = _sunward(colours, right / width, down / horizon)
    colours = colours + (grit(right * 0.9, down * 0.9)[..., None] - 0.5) * 5
    full = np.repeat(np.repeat(colours, half, axis=0), half, axis=1)[:horizon, :width]
    channels = easel.canvas.channels()
    channels[:horizon, :, :3] = np.clip(full, 0, 255).astype(np.uint8)
    channels[:horizon, :, 3] = SKY_GLOW
    if easel.light.stars:
        _moon_and_stars(easel)


def _clouded(easel: Easel, colours: Floats, x: Floats, y: Floats) -> Floats:
    """Lay flat-bottomed clouds over the gradient, thinner and flatter towards the horizon."""
    offset = easel.rng.uniform(0, 512, 2)
    across, along = x * 0.30 + offset[0], y * (0.62 + y / 900.0) + offset[1]
    body = billows(across, along)
    above = billows(across - 7, along - 9)
    cover = easel.light.clouds
    mass = np.clip((body - (0.78 - 0.52 * cover)) * 3.6, 0, 1)
    mass = (mass * mass * (3 - 2 * mass) * (0.35 + 0.6 * cover))[..., None]
    lit = np.clip(0.62 + (body - above) * 3.2, 0, 1)[..., None]
    cloud = easel.light.cloud_shade + (easel.light.cloud_lit - easel.light.cloud_shade) * lit
    laid: Floats = colours + (cloud - colours) * mass
    return laid


def _sunward(colours: Floats, across: Floats, down: Floats) -> Floats:
    """Warm the sky around a low sun at the left."""
    distance = np.hypot((across - 0.16) * 1.2, (down - 0.86) * 0.75)
    glow = np.exp(-((distance / 0.42) ** 2))[..., None]
    warmed: Floats = colours + (rgb("#fff0c4") - colours) * glow * 0.75
    return warmed


def _moon_and_stars(easel: Easel) -> None:
    rng, unit, canvas = easel.rng, easel.unit, easel.canvas
    count = 260
    x = rng.uniform(0, canvas.width, count).astype(np.float32)
    y = (rng.uniform(0, 1, count) ** 1.4 * easel.camera.horizon * 0.9).astype(np.float32)
    shine = rng.uniform(0.25, 1, count).astype(np.float32)[:, None]
    canvas.dabs(x, y, 1 + shine[:, 0] * unit, rgb("#3a4a74") + (rgb("#fdf6e0") - rgb("#3a4a74")) * shine, glow=1)
    where = np.array([[canvas.width * 0.17, canvas.height * 0.11]], np.float32)
    for size, colour in ((25, "#c9d2e8"), (23, "#f2efdf")):
        reach = np.arange(-size, size + 1)
        across, down = np.meshgrid(reach, reach)
        inside = across**2 + down**2 <= (size / 2) ** 2 * unit**2 / 4
        ink = np.broadcast_to(rgb(colour), (int(inside.sum()), 3))
        canvas.dabs(where[0, 0] + across[inside], where[0, 1] + down[inside], 1.0, ink, glow=120)


def distance(easel: Easel) -> None:
    """Paint two bands of far trees, paler the farther they stand."""
    greens = seasonal(easel, ramp("#3d5648", "#53705a", "#6d8a68", "#8aa377", "#a9b987"))
    for z, low, high, veil in ((70.0, 3.0, 9.0, 0.55), (42.0, 2.5, 8.5, 0.34)):
        palette = np.stack([mix(tone, easel.light.haze, veil) for tone in greens])
        _tree_band(easel, z, low, high, palette)


def _tree_band(easel: Easel, z: float, low: float, high: float, palette: Floats) -> None:
    rng, camera = easel.rng, easel.camera
    reach = easel.canvas.width / 2 / camera.scale(z) + 3
    x = np.arange(-reach, reach, 2.1, dtype=np.float32)
    x = x + rng.uniform(-1, 1, len(x)).astype(np.float32)
    crowd = billows(x * 7 + z * 3, x * 0 + z)
    top = low + (high - low) * np.clip(crowd * 1.5 - 0.25, 0, 1)
    rows = []
    for share in (0.88, 0.55, 0.2):
        right, down = camera.points(x, top * share, np.full_like(x, z))
        wide = rng.uniform(1.5, 2.5, len(x)).astype(np.float32) * camera.scale(z)
        rows.append(np.stack([right, down, wide, wide * 0.95], axis=1))
    clumps = Clumps(np.concatenate(rows[::-1]).astype(np.float32), layered=True)
    leaf_mass(easel, clumps, palette, leaf=3.0, density=1.1, kind="round")
