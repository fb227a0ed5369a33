"""What a photo of a yard shows: the colours of its house, its sky, and where the ground begins. Statistics, no model.

Looked at from both ends: the sky is what hangs together from the upper edge, the ground what is alike from the lower
edge upwards. What lies between and is not green is taken for the house, if it is one compact thing; its lower part is
wall, another colour higher up is roof. Whatever is not found for sure is None, and is painted as always.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from generations.engines.painting.colours import Colour, Floats

Mask = npt.NDArray[np.bool_]

SIDE: Final = 160  # pixels; the photo is looked at this small
ALIKE: Final = 13.0  # distance in Lab below which two colours are of one thing
GROUND_ALIKE: Final = 12.0  # the same, when lightness counts half
LEAST_HOUSE: Final = 0.04  # share of the picture
LEAST_FILL: Final = 0.25  # share of its own place that a wall fills; windows and shrubs take the rest
LEAST_ROOF: Final = 0.12  # share of the house


@dataclass(frozen=True, slots=True)
class Yard:
    """What was found. `ground_line` is a share of the picture's height, from the top; colours are red, green, blue."""

    wall: Colour | None = None
    roof: Colour | None = None
    sky: Colour | None = None
    ground_line: float | None = None


def look(jpeg: bytes) -> Yard:
    """Find what there is to find; the same photo always gives the same answer, within some hundredths of a second."""
    seen = _small(jpeg)
    lab = _lab(seen)
    sky = _sky(lab)
    line = _ground_line(lab, sky)
    wall, roof = _house(seen, lab, sky, line)
    height = lab.shape[0]
    return Yard(
        wall=wall,
        roof=roof,
        sky=_middle(seen[sky]) if 0.05 < sky.mean() < 0.85 else None,
        ground_line=None if line is None else line / height,
    )


def _small(jpeg: bytes) -> Floats:
    with Image.open(BytesIO(jpeg), formats=["JPEG"]) as photo:
        photo.draft("RGB", (SIDE * 2, SIDE * 2))
        small = photo.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32)


def _lab(seen: Floats) -> Floats:
    """Return CIE L*a*b*, in which a distance is how different two colours look."""
    share = seen / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    xyz = linear @ TO_XYZ.T
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


# From linear sRGB to XYZ, each divided by its white (D65).
TO_XYZ: Final = np.array(
    [[0.43395, 0.37622, 0.18983], [0.21267, 0.71516, 0.07217], [0.01775, 0.10946, 0.87279]], np.float32
)


def _middle(colours: Floats) -> Colour:
    """The median colour: a window, a shadow or a cloud more does not change it."""
    return np.median(colours, axis=0).astype(np.float32)


# --- the sky: down from the upper edge ---------------------------------------------------------------------------


def _sky(lab: Floats) -> Mask:
    """Mark, in each column, what runs on from the upper edge without a jump and looks like air."""
    light, red, yellow = lab[..., 0], lab[..., 1], lab[..., 2]
    airy = (light > 50) & (red > -14) & ((yellow < 12) | ((light > 62) & (red > 2)))
    jump = np.zeros(light.shape, bool)
    jump[2:] = np.linalg.norm(lab[2:] - lab[:-2], axis=-1) > ALIKE
    return np.logical_and.accumulate(airy & ~jump, axis=0)


# --- the ground: up from the lower edge --------------------------------------------------------------------------


def _ground_line(lab: Floats, sky: Mask) -> int | None:
    """Return the row where ground begins: where most columns turn from something else into what lies below."""
    height = lab.shape[0]
    ground = _ground(lab, sky).mean(axis=1)
    reach = max(3, height // 16)
    sums = np.concatenate([[0.0], np.cumsum(ground)])
    rows = np.arange(int(height * 0.30), int(height * 0.85))
    below = (sums[rows + reach] - sums[rows]) / reach
    above = (sums[rows] - sums[rows - reach]) / reach
    best = int(np.argmax(below - above))
    if below[best] < 0.6 or below[best] - above[best] < 0.30:
        return None
    return int(rows[best])


def _ground(lab: Floats, sky: Mask) -> Mask:
    """Mark, in each column, what runs on from the lower edge in the colours seen there; a small gap does not end it."""
    kinds = _kinds(lab[int(lab.shape[0] * 0.82) :].reshape(-1, 3), 4)
    away = np.stack([_flat_distance(lab, kind) for kind in kinds]).min(axis=0)
    alike = (away < GROUND_ALIKE) & ~sky
    bridged = alike.copy()
    for gap in (1, 2):
        bridged[:-gap] |= alike[gap:]
    run: Mask = np.logical_and.accumulate(bridged[::-1], axis=0)[::-1]
    ground: Mask = run & alike
    return ground


def _flat_distance(lab: Floats, kind: Floats) -> Floats:
    """Distance between colours in which lightness counts half: shade and sun lie on the same ground."""
    away: Floats = np.linalg.norm((lab - kind) * np.array([0.5, 1, 1], np.float32), axis=-1)
    return away


def _kinds(colours: Floats, count: int) -> Floats:
    """Return `count` colours that stand for all (k-means, begun with the middle and then the farthest: no chance)."""
    chosen = [np.median(colours, axis=0)]
    nearest = np.linalg.norm(colours - chosen[0], axis=1)
    for _ in range(count - 1):
        chosen.append(colours[int(np.argmax(nearest))])
        nearest = np.minimum(nearest, np.linalg.norm(colours - chosen[-1], axis=1))
    kinds = np.stack(chosen)
    for _ in range(12):
        whose = _whose(colours, kinds)
        kinds = np.stack([colours[whose == n].mean(axis=0) if (whose == n).any() else kinds[n] for n in range(count)])
    return kinds.astype(np.float32)


def _whose(colours: Floats, kinds: Floats) -> npt.NDArray[np.intp]:
    whose: npt.NDArray[np.intp] = np.linalg.norm(colours[:, None] - kinds, axis=2).argmin(axis=1)
    return whose


# --- the house: what is left between ------------------------------------------------------------------------------


def _house(seen: Floats, lab: Floats, sky: Mask, line: int | None) -> tuple[Colour | None, Colour | None]:
    """Return the colours of wall and roof; None for what is not found."""
    height = len(sky)
    foot = line if line is not None else int(height * 0.66)
    between = ~sky & ~_green(lab) & (np.arange(height) < foot)[:, None] & (lab[..., 0] > 12)
    if between.mean() < LEAST_HOUSE or (line is None and sky.mean() < 0.03):
        return None, None
    air = np.median(lab[sky], axis=0) if sky.any() else None
    rows, columns = np.nonzero(between)
    colours = lab[rows, columns]
    whose = _merged(colours, _kinds(colours, 6))
    up = (foot - rows) / max(foot - int(np.percentile(rows, 3)), 1)  # 0 at the foot, 1 at the ridge
    weights = {int(kind): float((whose == kind).mean()) for kind in np.unique(whose)}
    wall = max(weights, key=lambda kind: float(((whose == kind) & (up < 0.5)).mean()))
    if not _is_compact(rows[whose == wall], columns[whose == wall], weights[wall] * between.mean()):
        return None, None
    roofs = [kind for kind in weights if weights[kind] > LEAST_ROOF and _is_roof(up, whose, kind, wall)]
    roofs = [kind for kind in roofs if air is None or _apart(colours[whose == kind], air)]
    roof = max(roofs, key=weights.__getitem__, default=None)
    painted = [None if kind is None else _middle(seen[rows, columns][whose == kind]) for kind in (wall, roof)]
    return painted[0], painted[1]


def _green(lab: Floats) -> Mask:
    """Leaves and lawn. Paler greens are paint; a house as green as leaves is not told from them."""
    mask: Mask = (lab[..., 1] < -6) & (lab[..., 2] > 6) & (lab[..., 0] < 74)
    return mask


def _merged(colours: Floats, kinds: Floats) -> npt.NDArray[np.intp]:
    """Say which kind each colour is of, after kinds that look alike have become one."""
    whose = _whose(colours, kinds)
    for n in range(len(kinds)):
        for m in range(n):
            if _flat_distance(kinds[n], kinds[m]) < ALIKE and abs(kinds[n][0] - kinds[m][0]) < 16:
                whose[whose == n] = m
                break
    return whose


def _is_compact(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], share: float) -> bool:
    """Whether a colour fills the place it is in, as a wall does, instead of being strewn about."""
    if share < LEAST_HOUSE:
        return False
    top, bottom = np.percentile(rows, [3, 97])
    left, right = np.percentile(columns, [3, 97])
    return float(len(rows)) > LEAST_FILL * float((bottom - top + 1) * (right - left + 1))


def _is_roof(up: Floats, whose: npt.NDArray[np.intp], kind: int, wall: int) -> bool:
    """Whether a colour lies above the wall, most of it in the upper half of the house."""
    own, below = up[whose == kind], up[whose == wall]
    return bool(kind != wall and np.median(own) > max(0.5, float(np.median(below)) + 0.15))


def _apart(colours: Floats, air: Floats) -> bool:
    """Whether a colour is not just the sky behind something."""
    return bool(np.linalg.norm(np.median(colours, axis=0) - air) > ALIKE * 1.5)
