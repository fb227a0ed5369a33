"""Upright walls, facing the viewer or running away, and what they are made of."""

from collections.abc import Callable

import numpy as np

from generations.engines.painting.camera import EYE_METRES
from generations.engines.painting.canvas import Points
from generations.engines.painting.colours import Colour, Floats, along, ramp, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.noise import billows, grit

SHADE = np.array([0.27, 0.27, 0.35], np.float32)  # what a full shadow leaves of red, green and blue
Material = Callable[[Floats, Floats], Floats]
Run = tuple[float, float, float, float]  # x and z of one end, x and z of the other
Box = tuple[float, float, float, float]  # from u to u along a wall, from v to v above the ground


class Wall:
    """A wall from (x0, z0) to (x1, z1): `u` metres along it, `v` metres above the ground."""

    def __init__(self, easel: Easel, run: Run, height: float) -> None:
        self.easel, self.height = easel, height
        x0, z0, x1, z1 = self.x0, self.z0, self.x1, self.z1 = run
        self.length = float(np.hypot(x1 - x0, z1 - z0))
        self.away = abs(z1 - z0) > abs(x1 - x0)

    def at(self, u: float, v: float, out: float = 0.0) -> tuple[float, float]:
        """A point on the sheet; `out` metres before the wall (towards the viewer, or the garden)."""
        share = u / self.length
        x, z = self.x0 + (self.x1 - self.x0) * share, self.z0 + (self.z1 - self.z0) * share
        if self.away:
            return self.easel.camera.point(x + (out if x < 0 else -out), v, z)
        return self.easel.camera.point(x, v, z - out)

    def quad(self, u0: float, u1: float, v0: float, v1: float, out: float = 0.0) -> Points:
        return [self.at(u0, v0, out), self.at(u1, v0, out), self.at(u1, v1, out), self.at(u0, v1, out)]

    def locate(self, right: Floats, down: Floats) -> tuple[Floats, Floats]:
        """Which place (u, v) of the wall is seen at the given pixels."""
        camera = self.easel.camera
        if self.away:
            ray = right - camera.width / 2
            z = camera.focal * self.x0 / np.where(np.abs(ray) < 1, np.copysign(1.0, self.x0), ray)
            return np.abs(z - self.z0), EYE_METRES - (down - camera.horizon) * z / camera.focal
        scale = camera.scale(self.z0)
        u = (right - camera.width / 2) / scale - min(self.x0, self.x1)
        return u, EYE_METRES - (down - camera.horizon) / scale

    def cover(self, box: Box, made_of: Material, shade: float = 1.0) -> None:
        """Paint a part of the wall, darker under its top and at its foot."""
        self.shape(self.quad(*box), made_of, shade)

    def shape(self, outline: Points, made_of: Material, shade: float = 1.0, *, grounded: bool = True) -> None:
        """Paint any outline that lies in the plane of the wall."""

        def paint(right: Floats, down: Floats) -> Floats:
            u, v = self.locate(right, down)
            colours = made_of(u, v) * np.float32(shade)
            warm = 1.03 - 0.10 * np.clip(u / max(self.length, 1), 0, 1)
            foot = 0.80 + 0.20 * np.clip(v / 0.45, 0, 1) if grounded else 1.0
            wash = 0.955 + 0.09 * billows(right * 0.22 / self.easel.unit, down * 0.22 / self.easel.unit)
            laid = colours * (warm * foot * wash)[:, None]
            veil = float(np.clip((self.z0 - 7) / 75, 0, 0.6)) * 0.5
            return np.asarray(laid + (self.easel.light.haze - laid) * veil, np.float32)

        self.easel.canvas.texture(outline, paint)

    def shadow(self, u0: float, u1: float, v0: float, v1: float, depth: float = 0.34) -> None:
        """Lay a shadow over a part of the wall."""
        patch = self.easel.canvas.patch(self.quad(u0, u1, v0, v1))
        if len(patch.right):
            strength = depth * min(1.0, self.easel.light.shadow * 2)
            seen = self.easel.canvas.seen(patch)
            ends = [patch.down.min(), patch.down.max() + 1]
            rise = np.interp(patch.down, ends, [1.15, 0.80])  # deepest under the top
            shade = 1 - strength * rise[:, None] * (1 - SHADE)
            self.easel.canvas.cover(patch, seen * shade)


def _plain(code: str, rough: float, mottle: float) -> Material:
    base = rgb(code)

    def made(u: Floats, v: Floats) -> Floats:
        tone = 1 + mottle * (billows(u * 34, v * 34) - 0.5) + rough * (grit(u * 60, v * 60) - 0.5)
        painted: Floats = base * tone[:, None]
        return painted

    return made


def _boards(codes: str, wide: float, upright: bool) -> Material:
    palette = ramp(*codes.split())

    def made(u: Floats, v: Floats) -> Floats:
        run, cross = (v, u) if upright else (u, v)
        board = np.floor(cross / wide)
        tone = 0.25 + 0.55 * grit(board * 37 + 3, board * 11) + 0.30 * (grit(cross * 46, run * 4) - 0.5)
        gap = np.abs(cross / wide - np.rint(cross / wide)) < 0.055
        return along(palette, np.clip(tone, 0, 1)) * np.where(gap, 0.62, 1.0)[:, None]

    return made


def _bricks(codes: str, mortar: str) -> Material:
    palette, joint = ramp(*codes.split()), rgb(mortar)

    def made(u: Floats, v: Floats) -> Floats:
        row = np.floor(v / 0.105)
        column = u / 0.30 + 0.5 * (row % 2)
        tone = 0.2 + 0.7 * grit(np.floor(column) * 31 + 5, row * 17 + 2) + 0.5 * (billows(u * 20, v * 20) - 0.5)
        colours = along(palette, np.clip(tone, 0, 1))
        side = np.abs(column - np.rint(column)) < 0.035
        level = np.abs(v / 0.105 - np.rint(v / 0.105)) < 0.10
        return np.where((side | level)[:, None], joint * 0.5 + colours * 0.5, colours)

    return made


MATERIALS: dict[str, Material] = {
    "white": _plain("#eeece6", 0.035, 0.06),
    "charcoal": _boards("#35383b #44484b #53575a", 0.22, True),
    "cedar": _boards("#8a5a38 #a8734a #c08a5c #d3a376", 0.13, False),
    "cream": _plain("#ecdcbc", 0.07, 0.16),
    "stucco": _plain("#e6d3b1", 0.08, 0.18),
    "adobe": _plain("#cf9b6e", 0.09, 0.26),
    "plaster": _plain("#ebe4d3", 0.05, 0.10),
    "dark timber": _boards("#3a2a21 #4b372b #5e4636", 0.20, True),
    "brick": _bricks("#83453a #9c5946 #b16d55 #c18268 #cf9a80", "#cbb9a2"),
    "stone": _bricks("#85796a #a09382 #b7ab99 #cabfae #dcd3c3", "#8d8272"),
    "clapboard": _boards("#d9dcd8 #e6e8e3 #f1f1ec", 0.17, False),
}


# What a house is painted with when a photo says its colours; the rest of the materials stays.
WALLS = frozenset({"white", "stucco", "plaster", "brick", "adobe"})
TRIMS = frozenset({"charcoal"})


def material(name: str) -> Material:
    return MATERIALS[name]


def coat(easel: Easel, name: str) -> Material:
    """The material of a house's wall: in the photo's colours, where there is one."""
    wanted = easel.yard.wall if name in WALLS else easel.yard.roof if name in TRIMS else None
    return MATERIALS[name] if wanted is None else repainted(MATERIALS[name], wanted)


def repainted(made_of: Material, wanted: Colour) -> Material:
    """The same stones, boards or tiles in another colour: their light and dark stay, their colour goes."""
    places = np.mgrid[0:3:48j, 0:3:48j].reshape(2, -1).astype(np.float32)
    usual = float(made_of(places[0], places[1]).mean())

    def made(u: Floats, v: Floats) -> Floats:
        tone = made_of(u, v).mean(axis=1) / np.float32(usual)
        return np.asarray(wanted * tone[:, None], np.float32)

    return made
