"""A scene: things at distances, gathered with their shadows and painted from back to front."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from generations.engines.painting.catalogue import CATALOGUE
from generations.engines.painting.easel import Easel
from generations.engines.painting.shadows import Shadow

Paint = Callable[[Easel], None]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to paint that stands `z` metres away."""

    z: float
    paint: Paint


# A tree out of the picture, at the viewer's left, dapples the foreground.
OVERHEAD = [
    (-6.4, 5.2, 0.9, 2.4, 3.6),
    (-5.4, 6.3, 0.8, 2.6, 3.9),
    (-6.0, 4.2, 0.7, 2.0, 3.0),
    (-7.4, 7.4, 1.0, 3.0, 4.4),
]


@dataclass(slots=True)
class Scene:
    """What will be painted. `kept_free` are circles (x, z, radius) where no bed plant may stand."""

    things: list[Thing] = field(default_factory=list)
    shadows: list[Shadow] = field(default_factory=lambda: [Shadow(*spot) for spot in OVERHEAD])
    kept_free: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, z: float, paint: Paint) -> None:
        self.things.append(Thing(z, paint))

    def put(self, name: str, x: float, z: float, size: float = 1.0, *, free: float = 0.0) -> None:
        """Place something of the catalogue; `size` multiplies its usual height, `free` keeps plants away."""
        entry = CATALOGUE[name]
        height = entry.height * size
        self.add(z, lambda easel: entry.paint(easel, x, z, height))
        self.shadows.append(Shadow(x, z, height * entry.spread, height * entry.crown, height * 0.9))
        if entry.crown > 0.3:
            self.shadows.append(Shadow(x, z, height * 0.03, 0.0, height * entry.crown))
        if free:
            self.kept_free.append((x, z, free))

    def is_free(self, x: float, z: float) -> bool:
        return all(np.hypot(x - at_x, z - at_z) > radius for at_x, at_z, radius in self.kept_free)

    def in_order(self) -> list[Thing]:
        """The things, the farthest first."""
        return sorted(self.things, key=lambda thing: -thing.z)
