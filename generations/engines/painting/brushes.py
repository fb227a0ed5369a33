"""Brush marks as lists of pixel offsets, so that thousands of dabs land in one array operation."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from generations.engines.painting.colours import Floats

ANGLES = 8
LARGEST = 26
ASPECTS = {"round": 1.0, "leaf": 0.5, "blade": 0.26}


@dataclass(frozen=True, slots=True)
class Brush:
    """All sizes and turns of one kind of mark, laid end to end."""

    across: npt.NDArray[np.int32]
    down: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]

    def marks(self, size: Floats, angle: Floats) -> npt.NDArray[np.int64]:
        """Choose the mark for each size (longest width in pixels) and angle (radians)."""
        step = np.clip(np.rint(size), 1, LARGEST).astype(np.int64) - 1
        turn = np.rint(angle * (ANGLES / np.pi)).astype(np.int64) % ANGLES
        chosen: npt.NDArray[np.int64] = step * ANGLES + turn
        return chosen


def _mark(size: int, turn: int, aspect: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    reach = size // 2 + 1
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    angle = turn * np.pi / ANGLES
    along = across * np.cos(angle) + down * np.sin(angle)
    over = down * np.cos(angle) - across * np.sin(angle)
    half = max(size / 2, 0.5)
    inside = (along / half) ** 2 + (over / max(half * aspect, 0.5)) ** 2 <= 1.02
    return across[inside], down[inside]


@lru_cache(maxsize=len(ASPECTS))
def brush(kind: str) -> Brush:
    """Load the brush called "round", "leaf" or "blade"."""
    marks = [_mark(size, turn, ASPECTS[kind]) for size in range(1, LARGEST + 1) for turn in range(ANGLES)]
    lengths = np.array([len(across) for across, _ in marks], np.int64)
    return Brush(
        across=np.concatenate([across for across, _ in marks]).astype(np.int32),
        down=np.concatenate([down for _, down in marks]).astype(np.int32),
        starts=np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64),
        lengths=lengths,
    )
