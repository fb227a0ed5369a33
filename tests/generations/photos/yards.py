"""Photos of yards, drawn: the colours of the house and the place of the horizon are known."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.generations.photos.samples import encoded

Colour = tuple[int, int, int]
GRASS, GRAVEL, PAVING = (96, 132, 62), (196, 178, 146), (150, 148, 145)
BLUE, GREY, EVENING = (118, 164, 212), (192, 196, 200), (238, 178, 128)


@dataclass(frozen=True)
class Yard:
    """A house before a sky; `horizon` is where building ends and ground begins, as a share of the height."""

    wall: Colour = (206, 190, 160)
    roof: Colour | None = (120, 58, 44)
    horizon: float = 0.58
    sky: Colour = BLUE
    ground: Colour = GRASS
    size: tuple[int, int] = (800, 600)
    house: tuple[float, float] = (0.16, 0.86)  # from and to, as shares of the width
    trees: bool = True
    seed: int = 3


@cache
def photograph(yard: Yard) -> bytes:
    """The yard as a JPEG, with a lens' softness, grain and uneven light."""
    picture = Image.new("RGB", yard.size)
    pen = ImageDraw.Draw(picture)
    _sky(pen, yard)
    _clouds(picture, yard)
    line = int(yard.horizon * yard.size[1])
    if yard.trees:
        _trees(pen, yard, line)
    if yard.house[1] > yard.house[0]:
        _house(pen, yard, line)
    _ground(pen, yard, line)
    return encoded("JPEG", _through_a_lens(picture, yard), quality=85)


def _sky(pen: ImageDraw.ImageDraw, yard: Yard) -> None:
    width, height = yard.size
    for row in range(height):
        pale = 0.55 * row / (yard.horizon * height)
        pen.line([(0, row), (width, row)], fill=_mixed(yard.sky, (244, 244, 240), min(pale, 1)))


def _clouds(picture: Image.Image, yard: Yard) -> None:
    chance = np.random.default_rng(yard.seed)
    veil = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(veil)
    width, height = yard.size
    for _ in range(14):
        x, y = chance.uniform(0, width), chance.uniform(0, height * 0.3)
        wide = chance.uniform(40, 160)
        pen.ellipse([x - wide, y - wide * 0.22, x + wide, y + wide * 0.22], fill=int(chance.uniform(90, 200)))
    picture.paste(_mixed(yard.sky, (255, 255, 255), 0.8), mask=veil.filter(ImageFilter.GaussianBlur(18)))


def _trees(pen: ImageDraw.ImageDraw, yard: Yard, line: int) -> None:
    chance = np.random.default_rng(yard.seed + 1)
    width, height = yard.size
    for x in (0.04, 0.95):
        for _ in range(60):
            at = x * width + chance.normal(0, 0.045 * width)
            up = line - chance.uniform(0.02, 0.30) * height
            size = chance.uniform(0.012, 0.037) * width
            shade = float(chance.uniform(0.6, 1.2))
            pen.ellipse([at - size, up - size, at + size, up + size], fill=_lit((58, 92, 44), shade))


def _house(pen: ImageDraw.ImageDraw, yard: Yard, line: int) -> None:
    width, height = yard.size
    left, right = (int(share * width) for share in yard.house)
    eave, ridge = line - int(0.24 * height), line - int(0.40 * height)
    over = int(0.025 * width)
    pen.rectangle([left, eave, right, line], fill=yard.wall)
    pen.rectangle([left, line - int(0.025 * height), right, line], fill=_lit(yard.wall, 0.72))
    pen.rectangle([left, eave, right, eave + int(0.02 * height)], fill=_lit(yard.wall, 0.66))
    if yard.roof:
        inset = int(0.10 * width)
        outline = [(left - over, eave), (right + over, eave), (right - inset, ridge), (left + inset, ridge)]
        pen.polygon(outline, fill=yard.roof)
        for row in range(ridge, eave, 9):
            pen.line([(left + inset, row), (right - inset, row)], fill=_lit(yard.roof, 0.9), width=2)
    _openings(pen, yard, (left, right, eave, line))


def _openings(pen: ImageDraw.ImageDraw, yard: Yard, front: tuple[int, int, int, int]) -> None:
    left, right, eave, line = front
    wide, tall = right - left, line - eave
    for share in (0.10, 0.32, 0.76):
        x, y = left + share * wide, eave + 0.26 * tall
        box = [x, y, x + 0.11 * wide, y + 0.40 * tall]
        pen.rectangle([box[0] - 5, box[1] - 5, box[2] + 5, box[3] + 5], fill=(240, 240, 236))
        pen.rectangle(box, fill=(58, 70, 84))
        pen.line([(x + 0.055 * wide, box[1]), (x + 0.055 * wide, box[3])], fill=(240, 240, 236), width=4)
    x = left + 0.55 * wide
    pen.rectangle([x, eave + 0.30 * tall, x + 0.085 * wide, line], fill=(82, 52, 38))


def _ground(pen: ImageDraw.ImageDraw, yard: Yard, line: int) -> None:
    width, height = yard.size
    for row in range(line, height):
        shade = 0.86 + 0.24 * (row - line) / max(height - line, 1)
        pen.line([(0, row), (width, row)], fill=_lit(yard.ground, shade))
    chance = np.random.default_rng(yard.seed + 2)
    for _ in range(2500):
        x, y = chance.uniform(0, width), chance.uniform(line, height)
        reach = 2 + 7 * (y - line) / (height - line)
        pen.line(
            [(x, y), (x + chance.normal(0, 2), y - reach)], fill=_lit(yard.ground, float(chance.uniform(0.8, 1.2)))
        )
    middle = width * 0.60
    near, far = 0.125 * width, 0.016 * width
    path = [(middle - far, line), (middle + far, line), (middle + near, height), (middle - near, height)]
    pen.polygon(path, fill=PAVING if yard.ground != PAVING else (120, 110, 100))
    for x in (0.24, 0.44, 0.80):  # shrubs before the house
        wide, tall = 0.038 * width, 0.038 * height
        pen.ellipse([x * width - wide, line - tall, x * width + wide, line + 0.7 * tall], fill=(62, 98, 50))


def _through_a_lens(picture: Image.Image, yard: Yard) -> Image.Image:
    chance = np.random.default_rng(yard.seed + 3)
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float32)
    width, height = yard.size
    light = 1.04 - 0.10 * np.linspace(0, 1, width)[None, :, None]
    grain = chance.normal(0, 5, (height, width, 1))
    return Image.fromarray(np.clip(soft * light + grain, 0, 255).astype(np.uint8))


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _lit(colour: Colour, share: float) -> Colour:
    red, green, blue = (int(min(part * share, 255)) for part in colour)
    return red, green, blue


YARDS = {
    "cream under red": Yard(),
    "white under slate": Yard(wall=(236, 234, 228), roof=(74, 78, 86), sky=GREY, horizon=0.52),
    "brick under brown": Yard(wall=(158, 84, 66), roof=(92, 70, 56), horizon=0.64, seed=8),
    "blue under grey": Yard(wall=(112, 140, 168), roof=(88, 86, 88), ground=GRAVEL, horizon=0.55, seed=5),
    "yellow under terracotta": Yard(wall=(226, 192, 104), roof=(182, 96, 62), ground=PAVING, horizon=0.6, seed=11),
    "evening": Yard(wall=(214, 164, 128), roof=(112, 62, 52), sky=EVENING, ground=(104, 112, 58), horizon=0.57),
    "portrait": Yard(wall=(198, 204, 190), roof=(66, 70, 66), size=(600, 800), horizon=0.62, trees=False),
    "flat roof": Yard(wall=(178, 118, 84), roof=None, horizon=0.6, ground=GRAVEL, trees=False),
}
# What a garden without a house, or no garden at all, looks like.
MEADOW = Yard(house=(0.0, 0.0), horizon=0.5)
