"""Photos for tests, honest and hostile, as bytes."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from generations.photos import PhotoRefused, read

SIDES = (640, 480)


def upload(content: bytes, name: str = "yard.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    """What a browser sends: bytes, and what it calls them."""
    return SimpleUploadedFile(name, content, content_type)


def scene(size: tuple[int, int] = SIDES) -> Image.Image:
    """Four quarters, red, green, blue and yellow, so that turning and mirroring show."""
    picture = Image.new("RGB", size, "#c02020")
    width, height = size
    picture.paste("#20a020", (width // 2, 0, width, height // 2))
    picture.paste("#2020c0", (0, height // 2, width // 2, height))
    picture.paste("#d0c020", (width // 2, height // 2, width, height))
    return picture


def encoded(format: str, picture: Image.Image | None = None, **options: Any) -> bytes:
    """A picture in a format of Pillow's."""
    sheet = BytesIO()
    (picture or scene()).save(sheet, format, **options)
    return sheet.getvalue()


def noise(size: tuple[int, int] = SIDES) -> Image.Image:
    """A picture that hardly compresses; the same each time."""
    grains = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(grains)


def chunk(name: bytes, content: bytes) -> bytes:
    """One PNG chunk with a right checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk after its first one."""
    return png[:33] + chunk(name, content) + png[33:]


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment right after its beginning."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


def png_bomb(width: int, height: int, *, channels: int = 1) -> bytes:
    """A small PNG that unpacks to width x height pixels: grey, or with four channels a colour and transparency."""
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(b"\0" * (width * channels + 1)) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 6 if channels == 4 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def resized_header(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header claims another size than its pixels have."""
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 5] + struct.pack(">HH", height, width) + jpeg[frame + 9 :]


def webp_canvas(width: int, height: int) -> bytes:
    """A WebP whose extended header claims a canvas of width x height."""
    plain = encoded("WEBP")
    extended = struct.pack("<4sI4B", b"VP8X", 10, 0, 0, 0, 0)
    extended += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + extended + plain[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is there `count` times: little to send, much to decode."""
    jpeg = encoded("JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * count + jpeg[-2:]


def refusal(content: bytes, name: str = "yard.jpg", content_type: str = "image/jpeg") -> str:
    """The sentence with which it is refused."""
    with pytest.raises(PhotoRefused) as refused:
        read(upload(content, name, content_type))
    return refused.value.sentence
