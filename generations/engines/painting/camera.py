"""Where things in the garden (metres) appear in the picture (pixels)."""

from dataclasses import dataclass

import numpy as np

from generations.engines.painting.colours import Floats

EYE_METRES = 2.05
HORIZON = 0.405
FOCAL = 0.98
HIGHEST_HORIZON, LOWEST_HORIZON = 0.38, 0.49


@dataclass(frozen=True, slots=True)
class Camera:
    """A viewer standing at x 0, z 0 and looking along z; heights are above the ground.

    `horizon_at` is the height of the eye in the picture, as a share from its top.
    """

    width: int
    height: int
    eye: float = EYE_METRES
    horizon_at: float = HORIZON

    @property
    def horizon(self) -> float:
        return self.height * self.horizon_at

    @property
    def focal(self) -> float:
        return self.width * FOCAL

    def scale(self, z: float) -> float:
        """How many pixels one metre takes at this distance."""
        return self.focal / z

    def point(self, x: float, height: float, z: float) -> tuple[float, float]:
        return (
            self.width / 2 + self.focal * x / z,
            self.horizon + self.focal * (self.eye - height) / z,
        )

    def points(self, x: Floats, height: Floats | float, z: Floats) -> tuple[Floats, Floats]:
        right = self.width / 2 + self.focal * x / z
        down = self.horizon + self.focal * (self.eye - height) / z
        return right.astype(np.float32), down.astype(np.float32)

    def ground(self, right: Floats, down: Floats) -> tuple[Floats, Floats]:
        """Where on the ground (x, z) the given pixels lie; pixels must be below the horizon."""
        z = self.focal * self.eye / np.maximum(down - self.horizon, 1.0)
        x = (right - self.width / 2) * z / self.focal
        return x.astype(np.float32), z.astype(np.float32)

    def nearest(self) -> float:
        """The distance of the ground at the lower edge of the picture."""
        return self.focal * self.eye / (self.height - self.horizon)


def horizon_for(ground_line: float, width: int, height: int, distance: float) -> float:
    """Return the horizon_at that puts the ground `distance` metres away at a share of the height, within bounds.

    Beyond the bounds the roof would leave the picture, or the garden would have no room.
    """
    below = FOCAL * EYE_METRES / distance * width / height
    return float(np.clip(ground_line - below, HIGHEST_HORIZON, LOWEST_HORIZON))
