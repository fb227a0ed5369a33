"""Putting a garden together: the plan of the area, in the materials of the style, as the prompt wishes."""

from collections.abc import Callable

import numpy as np

from generations.engines.painting import furniture, ground, lamps, water
from generations.engines.painting.catalogue import CATALOGUE
from generations.engines.painting.colours import rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.fences import FENCES
from generations.engines.painting.houses import HOUSES
from generations.engines.painting.layouts import AREAS, Bed, Plan, footprint
from generations.engines.painting.planting import palette_for, plant_bed
from generations.engines.painting.scene import Scene
from generations.engines.painting.shrubs import hedge
from generations.engines.painting.side_wall import side_wall
from generations.engines.painting.stones import stepping_stone
from generations.engines.painting.styles import STYLES, Style

CURVED_STYLES = ("english-garden", "california-native", "japanese-zen", "desert-landscape")


class Composition:
    """One garden, planned but not yet painted."""

    def __init__(self, easel: Easel, area: str, style: str) -> None:
        self.easel, self.wishes = easel, easel.wishes
        self.style: Style = STYLES[style]
        self.house = HOUSES[style]
        self.plan: Plan = AREAS[area](easel.wishes.path_shape, style in CURVED_STYLES)
        self.area = area
        self.path = self.wishes.path or self.style.path
        self.scene = Scene()

    def surfaces(self) -> None:
        """Lay the ground: floor, beds, terrace and path."""
        easel, plan, style = self.easel, self.plan, self.style
        ground.surface(easel, "meadow" if style.floor in ("golden gravel", "meadow") else "lawn")
        ground.surface(easel, style.floor, [(-60, 2.5), (60, 2.5), (60, 16.2), (-60, 16.2)])
        whole = easel.canvas.patch(easel.floor([(-60, 2.5), (60, 2.5), (60, 16), (-60, 16)]))
        if not self.wishes.snow:
            ground.tufts(easel, style.floor, whole)
        for bed in plan.beds:
            ground.surface(easel, style.bed, bed.outline)
            if style.bed not in {style.floor, "moss"}:
                ground.edging(easel, bed.outline, rgb("#8d8578") if style.bed == "soil" else rgb("#6b6f70"), 0.05)
        if plan.terrace:
            ground.surface(easel, self._paved(self.wishes.path or style.terrace), plan.terrace)
        self._lay_path()
        if style.dry_stream and not self.wishes.water and self.area in ("front-yard", "back-yard"):
            ground.surface(easel, "gravel", water.ribbon(DRY_STREAM, 0.9))

    def _paved(self, name: str) -> str:
        """The surface for a wished or usual paving: stone and gravel take the colour of the garden."""
        if name == "stone" and self.style.floor == "golden gravel":
            return "sandstone"
        return "warm gravel" if name == "gravel" else name

    def _lay_path(self) -> None:
        plan, style = self.plan, self.style
        if not plan.path:
            return
        if self.path == "stepping":
            self._stepping_stones()
            return
        name = self._paved(self.path)
        outline = footprint(plan)
        ground.surface(self.easel, name, outline)
        if name == "brick" or style.floor == "lawn":
            edge = rgb("#8a5444") if name == "brick" else rgb("#b9b4aa")
            ground.edging(self.easel, outline, edge, 0.09)

    def _stepping_stones(self) -> None:
        points = np.array(self.plan.path)
        lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        for number, run in enumerate(np.arange(0.3, lengths[-1] - 0.2, 0.92)):
            x = float(np.interp(run, lengths, points[:, 0])) + (0.22 if number % 2 else -0.22)
            z = float(np.interp(run, lengths, points[:, 1]))
            self.scene.add(z + 0.3, _stone(x, z))
            self.scene.kept_free.append((x, z, 0.62))

    def gather(self) -> None:
        """Decide what stands where."""
        self._water()
        self._trees()
        self._wished_things()
        self._furnish()
        self._lights()
        self._boundaries()
        self._island()
        self._rocks()
        self._borders()

    def _water(self) -> None:
        x, z, wide = self.plan.water
        wished = self.wishes.water
        if not wished and not (
            self.style.dry_stream is False and self.style.floor == "raked gravel" and self.area == "back-yard"
        ):
            return
        kind = wished or "pond"
        self.scene.kept_free.append((x, z, wide * 0.62))
        if kind == "fountain":
            self.scene.add(z, lambda easel: water.fountain(easel, x, z, 1.35))
        elif kind == "pool":
            box = [
                (x - wide * 0.62, z - 1.5),
                (x + wide * 0.62, z - 1.5),
                (x + wide * 0.62, z + 1.9),
                (x - wide * 0.62, z + 1.9),
            ]
            self.scene.add(z + 2.2, lambda easel: water.pool(easel, box))
        elif kind == "stream":
            line = [(x - 3.4, 3.4), (x - 0.4, 5.4), (x - 0.7, 8.0), (x + 1.1, 10.4), (x - 0.2, 12.6)]
            self.scene.add(12.8, lambda easel: water.stream(easel, line, 0.95))
            self.scene.kept_free += [(a, b, 0.85) for a, b in water.ribbon(line, 0.2)[:48:3]]
            self._bank([(a, b) for a, b in water.ribbon(line, 1.35)[::5]])
        else:
            self.scene.add(z + wide * 0.34, lambda easel: water.pond(easel, x, z, wide))
            self._bank(water.oval(x, z, wide * 1.10, wide * 0.72)[::2])

    def _bank(self, spots: list[tuple[float, float]]) -> None:
        """Stones, and a few reeds, along the edge of water."""
        rng, stones = self.easel.rng, self.style.stones
        for number, (x, z) in enumerate(spots):
            if rng.uniform() < 0.8 and z > 4.4:
                self.scene.put(stones, x, z, float(rng.uniform(0.35, 0.75)) * min(1.0, z / 9))
            if number % 5 == 2 and z > 6:
                self.scene.put("tuft", x * 1.02, z + 0.15, float(rng.uniform(0.9, 1.3)))

    def _trees(self) -> None:
        names = [name for name in self.wishes.trees if name in CATALOGUE] or list(self.style.trees)
        for number, (x, z, size) in enumerate(self.plan.trees):
            name = names[number % len(names)]
            vary = float(self.easel.rng.uniform(0.92, 1.08))
            self.scene.put(name, x, z, size * vary, free=0.45)
        if len(self.wishes.trees) > 0 and self.area != "side-yard":
            x, z, size = self.plan.trees[0]
            self.scene.put(names[-1], x * 0.62, z + 3.0, size * 0.78, free=0.4)

    def behind(self) -> None:
        """Trees beyond the house, that soften the roof line."""
        rng, names = self.easel.rng, self.style.far_trees
        spots = ((-9.5, 24.0), (10.0, 25.0), (-3.8, 28.0), (5.0, 29.0), (-13.5, 21.0), (14.0, 22.0))
        if self.plan.side_wall:
            spots = ((-1.0, 24.0), (3.6, 25.0), (8.0, 22.0), (5.4, 30.0), (1.4, 30.0), (11.0, 18.0))
        for number, (x, z) in enumerate(sorted(spots, key=lambda spot: -spot[1])):
            entry = CATALOGUE[names[number % len(names)]]
            entry.paint(self.easel, x + float(rng.uniform(-1, 1)), z, entry.height * float(rng.uniform(1.15, 1.5)))

    def far_fences(self) -> None:
        """What closes the garden off beside the house."""
        for run in [] if self.plan.side_wall else self.plan.fences:
            FENCES[self.style.fence](self.easel, run)

    def building(self) -> None:
        """The house, or its long side."""
        if self.plan.side_wall:
            side_wall(self.easel, self.style)
        else:
            self.house(self.easel, self.plan.door, self.plan.rear)

    def _wished_things(self) -> None:
        spots = list(self.plan.extras)
        for extra in self.wishes.extras:
            name = {"bench": "bench", "swing": "swing", "firepit": "firepit", "table": "table"}.get(extra, "")
            if name and spots:
                x, z = spots.pop(0)
                self.scene.put(name, x, z, free=1.25)
        if "vegetable" in self.wishes.plants:
            for x, z in (spots or self.plan.extras)[:2]:
                self.scene.put("vegetable", x, z, free=1.3)
        if "pergola" in self.wishes.extras or (self.area == "patio" and self.style.pergola in ("charcoal", "white")):
            self._pergola(*self.plan.pergola)

    def _pergola(self, x: float, z: float) -> None:
        look = self.style.pergola
        self.scene.add(z + furniture.PERGOLA_DEEP, lambda easel: furniture.pergola_back(easel, look, x, z))
        self.scene.add(z, lambda easel: furniture.pergola_front(easel, look, x, z))

    def _furnish(self) -> None:
        if self.area in ("patio", "back-yard") and "table" not in self.wishes.extras:
            self.scene.put(self.style.seat, *self.plan.seat, free=1.3)
        for number, (x, z) in enumerate(self.plan.pots):
            if self.area == "patio" or number < 2 or "pots" in self.wishes.extras:
                self.scene.put(self.style.pots, x, z, free=0.4)
        if self.style.lamp == "stone lantern" or "lantern" in self.wishes.extras:
            x, z = self.plan.lamps[1]
            self.scene.put("stone lantern" if self.style.lamp == "stone lantern" else "post lantern", x, z, free=0.5)

    def _lights(self) -> None:
        dark = self.easel.light.lamps > 0.4
        if dark or "lantern" in self.wishes.extras or "lights" in self.wishes.extras:
            name = "path light" if self.style.lamp == "stone lantern" else self.style.lamp
            for x, z in self.plan.lamps:
                self.scene.put(name, x, z, free=0.3)
        if "lights" in self.wishes.extras:
            for z in (8.0, 11.0):
                self.scene.add(z, _strings(-0.5 * z, 0.5 * z, z))

    def _island(self) -> None:
        """A group of plants in open gravel, or a flower bed in the lawn of the back yard."""
        if self.wishes.water or self.style.islands == "" or self.area not in ("front-yard", "back-yard"):
            return
        if self.style.islands == "bed" and self.area == "front-yard":
            return
        for outline in self.plan.islands:
            x = sum(a for a, _ in outline) / len(outline)
            z = sum(b for _, b in outline) / len(outline)
            self.scene.put(self.style.focus, x, z + 0.35, float(self.easel.rng.uniform(0.7, 1.0)), free=0.5)
            if self.style.islands == "group":
                self.scene.put(self.style.stones, x + 0.75, z + 0.1, 0.9, free=0.5)
            self.plan.beds.append(Bed(outline, "far"))

    def _rocks(self) -> None:
        rng, style = self.easel.rng, self.style
        count = style.rocks + (8 if "boulder" in self.wishes.extras else 0)
        for _ in range(count):
            bed = self.plan.beds[int(rng.integers(len(self.plan.beds)))]
            x, z = bed.outline[int(rng.integers(len(bed.outline)))]
            if z > 5.2 and abs(x) < 0.5 * z and self.scene.is_free(x, z):
                size = float(rng.uniform(0.5, 1.35)) * min(1.0, z / 9)
                self.scene.put(style.stones, x, z, size, free=0.42 * size)
        if style.floor == "raked gravel" and self.area in ("front-yard", "back-yard"):
            for x, z, size in ((-2.1, 9.5, 1.5), (-1.6, 9.2, 0.8), (2.4, 7.2, 1.0), (0.7, 11.6, 1.1)):
                if self.scene.is_free(x, z):
                    self.scene.put(style.stones, x, z, size, free=0.7)
        if style.dry_stream and not self.wishes.water and self.area in ("front-yard", "back-yard"):
            self._bank(water.ribbon(DRY_STREAM, 1.0)[::3])

    def _borders(self) -> None:
        wished = tuple(name for name in self.wishes.plants if name in CATALOGUE and name != "vegetable")
        palette = palette_for(self.style, wished)
        path = footprint(self.plan)
        for bed in self.plan.beds:
            plant_bed(self.scene, self.easel.rng, bed, palette, path, ordered=self.style.ordered)

    def _boundaries(self) -> None:
        look = FENCES[self.style.fence]
        if "fence" in self.wishes.extras and self.style.fence in ("slats", "adobe", "stucco"):
            look = FENCES["picket" if self.style.fence == "stucco" else "timber"]
        for run in self.plan.fences if self.plan.side_wall else []:
            self.scene.add(max(run[1], run[3]) - 0.4, _fence(look, run))
        if self.style.ordered or "hedge" in self.wishes.plants:
            self._hedges()

    def _hedges(self) -> None:
        if not self.plan.side_wall:
            for left in (-7.4, 5.6):
                self.scene.add(12.4, _hedge((left, left + 1.8, 11.6, 12.6), 1.3))
        elif "hedge" in self.wishes.plants:
            for z in np.arange(5.0, 19.0):
                self.scene.add(float(z) + 0.9, _hedge((2.35, 3.15, float(z), float(z) + 1.02), 1.2))
                self.scene.kept_free.append((2.75, float(z) + 0.5, 0.6))


DRY_STREAM = [(-2.6, 4.0), (-1.3, 6.2), (-2.2, 8.6), (-0.9, 10.6), (-1.6, 12.6)]


def _stone(x: float, z: float) -> Callable[[Easel], None]:
    return lambda easel: stepping_stone(easel, x, z, 0.82)


def _strings(left: float, right: float, z: float) -> Callable[[Easel], None]:
    return lambda easel: lamps.string_lights(easel, (left, right), z, 3.3)


def _fence(
    look: Callable[[Easel, tuple[float, float, float, float]], None], run: tuple[float, float, float, float]
) -> Callable[[Easel], None]:
    return lambda easel: look(easel, run)


def _hedge(plot: tuple[float, float, float, float], height: float) -> Callable[[Easel], None]:
    return lambda easel: hedge(easel, plot, height)
