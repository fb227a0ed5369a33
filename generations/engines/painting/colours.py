"""Colours as float arrays (red, green, blue; 0 to 255), and the few ways they are mixed."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Colour = Floats
STEPS = 160  # how finely a palette is blended


def rgb(code: str) -> Colour:
    """Read "#rrggbb"."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Go from the first colour (share 0) to the second (share 1)."""
    return (first + (second - first) * np.float32(share)).astype(np.float32)


def ramp(*codes: str) -> Floats:
    """Make a palette, dark to light, from "#rrggbb" codes."""
    return np.stack([rgb(code) for code in codes])


def tones(base: str, *, depth: float = 1.0) -> Floats:
    """Make a five-tone palette around one colour: cool and dark in the shade, warm and pale in the sun."""
    colour = rgb(base)
    shade, sun = rgb("#1d2a3a"), rgb("#fff3c4")
    steps = ((shade, 0.62), (shade, 0.34), (shade, 0.10), (sun, 0.20), (sun, 0.46))
    return np.stack([mix(colour, other, share * depth) for other, share in steps])


def along(palette: Floats, tone: Floats) -> Floats:
    """Pick colours at `tone` (0 dark to 1 light) along a palette, blending between its steps."""
    run = np.linspace(0, len(palette) - 1, STEPS, dtype=np.float32)
    low = np.minimum(run.astype(np.int32), len(palette) - 2)
    part = (run - low)[:, None]
    blend = (palette[low] * (1 - part) + palette[low + 1] * part).astype(np.float32)
    step = np.clip(tone * np.float32(STEPS - 1), 0, STEPS - 1).astype(np.int32)
    picked: Floats = blend.take(step, axis=0)
    return picked


def veiled(palette: Floats, veil: Colour, share: float) -> Floats:
    """Push a whole palette towards a colour, as air does to what is far away."""
    pushed: Floats = (palette + (veil - palette) * np.float32(share)).astype(np.float32)
    return pushed
