"""The five areas as plans on the ground: where paths, beds, trees and seats go, in metres."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from generations.engines.painting.water import oval, ribbon

Outline = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Bed:
    """Ground for plants. `tall_side` says where the tall ones stand: "far", "left", "right", or "none"."""

    outline: Outline
    tall_side: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A garden seen from above; the viewer stands at x 0, z 0."""

    door: float  # where the door of the house is (x); unused in a side yard
    rear: bool
    path: Outline  # the middle line, near to far; empty for none
    path_wide: float
    beds: list[Bed]
    trees: list[tuple[float, float, float]]  # x, z, size relative to the usual height
    seat: tuple[float, float]
    water: tuple[float, float, float]  # x, z, width
    extras: list[tuple[float, float]]  # free spots for wished things, best first
    terrace: Outline = field(default_factory=list)
    pots: list[tuple[float, float]] = field(default_factory=list)
    lamps: list[tuple[float, float]] = field(default_factory=list)
    fences: list[tuple[float, float, float, float]] = field(default_factory=list)
    side_wall: bool = False
    islands: list[Outline] = field(default_factory=list)  # planted in open ground by styles that like it
    pergola: tuple[float, float] = (0.0, 7.0)


BACK_FENCES = [(-14.0, 16.2, -4.4, 16.2), (4.4, 16.2, 14.0, 16.2)]


def band(inner: Outline, outer: Outline) -> Outline:
    """A closed outline between two lines that run the same way, smoothed."""
    return [*_smooth(inner), *_smooth(outer)[::-1]]


def _smooth(line: Outline) -> Outline:
    points = np.array(line, np.float64)
    run = np.linspace(0, len(points) - 1, 12 * (len(points) - 1) + 1)
    at = np.minimum(run.astype(int), len(points) - 2)
    share = (run - at)[:, None]
    eased = share * share * (3 - 2 * share)
    joined = points[at] + (points[at + 1] - points[at]) * eased
    return [(float(x), float(z)) for x, z in joined]


def _path(shape: str, foot: float, door: float, far: float) -> Outline:
    """From the lower edge of the picture to the door, straight or winding."""
    if shape == "straight":
        return [(foot * 0.3 + door * 0.7, 3.2), (door, far)]
    if shape == "winding":
        return [(foot, 3.2), (foot - 0.9, 5.6), (door + 1.3, 8.6), (door - 0.6, 11.6), (door, far)]
    return [(foot, 3.2), (foot + 0.15, 6.0), (door + 0.55, 9.6), (door, far)]


def front_yard(shape: str, curved: bool) -> Plan:
    """A lawn or gravel before the front door, with beds along the house and both sides."""
    sweep = 0.7 if curved else 0.0
    door = 0.9
    return Plan(
        door=door,
        rear=False,
        path=_path(shape or ("gentle" if curved else "straight"), 1.7, door, 14.3),
        path_wide=1.35,
        beds=[
            Bed(
                band([(-9, 13.0), (-4.2, 12.4 - sweep), (-0.2, 13.4)], [(-9, 14.8), (-4.2, 14.8), (-0.2, 14.8)]), "far"
            ),
            Bed(band([(2.0, 13.3), (4.4, 11.9), (9, 12.4)], [(2.0, 13.5), (4.4, 13.3), (9, 13.3)]), "far"),
            Bed(
                band(
                    [(-1.6, 3.7), (-3.3 + sweep, 6.6), (-4.3 - sweep, 9.4), (-4.6, 12.6)],
                    [(-6, 3.7), (-6, 6.6), (-8, 9.4), (-9.5, 12.6)],
                ),
                "left",
            ),
            Bed(
                band(
                    [(2.9, 3.9), (3.5 - sweep * 0.4, 7.2), (4.9, 9.4), (5.2, 11.4)],
                    [(6, 3.9), (6.5, 7.2), (8, 9.4), (9.5, 11.4)],
                ),
                "right",
            ),
        ],
        trees=[(-4.6, 9.8, 1.0), (5.1, 11.2, 0.72)],
        seat=(-2.4, 9.4),
        water=(-1.6, 7.8, 3.2),
        extras=[(-2.3, 9.0), (3.3, 9.8), (-1.2, 11.4), (3.0, 8.0)],
        pots=[(door - 1.15, 13.9), (door + 1.15, 13.9)],
        lamps=[(door - 1.0, 12.6), (door + 1.5, 10.2), (door + 1.65, 7.6), (0.35, 7.0)],
        fences=BACK_FENCES,
        islands=[oval(-1.6, 8.4, 2.6, 2.0), oval(3.3, 8.4, 1.5, 1.6)],
        pergola=(-3.2, 9.2),
    )


def back_yard(shape: str, curved: bool) -> Plan:
    """A sheltered garden behind the house: terrace at the glass doors, open middle, deep borders."""
    sweep = 0.8 if curved else 0.0
    return Plan(
        door=-0.6,
        rear=True,
        path=_path(shape or "gentle", -0.9, -0.6, 11.6) if shape else [],
        path_wide=1.1,
        beds=[
            Bed(band([(-7.5, 13.7), (-4.6, 13.4), (-3.6, 13.7)], [(-8.5, 14.8), (-4.6, 14.8), (-3.6, 14.8)]), "far"),
            Bed(
                band(
                    [(-1.4, 3.7), (-2.9 - sweep * 0.5, 6.4), (-4.4 + sweep, 8.8), (-5.2, 12.6)],
                    [(-6, 3.7), (-6.5, 6.4), (-8, 8.8), (-9.5, 12.6)],
                ),
                "left",
            ),
            Bed(
                band(
                    [(1.8, 3.7), (3.3 - sweep * 0.5, 6.6), (3.5 + sweep, 9.0), (4.9, 12.4)],
                    [(6, 3.7), (6.5, 6.6), (8, 9.0), (9.5, 12.4)],
                ),
                "right",
            ),
        ],
        trees=[(4.7, 10.4, 1.0), (-5.3, 11.6, 0.85)],
        seat=(1.8, 12.0),
        water=(-0.4, 8.2, 3.6),
        extras=[(2.4, 9.6), (-2.7, 10.2), (0.2, 7.4), (-1.4, 9.0)],
        terrace=[(-3.4, 11.3), (4.4, 11.3), (4.4, 14.9), (-3.4, 14.9)],
        pots=[(-3.1, 11.7), (-2.5, 14.2), (3.9, 11.6)],
        lamps=[(-2.6, 8.8), (2.6, 8.2), (-3.6, 11.0), (2.2, 6.2)],
        fences=BACK_FENCES,
        islands=[oval(-0.7, 8.0, 3.0, 2.2)],
        pergola=(1.4, 11.2),
    )


def walkway(shape: str, curved: bool) -> Plan:
    """A path in the middle that leads the eye to the door, planted on both sides."""
    line: Outline = [(0.0, 3.0), (0.0, 7.0), (0.0, 14.3)]
    if shape == "winding":
        line = [(0.5, 3.0), (0.9, 5.2), (-0.9, 8.2), (0.7, 11.4), (0.0, 14.3)]
    elif shape != "straight" and curved:
        line = [(0.25, 3.0), (0.35, 5.4), (-0.35, 8.8), (0.1, 11.8), (0.0, 14.3)]
    cut = [(x, z) for x, z in line]
    cut[0], cut[-1] = (cut[0][0], 3.6), (cut[-1][0], 13.2)
    return Plan(
        door=0.0,
        rear=False,
        path=line,
        path_wide=1.5,
        beds=[
            Bed(band([(x - 0.88, z) for x, z in cut], [(x - 2.5, z) for x, z in cut]), "left"),
            Bed(band([(x + 0.88, z) for x, z in cut], [(x + 2.5, z) for x, z in cut]), "right"),
            Bed(band([(-8.5, 13.6), (-5.0, 13.2), (-1.5, 13.5)], [(-8.5, 14.8), (-5.0, 14.8), (-1.5, 14.8)]), "far"),
            Bed(band([(1.6, 12.6), (5.0, 12.2), (8.5, 12.6)], [(1.6, 13.3), (5.0, 13.3), (8.5, 13.3)]), "far"),
        ],
        trees=[(-4.5, 10.2, 0.82), (4.6, 10.2, 0.82)],
        seat=(-3.9, 9.0),
        water=(3.6, 7.8, 2.2),
        extras=[(-3.9, 8.6), (3.9, 8.2), (-4.2, 11.6), (4.4, 11.2)],
        pots=[(-1.15, 13.8), (1.15, 13.8)],
        lamps=[(x + side * 0.98, z) for z, x in ((5.6, 0.2), (8.2, -0.2), (11.0, 0.0)) for side in (-1, 1)],
        fences=BACK_FENCES,
        pergola=(0.0, 9.6),
    )


def side_yard(shape: str, curved: bool) -> Plan:
    """A narrow garden between the long wall of the house and a fence."""
    bend = 0.35 if curved or shape == "winding" else 0.0
    return Plan(
        door=0.0,
        rear=False,
        path=[(-0.5, 3.0), (-0.3 + bend, 6.0), (-0.5 - bend, 10.0), (-0.2, 19.5)],
        path_wide=1.25,
        beds=[
            Bed(
                band(
                    [(-2.0, 3.5), (-1.75, 8.0), (-1.9, 12.0), (-1.8, 19.0)],
                    [(-2.9, 3.5), (-2.9, 8.0), (-2.9, 12.0), (-2.9, 19.0)],
                ),
                "left",
            ),
            Bed(
                band(
                    [(1.0, 3.5), (1.2 - bend, 6.6), (1.0 + bend, 10.0), (1.0, 19.0)],
                    [(3.1, 3.5), (3.1, 6.6), (3.1, 10.0), (3.1, 19.0)],
                ),
                "right",
            ),
        ],
        trees=[(2.6, 12.0, 0.82), (2.4, 17.5, 0.9)],
        seat=(1.2, 9.6),
        water=(1.7, 7.4, 1.7),
        extras=[(1.6, 8.6), (1.6, 11.5), (-1.4, 12.0), (1.5, 6.4)],
        pots=[(-1.5, 7.4), (-1.5, 13.0)],
        lamps=[(0.75, 5.8), (-1.35, 8.4), (0.75, 11.4), (-1.3, 15.0)],
        fences=[(-2.9, 20.5, 3.3, 20.5), (3.3, 20.5, 3.3, 3.4)],
        side_wall=True,
        pergola=(0.0, 12.5),
    )


def patio(shape: str, curved: bool) -> Plan:
    """A wide terrace to live on, with planting round it and the house behind."""
    corners: Outline = [(-4.6, 3.2), (4.8, 3.2), (4.5, 10.6), (-4.3, 10.6)]
    if curved:
        corners = oval(0.1, 6.6, 9.4, 8.6, 0.03)
    return Plan(
        door=-0.6,
        rear=True,
        path=[(-0.4, 10.0), (-0.6, 14.6)],
        path_wide=1.4,
        beds=[
            Bed(band([(-3.7, 10.9), (-2.4, 10.9), (-1.3, 10.9)], [(-4.6, 12.1), (-2.6, 12.2), (-1.3, 12.1)]), "far"),
            Bed(band([(0.5, 10.9), (2.4, 10.9), (4.2, 10.7)], [(0.5, 12.1), (2.4, 12.2), (5.0, 12.0)]), "far"),
            Bed(
                band(
                    [(-2.3, 3.7), (-3.7, 6.6), (-4.4, 8.6), (-4.2, 11.4)],
                    [(-5, 3.7), (-6, 6.6), (-7, 8.6), (-7.5, 11.4)],
                ),
                "left",
            ),
            Bed(
                band([(2.6, 3.7), (3.9, 6.6), (4.6, 8.6), (4.4, 11.2)], [(5, 3.7), (6, 6.6), (7, 8.6), (7.5, 11.2)]),
                "right",
            ),
        ],
        trees=[(-5.4, 11.8, 0.95), (5.4, 11.6, 0.8)],
        seat=(0.3, 7.7),
        water=(2.7, 9.0, 2.0),
        extras=[(-2.4, 6.7), (2.7, 6.4), (-2.7, 9.4), (2.9, 9.4)],
        terrace=corners,
        pots=[(-3.3, 7.0), (3.7, 7.3), (-1.9, 10.3), (2.2, 10.3)],
        lamps=[(-3.3, 8.8), (3.8, 9.4), (-2.0, 5.9)],
        fences=BACK_FENCES,
        pergola=(0.3, 6.9),
    )


AREAS: dict[str, Callable[[str, bool], Plan]] = {
    "front-yard": front_yard,
    "back-yard": back_yard,
    "walkway": walkway,
    "side-yard": side_yard,
    "patio": patio,
}


def footprint(plan: Plan) -> Outline:
    """The outline of the path of a plan."""
    return ribbon(plan.path, plan.path_wide) if plan.path else []
