"""JPEG, PNG and WebP as bytes: how large the picture is, and which parts make it up; the other parts are dropped.

Done before any decoder sees the file, because decoders trust it: a few bytes can ask for gigabytes of memory, or
for thousands of passes over the same picture. What is found is cut to the parts named here, so a decoder is never
given comments, text, further pictures, or whatever was appended.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import Final

MOST_SCANS: Final = 64  # passes of a progressive JPEG; cameras and editors make about ten
MOST_PARTS: Final = 20_000  # segments or chunks of one file


class NotAPhoto(Exception):
    """The first bytes are not those of a JPEG, PNG or WebP."""


class Damaged(Exception):
    """The file breaks the rules of its own format, or ends too early."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What the bytes are: the format by Pillow's name, the size in pixels as stored, and the parts to decode.

    `orientation` is how the camera was held, by EXIF's numbers: 1 (upright) to 8.
    """

    format: str
    width: int
    height: int
    essence: bytes
    orientation: int = 1


def examine(content: bytes) -> Anatomy:
    """Look at the bytes alone; names and content types are claims. Raises NotAPhoto or Damaged."""
    try:
        if content.startswith(b"\xff\xd8\xff"):
            return _jpeg(content)
        if content.startswith(PNG_SIGNATURE):
            return _png(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError) as error:
        raise Damaged from error
    raise NotAPhoto


# --- JPEG: markers of two bytes, segments with a length, and scans of coded pixels ----------------------------

START_OF_SCAN: Final = 0xDA
END_OF_IMAGE: Final = 0xD9
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD})
# Application segments that matter: colour profile, how the colours are stored.
APPLICATION: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
EXIF_SEGMENT: Final = b"Exif\0\0"
# Inside a scan, these two bytes begin the next marker: not a stuffed FF00, a restart, or filling.
NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def _jpeg(content: bytes) -> Anatomy:
    parts, size, scans, orientation, at = [b"\xff\xd8"], None, 0, 1, 2
    for _ in range(MOST_PARTS):
        marker, at, segment = _segment(content, at)
        if marker == END_OF_IMAGE:
            if size is None or not scans:
                raise Damaged
            return Anatomy("JPEG", *size, b"".join([*parts, b"\xff\xd9"]), orientation)
        if marker in FRAMES:
            if size is not None:
                raise Damaged
            height, width = struct.unpack_from(">HH", segment, 5)
            size = width, height
        if marker == START_OF_SCAN:
            scans += 1
            end = _end_of_scan(content, at)
            segment, at = segment + content[at:end], end
        if scans > MOST_SCANS:
            raise Damaged
        if marker == 0xE1 and segment.startswith(EXIF_SEGMENT, 4):
            orientation = _orientation(segment[4:])
        if _matters(marker, segment):
            parts.append(segment)
    raise Damaged


def _segment(content: bytes, at: int) -> tuple[int, int, bytes]:
    """Return the marker at a place, where what follows begins, and the whole segment."""
    begin = at
    while content[at] == 0xFF and content[at + 1] == 0xFF:
        at += 1
    if content[at] != 0xFF:
        raise Damaged
    marker = content[at + 1]
    if marker == END_OF_IMAGE:
        return marker, at + 2, b""
    (length,) = struct.unpack_from(">H", content, at + 2)
    end = at + 2 + length
    if length < 2 or end > len(content):
        raise Damaged
    return marker, end, content[at if at > begin else begin : end]


def _end_of_scan(content: bytes, at: int) -> int:
    found = NEXT_MARKER.search(content, at)
    if found is None:
        raise Damaged
    return found.start()


def _matters(marker: int, segment: bytes) -> bool:
    if marker in APPLICATION:
        return segment[4:].startswith(APPLICATION[marker])
    return marker in FRAMES or marker in TABLES or marker == START_OF_SCAN


# --- PNG: chunks with a length, a name and a checksum ----------------------------------------------------------

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"IDAT", b"IEND"})


def _png(content: bytes) -> Anatomy:
    if content[12:16] != b"IHDR":
        raise Damaged
    width, height = struct.unpack_from(">II", content, 16)
    parts, orientation, at = [PNG_SIGNATURE], 1, 8
    for _ in range(MOST_PARTS):
        length, name = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise Damaged
        if name in CHUNKS:
            parts.append(_checked(content[at:end]))
        if name == b"eXIf":
            orientation = _orientation(content[at + 8 : end - 4])
        if name == b"IEND":
            return Anatomy("PNG", width, height, b"".join(parts), orientation)
        at = end
    raise Damaged


def _checked(chunk: bytes) -> bytes:
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
        raise Damaged
    return chunk


# --- WebP: chunks inside a RIFF file ---------------------------------------------------------------------------


def _webp(content: bytes) -> Anatomy:
    (length,) = struct.unpack_from("<I", content, 4)
    if length + 8 > len(content):
        raise Damaged
    width, height = _webp_size(content)
    return Anatomy("WEBP", width, height, content[: length + 8], _webp_orientation(content[: length + 8]))


def _webp_size(content: bytes) -> tuple[int, int]:
    """Read the size from the first chunk: of the whole canvas, a lossless, or a lossy picture."""
    kind = content[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(content[24:27], "little") + 1,
            int.from_bytes(content[27:30], "little") + 1,
        )
    if kind == b"VP8L" and content[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise Damaged


def _webp_orientation(content: bytes) -> int:
    at = 12
    for _ in range(MOST_PARTS):
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name == b"EXIF":
            return _orientation(content[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
        if at >= len(content):
            break
    return 1


# --- EXIF: a list of numbered values; of interest is one ---------------------------------------------------------

ORIENTATION: Final = 0x0112


def _orientation(exif: bytes) -> int:
    """Return how the camera was held; 1, upright, when that is not said or makes no sense."""
    exif = exif.removeprefix(EXIF_SEGMENT)
    order = ">" if exif.startswith(b"MM") else "<"
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == ORIENTATION:
                return int(value)
    except struct.error:
        pass
    return 1
