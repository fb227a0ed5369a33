"""Shadows on the ground, gathered first and laid down soft, all from the same sun."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from generations.engines.painting.colours import rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.light import SHADOW_AWAY, SHADOW_RIGHT
from generations.engines.painting.noise import grit

COARSE = 4  # the shadow sheet has one pixel for 4 x 4 of the canvas
SHADE = rgb("#46526e") / 255


@dataclass(frozen=True, slots=True)
class Shadow:
    """A thing `radius` metres wide that fills the heights from `low` to `high` above (x, z)."""

    x: float
    z: float
    radius: float
    low: float
    high: float


def cast(easel: Easel, shadows: list[Shadow]) -> None:
    """Darken the ground where the shadows fall."""
    width, height = easel.canvas.width // COARSE, easel.canvas.height // COARSE
    sheet = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(sheet)
    for shadow in sorted(shadows, key=lambda s: -s.z):
        _stamp(easel, draw, shadow)
    soft = sheet.filter(ImageFilter.GaussianBlur(1.1 * easel.unit))
    _darken(easel, np.asarray(soft.resize((easel.canvas.width, easel.canvas.height), Image.Resampling.BILINEAR)))


def _stamp(easel: Easel, draw: ImageDraw.ImageDraw, shadow: Shadow) -> None:
    steps = max(2, int((shadow.high - shadow.low) / max(shadow.radius, 0.1)) + 2)
    for height in np.linspace(shadow.low, shadow.high, steps):
        x, z = shadow.x + SHADOW_RIGHT * float(height), shadow.z + SHADOW_AWAY * float(height)
        if z <= easel.camera.nearest() * 0.6:
            continue
        right, down = easel.camera.point(x, 0.0, z)
        reach = shadow.radius * easel.camera.scale(z)
        flat = reach * max(0.16, 2.05 / z)
        box = [(right - reach) / COARSE, (down - flat) / COARSE, (right + reach) / COARSE, (down + flat) / COARSE]
        draw.ellipse(box, fill=255)


def _darken(easel: Easel, mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    top = int(easel.camera.horizon)
    dark = mask[top:]
    rows, columns = np.nonzero(dark > 4)
    if not len(rows):
        return
    depth = dark[rows, columns].astype(np.float32) / 255 * easel.light.shadow
    dapple = grit(columns.astype(np.float32) * 0.23, rows.astype(np.float32) * 0.6)
    depth *= 0.72 + 0.5 * dapple
    channels = easel.canvas.channels()
    seen = channels[rows + top, columns, :3].astype(np.float32)
    shaded = seen * (1 - depth[:, None] * (1 - SHADE))
    channels[rows + top, columns, :3] = np.clip(shaded, 0, 255).astype(np.uint8)
