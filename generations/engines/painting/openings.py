"""Windows, doors and shutters, set into a wall."""

import numpy as np

from generations.engines.painting.colours import Colour, Floats, mix, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.noise import billows
from generations.engines.painting.walls import Wall

LIT = rgb("#ffd58a")


def _glass(easel: Easel, wall: Wall, box: tuple[float, float, float, float], arch: float = 0.0) -> None:
    """Panes that mirror the sky, or shine when lamps are on; box is u0, u1, v0, v1."""
    u0, _, v0, v1 = box
    lamps = easel.light.lamps

    def pane(right: Floats, down: Floats) -> Floats:
        u, v = wall.locate(right, down)
        share = np.clip((v - v0) / (v1 - v0), 0, 1)
        streak = np.clip(np.sin((u + v * 0.7) * 2.1 + u0 * 3) * 2.2 - 1.0, 0, 1) * 0.20
        murk = billows(u * 70 + u0 * 50, v * 70)
        tone = np.clip(0.14 + 0.62 * share + 0.35 * (murk - 0.5) + streak, 0, 1)[:, None]
        dark, sky = rgb("#2d404e"), mix(easel.light.sky_low, rgb("#9fc0d4"), 0.45)
        day = dark + (sky - dark) * tone
        warm = LIT * (0.62 + 0.38 * (1 - np.abs(share - 0.55)))[:, None] * (0.85 + 0.3 * murk)[:, None]
        return np.asarray(day + (warm - day) * min(1.0, lamps * 1.2), np.float32)

    patch = easel.canvas.patch(outline(wall, box, arch))
    if len(patch.right):
        easel.canvas.cover(patch, pane(patch.right, patch.down), glow=int(lamps * 150))


def outline(wall: Wall, box: tuple[float, float, float, float], arch: float = 0.0) -> list[tuple[float, float]]:
    """A box in the wall, its head raised to an arch by `arch` metres."""
    u0, u1, v0, v1 = box
    corners = [wall.at(u0, v0), wall.at(u1, v0)]
    if arch <= 0:
        return [*corners, wall.at(u1, v1), wall.at(u0, v1)]
    for turn in np.linspace(0, np.pi, 13):
        u = (u0 + u1) / 2 + (u1 - u0) / 2 * float(np.cos(turn))
        corners.append(wall.at(u, v1 + arch * float(np.sin(turn))))
    return corners


def window(
    easel: Easel,
    wall: Wall,
    box: tuple[float, float, float, float],
    frame: Colour,
    panes: tuple[int, int] = (2, 2),
    *,
    sill: bool = True,
    arch: float = 0.0,
) -> None:
    """A window: reveal in shadow, glass, frame, glazing bars (columns, rows) and a sill."""
    u0, u1, v0, v1 = box
    edge = 0.07
    easel.canvas.fill(outline(wall, (u0 - edge, u1 + edge, v0 - edge, v1 + edge), arch), frame)
    _glass(easel, wall, box, arch)
    wall.shadow(u0, u1, v1 - 0.14 + arch * 0.4, v1 + arch * 0.4, 0.45)
    bar = 0.022
    for column in range(1, panes[0]):
        u = u0 + (u1 - u0) * column / panes[0]
        easel.canvas.fill(wall.quad(u - bar, u + bar, v0, v1 + arch * 0.9), frame)
    for row in range(1, panes[1]):
        v = v0 + (v1 - v0) * row / panes[1]
        easel.canvas.fill(wall.quad(u0, u1, v - bar, v + bar), frame)
    if sill:
        easel.canvas.fill(wall.quad(u0 - 0.14, u1 + 0.14, v0 - 0.16, v0 - 0.06, 0.06), mix(frame, rgb("#ffffff"), 0.25))
        wall.shadow(u0 - 0.10, u1 + 0.14, v0 - 0.27, v0 - 0.16, 0.30)


def shutters(easel: Easel, wall: Wall, box: tuple[float, float, float, float], colour: Colour) -> None:
    u0, u1, v0, v1 = box
    wide = (u1 - u0) * 0.42
    for left in (u0 - wide - 0.08, u1 + 0.08):
        easel.canvas.fill(wall.quad(left, left + wide, v0 - 0.05, v1 + 0.05), colour)
        for slat in np.arange(v0 + 0.05, v1, 0.13):
            easel.canvas.fill(
                wall.quad(left + 0.05, left + wide - 0.05, slat, slat + 0.03), mix(colour, rgb("#1d1d22"), 0.4)
            )


def door(
    easel: Easel, wall: Wall, u: float, colour: Colour, frame: Colour, *, style: str = "panel", arch: float = 0.0
) -> None:
    """A front door one metre wide in the middle of `u`, with two steps before it."""
    half, tall = 0.52, 2.12
    box = (u - half, u + half, 0.12, tall)
    easel.canvas.fill(outline(wall, (u - half - 0.12, u + half + 0.12, 0.12, tall + 0.12), arch), frame)
    easel.canvas.fill(outline(wall, box, arch), colour)
    dark, light = mix(colour, rgb("#17151a"), 0.38), mix(colour, rgb("#ffffff"), 0.20)
    if style == "planks":
        for plank in np.linspace(u - half, u + half, 7)[1:-1]:
            easel.canvas.fill(wall.quad(float(plank) - 0.012, float(plank) + 0.012, 0.12, tall + arch * 0.7), dark)
    elif style == "glass":
        _glass(easel, wall, (u - 0.12, u + 0.12, 0.45, tall - 0.2))
    else:
        for left, right, low, high in _panels(u, half, tall):
            easel.canvas.fill(wall.quad(left, right, low, high), dark)
            easel.canvas.fill(wall.quad(left + 0.025, right, low, high - 0.025), light)
            easel.canvas.fill(wall.quad(left + 0.025, right - 0.02, low + 0.02, high - 0.025), colour)
        _glass(easel, wall, (u - half + 0.16, u + half - 0.16, tall - 0.52, tall - 0.18))
    wall.shadow(u - half, u + half, tall - 0.18 + arch * 0.5, tall + arch * 0.5, 0.4)
    right, down = wall.at(u + half - 0.12, 1.05)
    size = max(2.0, (down - wall.at(u + half - 0.12, 1.12)[1]))
    easel.canvas.dabs(np.array([right], np.float32), np.array([down], np.float32), size, rgb("#e7c878")[None, :])


def _panels(u: float, half: float, tall: float) -> list[tuple[float, float, float, float]]:
    left, right = (u - half + 0.12, u - 0.05), (u + 0.05, u + half - 0.12)
    return [(*side, low, high) for side in (left, right) for low, high in ((0.28, 0.86), (0.98, tall - 0.62))]


def glass_doors(
    easel: Easel, wall: Wall, span: tuple[float, float], frame: Colour, leaves: int = 3, *, tall: float = 2.3
) -> None:
    """Sliding patio doors over a span of the wall."""
    u0, u1 = span
    easel.canvas.fill(wall.quad(u0 - 0.08, u1 + 0.08, 0.05, tall + 0.1), frame)
    wide = (u1 - u0) / leaves
    for leaf in range(leaves):
        left = u0 + leaf * wide
        _glass(easel, wall, (left + 0.05, left + wide - 0.05, 0.14, tall))
        if leaf in (0, leaves - 1):
            _curtain(easel, wall, left + 0.08 if leaf == 0 else left + wide - 0.42, tall)
    wall.shadow(u0, u1, tall - 0.25, tall, 0.4)


def _curtain(easel: Easel, wall: Wall, u: float, tall: float) -> None:
    cloth = rgb("#e9e3d6")
    glow = int(easel.light.lamps * 110)
    for fold in range(4):
        tone = mix(cloth, rgb("#7f8a93"), 0.15 + 0.25 * (fold % 2))
        easel.canvas.fill(wall.quad(u + fold * 0.085, u + fold * 0.085 + 0.085, 0.16, tall - 0.03), tone, glow=glow)


def steps(easel: Easel, x: float, z: float, ink: Floats, wide: float = 1.9) -> None:
    """Two low steps before a door at (x, z)."""
    easel.box(x, z - 0.75, (wide + 0.3, 0.10, 0.75), 0.0, ink)
    easel.box(x, z - 0.40, (wide, 0.12, 0.40), 0.10, ink)
