"""Water: it mirrors what is already painted above it, so it goes on after all that stands behind."""

import numpy as np

from generations.engines.painting.canvas import Points
from generations.engines.painting.colours import Floats, along, mix, ramp, rgb, tones
from generations.engines.painting.easel import Easel
from generations.engines.painting.flowers import petals
from generations.engines.painting.ground import Outline, surface
from generations.engines.painting.noise import billows

DEEP = rgb("#2f5a62")


def oval(x: float, z: float, wide: float, deep: float, wobble: float = 0.08) -> list[tuple[float, float]]:
    """A rounded outline on the ground, slightly irregular, as (x, z) corners."""
    turn = np.linspace(0, 2 * np.pi, 41)[:-1]
    bulge = 1 + wobble * np.sin(turn * 2 + 0.8) + wobble * 0.7 * np.sin(turn * 3 + 2.1)
    return [
        (x + float(np.cos(t) * b) * wide / 2, z + float(np.sin(t) * b) * deep / 2)
        for t, b in zip(turn, bulge, strict=True)
    ]


def mirror(easel: Easel, outline: Points, tint: Floats, strength: float = 0.62, ripple: float = 1.0) -> None:
    """Fill a level shape with rippled water that reflects the sheet above its far edge."""
    patch = easel.canvas.patch(outline)
    if not len(patch.right):
        return
    edge = float(patch.down.min())
    depth = patch.down - edge
    wave = np.sin(patch.down * 0.9 / easel.unit + 9 * billows(patch.right * 0.35, patch.down * 1.3)) * 0.8
    across = patch.right + wave * ripple * easel.unit * (1.0 + depth * 0.015)
    up = edge - depth * 1.15 - 4 * easel.unit + wave * easel.unit
    rows = np.clip(up, 0, easel.canvas.height - 1).astype(np.int64)
    columns = np.clip(across, 0, easel.canvas.width - 1).astype(np.int64)
    seen = easel.canvas.channels()[rows, columns, :3].astype(np.float32)
    sky = easel.light.sky_low + (easel.light.sky_top - easel.light.sky_low) * 0.5
    if easel.light.lamps > 0.9:
        sky = sky * np.float32(1.6)
    colours = mix(tint, sky, 0.35) + (seen - mix(tint, sky, 0.35)) * np.float32(strength)
    gleam = np.clip(billows(patch.right * 0.9 / easel.unit, patch.down * 7.0 / easel.unit) - 0.60, 0, 1)
    colours = colours * 0.94 + gleam[:, None] * (rgb("#ffffff") - colours) * 1.6
    if easel.wishes.season == "winter":
        colours = colours + (rgb("#dfe9f1") - colours) * 0.55
    easel.canvas.cover(patch, np.asarray(colours, np.float32))


def pond(easel: Easel, x: float, z: float, wide: float) -> None:
    """A pond with lily pads and a few koi; z is its middle."""
    shape = oval(x, z, wide, wide * 0.62)
    rim = easel.floor(oval(x, z, wide * 1.06, wide * 0.68), 0.0)
    easel.canvas.fill(rim, rgb("#4c4a3c"))
    mirror(easel, easel.floor(shape, -0.06), DEEP)
    if easel.wishes.season != "winter":
        _lilies(easel, x, z, wide)
        _koi(easel, x, z, wide)


def _lilies(easel: Easel, x: float, z: float, wide: float) -> None:
    rng = easel.rng
    for _ in range(9):
        at_x = x + float(rng.uniform(-0.36, 0.40)) * wide
        at_z = z + float(rng.uniform(0.02, 0.22)) * wide * (1 if rng.uniform() < 0.7 else -1)
        pad = easel.floor(oval(at_x, at_z, 0.30, 0.26, 0.03), -0.04)
        easel.canvas.fill(pad, along(ramp("#3f6a3c", "#5f8c4c", "#8db265"), rng.uniform(0, 1, 1).astype(np.float32))[0])
        if rng.uniform() < 0.4:
            right, down = easel.camera.point(at_x, 0.02, at_z)
            ink = petals(easel, "#f0a9c0", "#f7ecec")
            fan = np.array([-0.6, 0.6, -0.25, 0.25, 0.0], np.float32)
            size = 0.12 * easel.camera.scale(at_z)
            easel.canvas.dabs(right + fan * size, down - (1 - abs(fan)) * size * 0.5, size * 0.7, ink[[1, 2, 3, 3, 4]])


def _koi(easel: Easel, x: float, z: float, wide: float) -> None:
    rng = easel.rng
    for _ in range(4):
        at_x, at_z = x + float(rng.uniform(-0.25, 0.25)) * wide, z + float(rng.uniform(-0.16, 0.12)) * wide
        run = np.linspace(0, 1, 12, dtype=np.float32)
        px, py = easel.camera.points(at_x + run * 0.42, -0.06, at_z + 0.06 * np.sin(run * 3))
        hue = tones("#e2703a" if rng.uniform() < 0.7 else "#f3ede2", depth=0.4)
        size = np.sin(np.pi * (0.12 + 0.84 * run)) * 0.10 * easel.camera.scale(at_z)
        easel.canvas.dabs(px, py, np.maximum(size, 1.5), along(hue, 0.35 + 0.3 * run), kind="leaf")


def pool(easel: Easel, corners: Outline) -> None:
    """A swimming pool with a pale coping; corners are (x, z)."""
    xs, zs = [x for x, _ in corners], [z for _, z in corners]
    left, right, near, far = min(xs), max(xs), min(zs), max(zs)
    coping = [
        (left - 0.35, near - 0.3),
        (right + 0.35, near - 0.3),
        (right + 0.35, far + 0.3),
        (left - 0.35, far + 0.3),
    ]
    surface(easel, "concrete", coping)
    inside = [(left, near), (right, near), (right, far), (left, far)]
    easel.canvas.fill(easel.floor(inside), rgb("#8fb9bf"))
    mirror(easel, easel.floor(inside, -0.12), rgb("#3fb2c4"), strength=0.30, ripple=1.6)


def stream(easel: Easel, path: Outline, wide: float) -> None:
    """A brook along (x, z) points; it narrows with the distance by perspective alone."""
    bank = ribbon(path, wide * 1.25)
    easel.canvas.fill(easel.floor(bank), rgb("#6a6252"))
    mirror(easel, easel.floor(ribbon(path, wide), -0.05), rgb("#4f8290"), strength=0.5, ripple=2.2)


def ribbon(path: Outline, wide: float) -> list[tuple[float, float]]:
    """A band of constant width (metres) round a smooth curve through (x, z) points."""
    points = np.array(path, np.float64)
    run = np.linspace(0, len(points) - 1, 48)
    smooth = np.stack([_spline(points[:, i], run) for i in (0, 1)], axis=1)
    slope = np.gradient(smooth, axis=0)
    slope /= np.hypot(slope[:, 0], slope[:, 1])[:, None] + 1e-6
    side = np.stack([-slope[:, 1], slope[:, 0]], axis=1) * wide / 2
    outline = np.concatenate([smooth + side, (smooth - side)[::-1]])
    return [(float(x), float(z)) for x, z in outline]


def _spline(values: np.ndarray[tuple[int], np.dtype[np.float64]], run: Floats) -> Floats:
    """Catmull-Rom through the values."""
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    at = np.minimum(run.astype(int), len(values) - 2)
    t = run - at
    a, b, c, d = (padded[at + i] for i in range(4))
    curve: Floats = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return curve


def fountain(easel: Easel, x: float, z: float, height: float) -> None:
    """A round basin, a stem with two bowls, and falling water."""
    stone = easel.airy(ramp("#7f7a70", "#a29c90", "#c0bab0", "#dcd7cd", "#efece5"), z)
    wide = height * 1.5
    _drum(easel, x, z, wide=wide, low=0.0, high=height * 0.22, ink=stone)
    mirror(easel, easel.floor(oval(x, z, wide * 0.88, wide * 0.88, 0.0), height * 0.19), DEEP, 0.4)
    easel.bar((x, height * 0.18, z), (x, height * 0.86, z), height * 0.085, stone[2])
    easel.bar((x + height * 0.02, height * 0.18, z), (x + height * 0.02, height * 0.86, z), height * 0.04, stone[1])
    for share, bowl in ((0.52, 0.62), (0.84, 0.34)):
        _drum(easel, x, z, wide=height * bowl, low=height * share, high=height * (share + 0.05), ink=stone)
        _curtain(easel, x, z, reach=height * bowl / 2, high=height * share, low=height * (0.2 if share < 0.6 else 0.56))
    _curtain(easel, x, z, reach=height * 0.05, high=height * 1.08, low=height * 0.86)


def _drum(easel: Easel, x: float, z: float, *, wide: float, low: float, high: float, ink: Floats) -> None:
    """A round vessel seen from the side: its wall from the lower to the upper rim, then the rim."""
    middle, _ = easel.camera.point(x, 0, z)

    def side(px: Floats, py: Floats) -> Floats:
        u = (px - middle) / (wide / 2 * easel.camera.scale(z))
        return along(ink, np.clip(0.5 - 0.42 * u, 0, 1))

    rim = easel.floor(oval(x, z, wide, wide, 0.0), high)
    foot = easel.floor(oval(x, z, wide * 0.94, wide * 0.94, 0.0), low)
    easel.canvas.texture([foot[0], *rim[:21:20], foot[20], *foot[20:]], side)
    easel.canvas.fill(rim, ink[3])


def _curtain(easel: Easel, x: float, z: float, *, reach: float, high: float, low: float) -> None:
    """Threads of water that fall from a rim."""
    rng, count = easel.rng, 26
    side = rng.uniform(-1, 1, count)
    fall = np.linspace(0, 1, 22)
    px = x + (side[:, None] * (reach + fall * reach * 0.25))
    up = high + (low - high) * fall[None, :] ** 1.6 + 0 * px
    right, down = easel.camera.points(
        px.ravel().astype(np.float32), up.ravel().astype(np.float32), np.full(px.size, z, np.float32)
    )
    keep = rng.uniform(0, 1, px.size) < 0.55
    tone = rng.uniform(0.2, 1, px.size).astype(np.float32)
    ink = along(ramp("#a9c6d0", "#d3e6ec", "#ffffff"), tone)
    easel.canvas.dabs(right[keep], down[keep], 1.5 * easel.unit, ink[keep], angle=np.pi / 2, kind="leaf")
