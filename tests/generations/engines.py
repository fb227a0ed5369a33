"""Engines for tests: they paint at once, refuse, break, dawdle or never return, as the prompt says."""

import time
from io import BytesIO
from typing import Final

from PIL import Image

from generations.engines import ChatRequest, DesignRequest, EngineError, Painting, Reply, Report

# The smallest WebP there is: one pixel.
PIXEL: Final = bytes.fromhex(
    "52494646300000005745425056503820240000007001009d012a010001000140262588027401750000fef4887348841ff1bfd5af9321c000"
)


def painting(content_type: str = "image/webp") -> Painting:
    """A finished picture of one pixel."""
    return Painting(
        image=PIXEL,
        content_type=content_type,
        width=1,
        height=1,
        description="A garden of one pixel.",
        note="Painted for a test.",
    )


def painted(width: int, height: int, kind: str = "WEBP") -> Painting:
    """A finished picture of this size, a lawn and nothing else, as a WEBP, PNG or JPEG."""
    sheet = BytesIO()
    Image.new("RGB", (width, height), "#2a5b41").save(sheet, kind)
    return Painting(sheet.getvalue(), f"image/{kind.lower()}", width, height, description="A lawn.", note="")


class ObedientPainter:
    """Does what the prompt says: refuse, break, exit, dawdle, hang, draw something that is no picture."""

    name = "obedient"
    provider = ""

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        if request.prompt == "refuse":
            raise EngineError("This cannot be drawn.")
        if request.prompt == "break":
            raise ValueError(f"cannot parse {request.prompt!r} of the secret garden")
        if request.prompt == "exit":
            raise SystemExit(3)
        if request.prompt == "script":
            return painting("image/svg+xml")
        if request.prompt == "dawdle":
            time.sleep(timeout_seconds + 0.3)
        if request.prompt == "hang":
            time.sleep(60)
        return painting()


class ObedientAssistant:
    """Does what the message says: refuse, break, hang, and else repeat it."""

    name = "obedient"
    provider = ""

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply:
        if request.message == "refuse":
            raise EngineError("This cannot be answered.")
        if request.message == "break":
            raise ValueError(f"cannot parse {request.message!r} of the secret garden")
        if request.message == "hang":
            time.sleep(60)
        report(request.message[:1])
        return Reply(f"You said: {request.message}", "Answered for a test.")
