"""What a provider's model has made, turned into what the studio keeps."""

import time
from typing import Final

from generations.engines import DesignRequest, Painting, Reply, Report, Suggestion, Usage, suggestions
from generations.engines.remote import refusals
from generations.engines.remote.plain import MOST_CHARACTERS, one_line, plain
from generations.engines.remote.received import encoded_anew
from generations.models import Generation

DESCRIPTION_CHARACTERS: Final = 300
# Somebody reads along; more often than this, nobody could.
REPORT_SECONDS: Final = 0.2


class Draft:
    """A reply while it grows. Reports what may be shown of it; text beyond 8,000 characters is left out."""

    def __init__(self, subject: str, report: Report) -> None:
        self.proposes = subject == "landscape"
        self.report = report
        self.text = ""
        self._report_at = 0.0

    def add(self, words: str) -> None:
        """Take the next words and report, a few times a second, all that there is to show."""
        if not words or len(self.text) >= MOST_CHARACTERS:
            return
        self.text = (self.text + words)[:MOST_CHARACTERS]
        if time.monotonic() >= self._report_at:
            self._report_at = time.monotonic() + REPORT_SECONDS
            self.report(self._parted()[0])

    def finished(self, usage: Usage, *, made_by: str) -> Reply:
        """Return the reply. Raises EngineError when there is nothing to show."""
        shown, proposed = self._parted()
        if not shown:
            raise refusals.refused(refusals.EMPTY, because="empty", usage=usage)
        return Reply(
            text=shown, note=f"Written by {made_by}, an AI model. It can be wrong.", suggestions=proposed, usage=usage
        )

    def _parted(self) -> tuple[str, tuple[Suggestion, ...]]:
        text = plain(self.text)
        return suggestions.parted(text) if self.proposes else (text, ())


def finished_painting(request: DesignRequest, raw: bytes, words: str, usage: Usage, *, made_by: str) -> Painting:
    """Return the design in `raw`, encoded anew, described by the request's and the model's own `words`.

    Raises EngineError when `raw` is no usable picture.
    """
    sheet = encoded_anew(raw, usage=usage)
    return Painting(
        image=sheet.image,
        content_type="image/webp",
        width=sheet.width,
        height=sheet.height,
        description=_description(request, words),
        note=f"Made by {made_by}, an AI model. Plants and sizes may not be true to life.",
        usage=usage,
    )


def _description(request: DesignRequest, words: str) -> str:
    start = f"{Generation.Style(request.style).label}, {Generation.Area(request.area).label.lower()}"
    wished = one_line(request.prompt, 120).rstrip(".")
    said = one_line(words, 150).rstrip(".")
    sentences = [f"{start}, from a photo" if request.photo else start, wished and f"Wished for: {wished}", said]
    return one_line(". ".join(filter(None, sentences)) + ".", DESCRIPTION_CHARACTERS)
