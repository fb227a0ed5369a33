"""The sheet everything is painted on: opaque paint, in order, with one extra channel for what shines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from generations.engines.painting.brushes import brush
from generations.engines.painting.colours import Colour, Floats

Points = Sequence[tuple[float, float]]
Texture = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Patch:
    """The pixels inside an outline: their columns and rows, in no promised order."""

    right: Floats
    down: Floats

    def pick(self, rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
        """Choose places at random, the same place perhaps twice; nothing if the patch is off the sheet."""
        if not len(self.right):
            return self.right, self.down
        chosen = rng.integers(0, len(self.right), count)
        return self.right[chosen], self.down[chosen]


def packed(colours: Floats, glow: int | npt.NDArray[np.uint32] = 0) -> npt.NDArray[np.uint32]:
    """Put red, green, blue and glow of each colour into one number."""
    whole = np.clip(colours, 0, 255).astype(np.uint32)
    shine = np.asarray(glow, np.uint32) << np.uint32(24)
    joined: npt.NDArray[np.uint32] = (
        whole[:, 0] | (whole[:, 1] << np.uint32(8)) | (whole[:, 2] << np.uint32(16)) | shine
    )
    return joined


class Canvas:
    """A sheet of `width` x `height` pixels. Painting outside its edges is allowed and leaves no mark."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.pixels = np.zeros((height, width), np.uint32)

    def channels(self) -> npt.NDArray[np.uint8]:
        """The same memory as red, green, blue, glow bytes."""
        return self.pixels.view(np.uint8).reshape(self.height, self.width, 4)

    def patch(self, outline: Points) -> Patch:
        """Find the pixels inside an outline."""
        box = self._box(outline)
        if box is None:
            return Patch(np.zeros(0, np.float32), np.zeros(0, np.float32))
        left, top, right, bottom = box
        mask = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=1)
        rows, columns = np.nonzero(np.asarray(mask))
        return Patch((columns + left).astype(np.float32), (rows + top).astype(np.float32))

    def _box(self, outline: Points) -> tuple[int, int, int, int] | None:
        xs = [x for x, _ in outline]
        ys = [y for _, y in outline]
        left, right = max(0, int(min(xs))), min(self.width, int(max(xs)) + 2)
        top, bottom = max(0, int(min(ys))), min(self.height, int(max(ys)) + 2)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def fill(self, outline: Points, colour: Colour, *, glow: int = 0) -> None:
        """Paint an outline in one flat colour."""
        box = self._box(outline)
        if box is None:
            return
        left, top, right, bottom = box
        mask = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=1)
        self.pixels[top:bottom, left:right][np.asarray(mask, dtype=bool)] = packed(colour[None, :], glow)[0]

    def cover(self, patch: Patch, colours: Floats, *, glow: int | npt.NDArray[np.uint32] = 0) -> None:
        """Paint each pixel of a patch in its own colour."""
        flat = patch.down.astype(np.int64) * self.width + patch.right.astype(np.int64)
        self.pixels.reshape(-1)[flat] = packed(colours, glow)

    def texture(self, outline: Points, texture: Texture) -> None:
        """Paint an outline with colours worked out from the pixel coordinates."""
        patch = self.patch(outline)
        if len(patch.right):
            self.cover(patch, texture(patch.right, patch.down))

    def seen(self, patch: Patch) -> Floats:
        """The colours now on the sheet under a patch."""
        rows, columns = patch.down.astype(np.int64), patch.right.astype(np.int64)
        colours: Floats = self.channels()[rows, columns, :3].astype(np.float32)
        return colours

    def dabs(
        self,
        x: Floats,
        y: Floats,
        size: Floats | float,
        colours: Floats,
        *,
        angle: Floats | float = 0.0,
        kind: str = "round",
        glow: int = 0,
    ) -> None:
        """Put down brush marks in the given order: a later one covers an earlier one."""
        marks = brush(kind)
        count = len(x)
        if not count:
            return
        which = marks.marks(
            np.broadcast_to(np.asarray(size, np.float32), (count,)),
            np.broadcast_to(np.asarray(angle, np.float32), (count,)),
        )
        inside = (x > -30) & (x < self.width + 30) & (y > -30) & (y < self.height + 30)
        which, x, y = which[inside], x[inside], y[inside]
        if not len(which):
            return
        lengths = marks.lengths[which]
        dab = np.repeat(np.arange(len(which)), lengths)
        firsts = np.cumsum(lengths) - lengths
        place = np.arange(len(dab)) + (marks.starts[which] - firsts)[dab]
        column = np.rint(x).astype(np.int32)[dab] + marks.across[place]
        row = np.rint(y).astype(np.int32)[dab] + marks.down[place]
        ink = packed(colours[inside], glow)[dab]
        if x.min() > 15 and x.max() < self.width - 15 and y.min() > 15 and y.max() < self.height - 15:
            self.pixels.reshape(-1)[row * self.width + column] = ink
            return
        onto = (column >= 0) & (column < self.width) & (row >= 0) & (row < self.height)
        self.pixels.reshape(-1)[(row * self.width + column)[onto]] = ink[onto]

    def line(self, path: Points, width: float, colour: Colour, *, glow: int = 0) -> None:
        """Draw an even line through points."""
        ends = np.asarray(path, np.float32)
        steps = np.hypot(*(ends[1:] - ends[:-1]).T)
        spacing = max(width / 3, 0.7)
        runs = [
            np.linspace(a, b, max(2, int(length / spacing)), dtype=np.float32)
            for a, b, length in zip(ends[:-1], ends[1:], steps, strict=True)
        ]
        trail = np.concatenate(runs)
        ink = np.broadcast_to(colour, (len(trail), 3))
        self.dabs(trail[:, 0], trail[:, 1], max(width, 1.0), ink, glow=glow)

    def image(self) -> Image.Image:
        """The sheet without its glow."""
        return Image.fromarray(np.ascontiguousarray(self.channels()[:, :, :3]))
