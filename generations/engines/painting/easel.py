"""What every painter function is handed: the canvas, the view, the light and the season."""

from dataclasses import dataclass, field, replace

import numpy as np

from generations.engines.painting.camera import Camera
from generations.engines.painting.canvas import Canvas, Points
from generations.engines.painting.colours import Colour, Floats, veiled
from generations.engines.painting.light import Light
from generations.engines.painting.photo import Yard
from generations.engines.painting.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Easel:
    """One picture in the making. `rng` is the only source of chance, so that a picture can be made again.

    `yard` is what was seen in a photo; the house takes its colours from it.
    """

    canvas: Canvas
    camera: Camera
    light: Light
    wishes: Wishes
    rng: np.random.Generator
    yard: Yard = field(default_factory=Yard)

    @property
    def unit(self) -> float:
        """One pixel of a 1024-pixel-wide picture, in canvas pixels: sizes follow the canvas."""
        return self.canvas.width / 1024

    def raised(self, height: float) -> "Easel":
        """The same picture with the ground `height` metres higher: for what stands in a pot or on a table."""
        return replace(self, camera=replace(self.camera, eye=self.camera.eye - height))

    def airy(self, palette: Floats, z: float) -> Floats:
        """Lighten a palette as the air between z metres and the viewer does."""
        return veiled(palette, self.light.haze, float(np.clip((z - 7.0) / 75.0, 0.0, 0.6)))

    def trim(self, usual: Colour, share: float = 1.0) -> Colour:
        """The colour of eaves and beams: the photo's roof (times `share`), or the usual one."""
        return usual if self.yard.roof is None else (self.yard.roof * np.float32(share)).astype(np.float32)

    def quad(self, x0: float, x1: float, low: float, high: float, z: float) -> Points:
        """An upright rectangle that faces the viewer."""
        at = self.camera.point
        return [at(x0, low, z), at(x1, low, z), at(x1, high, z), at(x0, high, z)]

    def floor(self, corners: Points, height: float = 0.0) -> Points:
        """A level shape from (x, z) corners. What lies behind the viewer is pulled into view."""
        near = self.camera.nearest() * 0.72
        return [self.camera.point(x, height, max(z, near)) for x, z in corners]

    def box(self, x: float, z: float, size: tuple[float, float, float], base: float, ink: Floats) -> None:
        """A plain box: `size` is width, height, depth (metres); `ink` is shade, front and top colours."""
        wide, high, deep = size
        left, right, top = x - wide / 2, x + wide / 2, base + high
        side = right if right < 0 else left if left > 0 else None
        if side is not None:
            at = self.camera.point
            face = [at(side, base, z), at(side, base, z + deep), at(side, top, z + deep), at(side, top, z)]
            self.canvas.fill(face, ink[0])
        if top < 2.0:
            self.canvas.fill(self.floor([(left, z), (right, z), (right, z + deep), (left, z + deep)], top), ink[2])
        self.canvas.fill(self.quad(left, right, base, top, z), ink[1])

    def bar(
        self, start: tuple[float, float, float], end: tuple[float, float, float], thick: float, ink: Colour
    ) -> None:
        """A round bar between two points (x, height, z); `thick` in metres."""
        width = max(1.0, thick * self.camera.scale((start[2] + end[2]) / 2))
        self.canvas.line([self.camera.point(*start), self.camera.point(*end)], width, ink)
