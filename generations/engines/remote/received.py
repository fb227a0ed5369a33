"""Pictures that came over the network: looked at, bounded, and encoded anew so that nothing else comes along."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

from generations.engines import Usage
from generations.engines.remote import refusals

MOST_BYTES: Final = 20_000_000
MOST_PIXELS: Final = 40_000_000
WIDEST: Final = 2048
SMALLEST_SIDE: Final = 64
# No GIF, TIFF or SVG: what no provider was asked for is not decoded.
FORMATS: Final = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture of our own making: WebP, without metadata."""

    image: bytes
    width: int
    height: int


def encoded_anew(raw: bytes, *, usage: Usage) -> Sheet:
    """Return the picture in `raw` as WebP, at most 2048 pixels wide and without metadata.

    The size is read from its header before anything is decoded. Raises EngineError when it is not a complete JPEG,
    PNG or WebP, has more than 20 MB or 40 megapixels, or is too small to be a design; `usage` is billed all the same.
    """
    if len(raw) > MOST_BYTES:
        raise refusals.refused(refusals.TOO_LARGE, because="picture_bytes", usage=usage)
    try:
        return _encoded(raw)
    except Exception as error:  # noqa: BLE001 - decoders fail in many ways on what is not a picture
        raise refusals.refused(refusals.NOT_A_PICTURE, because=type(error).__name__, usage=usage) from None


class _UnusableSize(Exception):
    """More pixels than we decode, or too few to show anything."""


def _encoded(raw: bytes) -> Sheet:
    with Image.open(BytesIO(raw), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS or min(picture.size) < SMALLEST_SIDE:
            raise _UnusableSize(f"{picture.width} x {picture.height}")
        picture.load()
        flat = _on_white(picture)
    if flat.width > WIDEST:
        flat = flat.resize((WIDEST, max(1, round(flat.height * WIDEST / flat.width))), Image.Resampling.LANCZOS)
    sheet = BytesIO()
    flat.save(sheet, "WEBP", quality=88, method=4)
    return Sheet(sheet.getvalue(), flat.width, flat.height)


def _on_white(picture: Image.Image) -> Image.Image:
    """Return it opaque, as colours alone: without profile, palette or alpha."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    white = Image.new("RGB", layer.size, "white")
    white.paste(layer, mask=layer.getchannel("A"))
    return white
