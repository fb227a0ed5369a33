"""The real painter, made to fail or to take its time by a word in the prompt."""

import time

from generations.engines import DesignRequest, EngineError, Painting, Report
from generations.engines.landscape import LandscapePainter


class PainterThatCanFail:
    """Paints; fails at "impossible"; takes five seconds more at "slowly"."""

    name = "landscape"
    provider = ""

    def __init__(self) -> None:
        self.painter = LandscapePainter()

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        if "slowly" in request.prompt:
            time.sleep(5)
        if "impossible" in request.prompt:
            raise EngineError("The garden could not be painted.")
        return self.painter.paint(request, timeout_seconds=timeout_seconds, report=report)
