"""`make sheet`: every style and area on one picture, as the painter of this checkout paints them."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from generations.engines import DesignRequest
from generations.engines.landscape import LandscapePainter
from generations.engines.painting.layouts import AREAS
from generations.engines.painting.styles import STYLES

SHEET = Path(__file__).parent / "images" / "designs.webp"
PAINTED, SHOWN = (768, 576), (288, 216)
GAP, LABEL, MARGIN = 10, 34, 16
PAPER, INK = "#f7f3ec", "#24352b"


def main() -> None:
    """Paint all of them, one after the other (about half a minute), and replace the sheet."""
    font = ImageFont.load_default(17)
    width = MARGIN * 2 + len(AREAS) * (SHOWN[0] + GAP) - GAP
    row = LABEL + SHOWN[1] + GAP
    sheet = Image.new("RGB", (width, MARGIN + LABEL + len(STYLES) * row), PAPER)
    pen = ImageDraw.Draw(sheet)
    for column, area in enumerate(AREAS):
        left = MARGIN + column * (SHOWN[0] + GAP)
        pen.text((left + SHOWN[0] / 2, MARGIN + LABEL / 2), _words(area), INK, font, anchor="mm")
        for line, style in enumerate(STYLES):
            top = MARGIN + LABEL + line * row
            if column == 0:
                pen.text((left, top + LABEL / 2), _words(style).title(), INK, font, anchor="lm")
            sheet.paste(_painted(area, style), (left, top + LABEL))
    sheet.save(SHEET, "WEBP", quality=80, method=6)


def _words(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _painted(area: str, style: str) -> Image.Image:
    request = DesignRequest(area, style, "")
    painting = LandscapePainter(PAINTED).paint(request, timeout_seconds=60, report=lambda words: None)
    return Image.open(io.BytesIO(painting.image)).resize(SHOWN, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
