"""Engines that take no time, so that what is left is the shop's own, or only wait, as for a remote model."""

import time
from base64 import b64decode
from typing import Final

from generations.engines import DesignRequest, Painting, Report

WAITING_SECONDS: Final = 0.2
# The smallest WebP there is: one pixel.
_PIXEL: Final = b64decode("UklGRjAAAABXRUJQVlA4ICQAAABwAQCdASoBAAEAAUAmJYgCdAF1AAD+9IhzSIQf8b/Vr5MhwAA=")


class NoTimePainter:
    """Hands out one pixel at once."""

    name = "no-time"
    provider = ""

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        return Painting(
            image=_PIXEL, content_type="image/webp", width=1, height=1, description="One pixel.", note="For the bench."
        )


class WaitingPainter(NoTimePainter):
    """Hands it out after a fifth of a second in which it did nothing."""

    name = "waiting"

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        time.sleep(WAITING_SECONDS)
        return super().paint(request, timeout_seconds=timeout_seconds, report=report)
