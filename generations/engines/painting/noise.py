"""Clouds of smooth randomness, made once per process and sampled everywhere."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from generations.engines.painting.colours import Floats

TILE = 512


@lru_cache(maxsize=8)
def tile(seed: int, roughness: float) -> Floats:
    """Make a 512 x 512 tile that repeats without a seam, values 0 to 1.

    `roughness` is the fall-off of the spectrum: 1 is gritty, 2 is billowy.
    """
    rng = np.random.default_rng(seed)
    across = np.fft.fftfreq(TILE)[None, :]
    down = np.fft.fftfreq(TILE)[:, None]
    frequency = np.sqrt(across**2 + down**2)
    frequency[0, 0] = 1.0
    waves = np.fft.fft2(rng.standard_normal((TILE, TILE))) / frequency**roughness
    waves[0, 0] = 0.0
    field = np.real(np.fft.ifft2(waves))
    field = 0.5 + field / (4.0 * field.std())
    clipped: Floats = np.clip(field, 0.0, 1.0).astype(np.float32)
    return clipped


def sample(field: Floats, x: Floats, y: Floats) -> Floats:
    """Read a tile at any coordinates (in tile pixels, wrapping round)."""
    column: npt.NDArray[np.int32] = x.astype(np.int32) & (TILE - 1)
    row: npt.NDArray[np.int32] = y.astype(np.int32) & (TILE - 1)
    read: Floats = field[row, column]
    return read


def billows(x: Floats, y: Floats) -> Floats:
    return sample(tile(7, 1.7), x, y)


def grit(x: Floats, y: Floats) -> Floats:
    return sample(tile(11, 0.7), x, y)
