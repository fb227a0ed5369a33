"""The engine that paints gardens by rules on this computer: no model, no network, the same picture every time."""

import hashlib
import io
import time
from dataclasses import replace

import numpy as np
from PIL import Image

from generations.engines import DesignRequest, EngineError, Painting, Report
from generations.engines.painting.camera import Camera, horizon_for
from generations.engines.painting.canvas import Canvas
from generations.engines.painting.composition import Composition
from generations.engines.painting.description import describe, taken
from generations.engines.painting.easel import Easel
from generations.engines.painting.finish import finish, veil
from generations.engines.painting.houses import FRONT
from generations.engines.painting.layouts import AREAS
from generations.engines.painting.light import light_for, under
from generations.engines.painting.photo import Yard, look
from generations.engines.painting.shadows import cast
from generations.engines.painting.sky import distance, sky
from generations.engines.painting.styles import STYLES
from generations.engines.painting.wishes import read_prompt

NOTE = "Painted by rules on this computer, not by an AI model"
FINENESS = 2  # the sheet is this many times larger than the picture
MIST = ((34.0, 0.34), (14.5, 0.30), (10.0, 0.24), (7.0, 0.16))  # distance in metres, strength


class Deadline:
    """A moment after which painting stops."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() >= self.at:
            raise EngineError("The painting took too long and was stopped.")


class LandscapePainter:
    """Paints `size` pictures as WebP; the default takes about a second on one core."""

    name = "landscape"
    provider = ""

    def __init__(self, size: tuple[int, int] = (1024, 768)) -> None:
        self.size = size

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        """Paint the request, or raise EngineError if area or style is unknown or time runs out."""
        _check(request)
        deadline = Deadline(timeout_seconds)
        if request.photo:
            report("Looking at your photo")
        yard = _yard(request)
        easel = self._easel(request, yard)
        picture = self._painted(easel, Composition(easel, request.area, request.style), deadline, report)
        deadline.check()
        sheet = io.BytesIO()
        picture.save(sheet, "WEBP", quality=86, method=3)
        return Painting(
            image=sheet.getvalue(),
            content_type="image/webp",
            width=self.size[0],
            height=self.size[1],
            description=describe(request, easel.wishes),
            note=NOTE + (f"; {taken(yard)}." if request.photo else "."),
        )

    def _easel(self, request: DesignRequest, yard: Yard) -> Easel:
        wishes = read_prompt(request.prompt)
        width, height = (side * FINENESS for side in self.size)
        camera = Camera(width, height)
        if yard.ground_line is not None:
            camera = replace(camera, horizon_at=horizon_for(yard.ground_line, width, height, FRONT))
        light = under(light_for(wishes), yard.sky, wishes)
        return Easel(Canvas(width, height), camera, light, wishes, _chance(request), yard)

    def _painted(self, easel: Easel, composition: Composition, deadline: Deadline, report: Report) -> Image.Image:
        report("Choosing the plants")
        composition.gather()
        report("Painting the sky")
        for layer in (sky, distance):
            deadline.check()
            layer(easel)
        deadline.check()
        report("Laying out the ground")
        composition.surfaces()
        composition.behind()
        deadline.check()
        mist = list(MIST) if easel.wishes.weather == "fog" else []
        cast(easel, composition.scene.shadows)
        if mist:
            veil(easel, *mist.pop(0))
        composition.far_fences()
        report("Building the house")
        composition.building()
        report("Planting")
        for thing in composition.scene.in_order():
            deadline.check()
            while mist and thing.z < mist[0][0]:
                veil(easel, *mist.pop(0))
            thing.paint(easel)
        deadline.check()
        report("Adding the last light")
        return finish(easel, self.size)


def _check(request: DesignRequest) -> None:
    if request.area not in AREAS:
        raise EngineError(f"There is no area called “{request.area[:40]}”; choose one of {', '.join(AREAS)}.")
    if request.style not in STYLES:
        raise EngineError(f"There is no style called “{request.style[:40]}”; choose one of {', '.join(STYLES)}.")


def _yard(request: DesignRequest) -> Yard:
    """Return what the photo shows; nothing without a photo."""
    if not request.photo:
        return Yard()
    try:
        return look(request.photo)
    except (OSError, SyntaxError, ValueError) as error:
        raise EngineError("The photo could not be read.") from error


def _chance(request: DesignRequest) -> np.random.Generator:
    """Chance that depends on the request alone, its photo included."""
    words = "\x1f".join((request.area, request.style, request.prompt))
    seed = hashlib.sha256(words.encode("utf-8", "surrogatepass") + (request.photo or b"")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
