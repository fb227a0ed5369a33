"""Desert plants: ribbed columns, barrels, rosettes and thorny wands."""

import numpy as np

from generations.engines.painting.colours import Floats, along, mix, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.flowers import petals

SKIN = ramp("#2f4a35", "#466547", "#62835a", "#88a474", "#b9c99a")


def _limb(easel: Easel, path: list[tuple[float, float]], z: float, wide: float) -> None:
    """A ribbed round limb along a path of (x, height) points; its end is a dome."""
    ends = np.array([easel.camera.point(x, up, z) for x, up in path], np.float32)
    radius = wide / 2 * easel.camera.scale(z)
    lengths = np.hypot(*(ends[1:] - ends[:-1]).T)
    total = np.concatenate([[0], np.cumsum(lengths)])
    steps = np.linspace(0, total[-1], max(8, int(total[-1] / 1.2)))
    x, y = np.interp(steps, total, ends[:, 0]), np.interp(steps, total, ends[:, 1])
    slope = np.arctan2(np.gradient(y), np.gradient(x))
    left = total[-1] - steps
    full = radius * np.sqrt(np.clip(1 - (1 - np.clip(left / radius, 0, 1)) ** 2, 0.02, 1))
    across = np.linspace(-1, 1, max(9, int(radius * 1.9)))
    off_x, off_y = -np.sin(slope), np.cos(slope)
    px = x[:, None] + across * (full * off_x)[:, None]
    py = y[:, None] + across * (full * off_y)[:, None]
    facing = across * np.sign(off_x[:, None] + 1e-6)
    ribs = np.cos(np.arcsin(np.clip(across, -1, 1)) * 9.0)
    tone = 0.48 - 0.42 * facing + 0.15 * ribs + easel.rng.normal(0, 0.05, px.shape)
    colours = along(easel.airy(SKIN, z), np.clip(tone, 0, 1).ravel().astype(np.float32))
    easel.canvas.dabs(px.ravel().astype(np.float32), py.ravel().astype(np.float32), 2.6, colours)
    _spines(easel, px, py, ribs)


def _spines(easel: Easel, x: Floats, y: Floats, ribs: Floats) -> None:
    rows = np.arange(0, len(x), 5)
    crest = np.nonzero(ribs > 0.93)[0] if ribs.ndim == 1 else np.nonzero(ribs[0] > 0.93)[0]
    if not len(rows) or not len(crest):
        return
    px, py = x[np.ix_(rows, crest)].ravel(), y[np.ix_(rows, crest)].ravel()
    ink = np.broadcast_to(rgb("#e6dfc2"), (len(px), 3))
    tilt = easel.rng.uniform(0, np.pi, len(px)).astype(np.float32)
    easel.canvas.dabs(px.astype(np.float32), py.astype(np.float32), 1.6 * easel.unit, ink, angle=tilt, kind="blade")


def saguaro(easel: Easel, x: float, z: float, height: float) -> None:
    """A tall column with raised arms."""
    rng, wide = easel.rng, height * 0.125
    first = 1 if rng.uniform() < 0.5 else -1
    for side in (first, -first, first)[: int(rng.integers(1, 4))]:
        low = float(rng.uniform(0.30, 0.52))
        high, out = low + float(rng.uniform(0.22, 0.40)), float(rng.uniform(0.17, 0.23))
        elbow, reach = height * low, side * height * out
        bend = [(x, elbow), (x + reach * 0.6, elbow - 0.01), (x + reach * 0.92, elbow + height * 0.05)]
        _limb(easel, [*bend, (x + reach, elbow + height * 0.12), (x + reach, height * high)], z, wide * 0.66)
    _limb(easel, [(x, -0.02), (x, height)], z, wide)


def barrel(easel: Easel, x: float, z: float, height: float) -> None:
    """A ribbed globe with a golden crown."""
    scale = easel.camera.scale(z)
    radius = height * 0.52 * scale
    right, down = easel.camera.point(x, height * 0.46, z)
    grid = np.linspace(-1, 1, max(10, int(radius * 1.6)))
    u, v = (axis.ravel() for axis in np.meshgrid(grid, grid))
    inside = u * u + v * v <= 1
    u, v = u[inside], v[inside]
    half = np.sqrt(np.clip(1 - v * v, 0.01, 1))
    ribs = np.cos(np.arcsin(np.clip(u / half, -1, 1)) * 11)
    tone = 0.44 - 0.30 * u - 0.34 * v + 0.17 * ribs + easel.rng.normal(0, 0.04, len(u))
    px, py = (right + u * radius).astype(np.float32), (down + v * radius * 0.94).astype(np.float32)
    easel.canvas.dabs(px, py, 2.6, along(easel.airy(SKIN, z), np.clip(tone, 0, 1).astype(np.float32)))
    crest = (ribs > 0.86) & (easel.rng.uniform(0, 1, len(u)) < 0.5)
    gold = along(ramp("#9c7b2e", "#cfae55", "#f2e0a0"), np.clip(tone[crest] + 0.15, 0, 1).astype(np.float32))
    tilt = easel.rng.uniform(0, np.pi, int(crest.sum())).astype(np.float32)
    easel.canvas.dabs(px[crest], py[crest], 2.4 * easel.unit, gold, angle=tilt, kind="blade")
    turn = np.linspace(0, 2 * np.pi, 9, dtype=np.float32)[:-1]
    if easel.wishes.season != "winter":
        ink = np.broadcast_to(petals(easel, "#f0b53c", "#e8617d")[3], (8, 3))
        around_x, around_y = right + np.cos(turn) * radius * 0.3, down - radius * 0.84 + np.sin(turn) * radius * 0.09
        easel.canvas.dabs(around_x, around_y, radius * 0.20, ink)


def agave(easel: Easel, x: float, z: float, height: float) -> None:
    """A rosette of thick pointed leaves, pale at the edge."""
    rosette(easel, x, z, height, ramp("#3e5a58", "#597873", "#7c9a91", "#a3bcae", "#d0dfd0"))


def rosette(easel: Easel, x: float, z: float, height: float, skin: Floats) -> None:
    """Leaves fan out from one point: the back ones first, the low front ones last."""
    rng, scale = easel.rng, easel.camera.scale(z)
    ink = easel.airy(skin, z)
    right, down = easel.camera.point(x, 0.04, z)
    turns = np.concatenate([np.linspace(0.30, np.pi - 0.30, 9), np.linspace(0.16, np.pi - 0.16, 8)])
    for number, turn in enumerate(turns):
        front = number >= 9
        length = height * scale * (1.0 if not front else 0.86) * float(rng.uniform(0.9, 1.05))
        flat = 1.0 if not front else 0.62
        tip = (right + np.cos(turn) * length * 1.02, down - np.sin(turn) * length * flat)
        _leaf_blade(easel, (right, down), tip, length * 0.115, ink, tone=0.55 - 0.3 * float(np.cos(turn)))


def _leaf_blade(
    easel: Easel, foot: tuple[float, float], tip: tuple[float, float], half: float, ink: Floats, *, tone: float
) -> None:
    dx, dy = tip[0] - foot[0], tip[1] - foot[1]
    length = max(float(np.hypot(dx, dy)), 1.0)
    nx, ny = -dy / length * half, dx / length * half
    if nx > 0:
        nx, ny = -nx, -ny
    middle = (foot[0] + dx * 0.42, foot[1] + dy * 0.42)
    lit, dark = along(ink, np.array([tone + 0.18, tone - 0.30], np.float32))
    left_edge, right_edge = (middle[0] + nx, middle[1] + ny), (middle[0] - nx, middle[1] - ny)
    start = (foot[0] + nx * 0.6, foot[1] + ny * 0.6), (foot[0] - nx * 0.6, foot[1] - ny * 0.6)
    easel.canvas.fill([start[0], left_edge, tip, foot], lit)
    easel.canvas.fill([start[1], right_edge, tip, foot], dark)
    easel.canvas.line([start[0], left_edge, tip], 1.0, mix(lit, rgb("#fdf6d8"), 0.45))
    easel.canvas.dabs(np.array([tip[0]], np.float32), np.array([tip[1]], np.float32), 2.0, rgb("#4a2f25")[None, :])


def ocotillo(easel: Easel, x: float, z: float, height: float) -> None:
    """Long wands from one foot, small leaves, red at the tips."""
    rng = easel.rng
    wood = easel.airy(ramp("#3f4630", "#5d6b40", "#869058"), z)
    for lean in np.linspace(-0.42, 0.42, 11) + rng.normal(0, 0.03, 11):
        tall = height * float(rng.uniform(0.8, 1.0))
        tip = (x + float(lean) * tall, tall)
        run = np.linspace(0, 1, 70, dtype=np.float32)
        px, py = easel.camera.points(x + run**1.2 * (tip[0] - x), run * tall, np.full(70, z, np.float32))
        width = np.maximum(0.05 * easel.camera.scale(z) * (1.15 - run), 1.2)
        easel.canvas.dabs(px, py, width, along(wood, np.clip(rng.normal(0.5, 0.3, 70), 0, 1).astype(np.float32)))
        leaves = along(easel.airy(SKIN, z), rng.uniform(0.3, 0.9, 70).astype(np.float32))
        tilt = rng.uniform(0, np.pi, 70).astype(np.float32)
        stray = rng.normal(0, 0.02 * easel.camera.scale(z), 70).astype(np.float32)
        easel.canvas.dabs(px + stray, py, 2.2 * easel.unit, leaves, angle=tilt, kind="leaf")
        if easel.wishes.season != "winter":
            flame = along(petals(easel, "#d8442f"), rng.uniform(0.3, 0.8, 9).astype(np.float32))
            easel.canvas.dabs(px[-9:], py[-9:], np.linspace(4, 2, 9, dtype=np.float32) * easel.unit, flame)


def pads(easel: Easel, x: float, z: float, height: float) -> None:
    """A prickly pear: flat pads set one on another."""
    rng, scale = easel.rng, easel.camera.scale(z)
    ink = easel.airy(ramp("#3b5a40", "#557a50", "#759a63", "#9bb87c", "#c6d6a0"), z)
    spots = (
        (0.0, 0.22, 0.5),
        (-0.3, 0.42, 0.2),
        (0.32, 0.40, -0.6),
        (-0.1, 0.62, 0.1),
        (0.22, 0.70, -0.3),
        (-0.4, 0.72, 0.5),
    )
    for across, up, tilt in spots:
        right, down = easel.camera.point(x + across * height, up * height, z)
        reach = 0.20 * height * scale
        turn = np.linspace(0, 2 * np.pi, 28)
        px, py = np.cos(turn) * reach * 0.72, np.sin(turn) * reach
        shape = [
            (right + a * np.cos(tilt) - b * np.sin(tilt), down + a * np.sin(tilt) + b * np.cos(tilt))
            for a, b in zip(px, py, strict=True)
        ]
        easel.canvas.texture(
            shape,
            lambda r, d, cx=right, cy=down, k=reach: along(  # type: ignore[misc]
                ink, np.clip(0.5 - 0.3 * (r - cx) / k - 0.25 * (d - cy) / k, 0, 1)
            ),
        )
        dots = rng.uniform(-0.6, 0.6, (2, 12)).astype(np.float32) * np.float32(reach)
        easel.canvas.dabs(right + dots[0], down + dots[1], 1.5, np.broadcast_to(rgb("#efe6c4"), (12, 3)))
