"""The real painter, made to fail or to take its time by a word in the prompt."""

import time

from generations.engines import DesignRequest, EngineError, Painting, Report
from generations.engines.landscape import LandscapePainter
from generations.models import Generation


class PainterThatCanFail:
    """Paints; fails at "impossible", at "impossible patio" only the patio, with "once" only the first time.

    At "slowly" it takes five seconds more.
    """

    name = "landscape"
    provider = ""

    def __init__(self) -> None:
        self.painter = LandscapePainter()
        self.failed: set[DesignRequest] = set()

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        if "slowly" in request.prompt:
            report("Waiting for the light")
            time.sleep(5)
        if self._fails(request):
            raise EngineError("The garden could not be painted.")
        return self.painter.paint(request, timeout_seconds=timeout_seconds, report=report)

    def _fails(self, request: DesignRequest) -> bool:
        again = request in self.failed
        self.failed.add(request)
        place = request.prompt.partition("impossible ")[2].replace(" ", "-")
        if place.startswith(tuple(Generation.Area.values)) and not place.startswith(request.area):
            return False
        return "impossible" in request.prompt and not (again and "once" in request.prompt)
