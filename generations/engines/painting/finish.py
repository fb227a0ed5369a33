"""The last hand: tint by the time of day, bloom round lamps, weather in the air, paper grain."""

import numpy as np
from PIL import Image, ImageFilter

from generations.engines.painting.colours import Floats, rgb
from generations.engines.painting.easel import Easel
from generations.engines.painting.noise import billows, grit
from generations.engines.painting.sky import SKY_GLOW

LAMP = np.array([1.0, 0.80, 0.46], np.float32)


def finish(easel: Easel, size: tuple[int, int]) -> Image.Image:
    """Turn the sheet into the picture, `size` pixels wide and high."""
    factor = easel.canvas.width // size[0]
    channels = easel.canvas.channels()
    colours = np.asarray(easel.canvas.image().reduce(factor), dtype=np.float32)
    glow = channels[:, :, 3]
    sky = _reduced(np.where(glow == SKY_GLOW, np.uint8(255), np.uint8(0)), factor)
    lamps = _reduced(np.where(glow > SKY_GLOW, glow, np.uint8(0)), factor)
    picture = _tinted(easel, colours, sky, lamps)
    picture = _bloom(picture, lamps, size[0] / 1024)
    picture = _air(easel, picture)
    return Image.fromarray(np.clip(_grain(picture), 0, 255).astype(np.uint8))


def _reduced(channel: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], factor: int) -> Floats:
    return np.asarray(Image.fromarray(channel).reduce(factor), dtype=np.float32) / 255


def _tinted(easel: Easel, colours: Floats, sky: Floats, lamps: Floats) -> Floats:
    """Multiply shade and sun by their tints; what shines, and the sky, keep their colour."""
    bright = np.clip(colours.mean(axis=2, keepdims=True) / 235, 0, 1)
    tint = easel.light.shade_tint + (easel.light.sun_tint - easel.light.shade_tint) * bright
    kept = np.clip(sky + np.clip(lamps * 1.6, 0, 1), 0, 1)[..., None]
    tinted: Floats = colours * (tint + (1 - tint) * kept)
    return tinted


def _bloom(picture: Floats, lamps: Floats, scale: float) -> Floats:
    if lamps.max() <= 0:
        return picture
    source = Image.fromarray((lamps * 255).astype(np.uint8))
    near = np.asarray(source.filter(ImageFilter.GaussianBlur(5 * scale)), dtype=np.float32)
    small = source.reduce(4).filter(ImageFilter.GaussianBlur(9 * scale))
    wide = np.asarray(small.resize(source.size, Image.Resampling.BICUBIC), dtype=np.float32)
    light = (near * 0.42 + wide * 1.15)[..., None] * LAMP
    lit: Floats = picture + light * (1 - picture / 330)
    return lit


def _air(easel: Easel, picture: Floats) -> Floats:
    if easel.wishes.weather == "rain":
        return _rain(easel, picture)
    if easel.wishes.weather == "snow":
        return _flakes(easel, picture)
    return picture


def _rain(easel: Easel, picture: Floats) -> Floats:
    """Slanting streaks, in two depths."""
    height, width = picture.shape[:2]
    streaks = np.zeros((height, width), np.float32)
    for count, length, strength in ((900, 16, 0.16), (260, 30, 0.26)):
        x, y = easel.rng.uniform(0, width, count), easel.rng.uniform(-30, height, count)
        run = np.arange(int(length * width / 1024))
        px = (x[:, None] - run * 0.22).astype(int) % width
        py = np.clip((y[:, None] + run).astype(int), 0, height - 1)
        streaks[py, px] = strength
    soft = np.asarray(
        Image.fromarray((streaks * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32
    )
    rained: Floats = picture + (rgb("#dfe7ee") - picture) * (soft / 255)[..., None]
    return rained


def _flakes(easel: Easel, picture: Floats) -> Floats:
    height, width = picture.shape[:2]
    flakes = Image.new("L", (width, height), 0)
    sheet = np.zeros((height, width), np.uint8)
    for count, size in ((900, 1), (380, 2), (90, 3)):
        x = easel.rng.integers(0, width - 4, count)
        y = easel.rng.integers(0, height - 4, count)
        for dx in range(size):
            for dy in range(size):
                sheet[y + dy, x + dx] = 235
    flakes = Image.fromarray(sheet).filter(ImageFilter.GaussianBlur(0.8))
    share = np.asarray(flakes, dtype=np.float32)[..., None] / 255
    snowed: Floats = picture + (255 - picture) * share
    return snowed


def veil(easel: Easel, z: float, strength: float) -> None:
    """Lay mist over all that stands farther than z metres, thickest near the ground there."""
    channels = easel.canvas.channels()
    foot = int(min(easel.camera.point(0, 0, z)[1], easel.canvas.height))
    rows = np.arange(foot, dtype=np.float32)
    rise = np.clip((rows - easel.camera.horizon * 0.15) / (easel.camera.horizon * 0.9), 0.25, 1)
    fade = np.clip((foot - rows) / (30 * easel.unit), 0, 1)
    share = (rise * fade * strength)[:, None]
    step = 2
    columns = np.arange(0, easel.canvas.width, step, dtype=np.float32)
    drift = 0.72 + 0.56 * billows(columns[None, :] * 0.16 + z * 31, rows[:, None] * 0.5 + z * 17)
    share = np.repeat(np.clip(share * drift, 0, 0.9), step, axis=1)[:, : easel.canvas.width, None]
    seen = channels[:foot, :, :3]
    channels[:foot, :, :3] = (seen + (easel.light.haze - seen) * share).astype(np.uint8)


def _grain(picture: Floats) -> Floats:
    """The tooth of the paper, and a slight darkening towards the corners."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    tooth = (grit(x * 0.8, y * 0.8) - 0.5) * 7
    corner = np.hypot((x / width - 0.5) * 1.1, (y / height - 0.48) * 1.0)
    vignette = 1 - np.clip(corner - 0.38, 0, 1) * 0.32
    finished: Floats = (picture + tooth[..., None]) * vignette[..., None]
    return finished
