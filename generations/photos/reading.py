"""From whatever was uploaded to a photo this site has encoded itself, or to a sentence that says why not."""

from dataclasses import dataclass
from io import BytesIO
from math import ceil
from threading import Lock
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageCms

from generations.photos.anatomy import Anatomy, Damaged, NotAPhoto, examine

MEGABYTE: Final = 1024 * 1024
LARGEST_BYTES: Final = 10 * MEGABYTE
# The decoder of WebP takes 16 bytes a pixel, those of JPEG and PNG at most 9.
MOST_MEGAPIXELS: Final = {"JPEG": 40, "PNG": 40, "WEBP": 20}
SHORTEST_SIDE, LONGEST_SIDE = 256, 12_000  # pixels
KEPT_SIDE: Final = 2048  # pixels; the longer side of what is kept
QUALITY: Final = 88
# A large photo takes some hundred megabytes while it is decoded, so each process decodes one at a time.
ONE_AT_A_TIME: Final = Lock()
PATIENCE_SECONDS: Final = 20

EMPTY: Final = "The photo is empty."
NO_PHOTO: Final = "Choose a JPEG, PNG or WebP photo; this file is something else."
HEIC: Final = "This photo is in the HEIC format. Save it as JPEG, then choose it again."
DAMAGED: Final = "The photo could not be read: the file is damaged or incomplete."
BUSY: Final = "Many photos are arriving just now. Please choose yours again in a moment."

# What EXIF says about how the camera was held, and what puts it right.
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PROFILE_MODES: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


class PhotoRefused(Exception):
    """The upload is not a photo this site takes; `sentence` says why. Nothing was kept."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A photo as this site encoded it: upright, sRGB, at most 2048 pixels a side, nothing but pixels."""

    jpeg: bytes
    width: int
    height: int


def read(upload: UploadedFile[bytes]) -> CleanPhoto:
    """Return the upload encoded anew; of several pictures in it, the first. Raises PhotoRefused.

    The bytes decide what it is, never its name or content type. Size and pixels are checked before anything is
    decoded. Waits up to 20 seconds while the process decodes other photos. Stores nothing.
    """
    anatomy = _examined(_bytes_of(upload))
    _require_size(anatomy)
    if not ONE_AT_A_TIME.acquire(timeout=PATIENCE_SECONDS):
        raise PhotoRefused(BUSY)
    try:
        return _encoded(_upright(anatomy))
    except Exception as error:  # a decoder that is given nonsense may raise anything
        raise PhotoRefused(DAMAGED) from error
    finally:
        ONE_AT_A_TIME.release()


def _bytes_of(upload: UploadedFile[bytes]) -> bytes:
    """Return the upload's bytes, having read no more than are allowed."""
    _require_weight(upload.size or 0)
    content = bytearray()
    for chunk in upload.chunks():
        content += chunk
        _require_weight(len(content))
    if not content:
        raise PhotoRefused(EMPTY)
    return bytes(content)


def _require_weight(size: int) -> None:
    if size > LARGEST_BYTES:
        megabytes = ceil(size * 10 / MEGABYTE) / 10
        raise PhotoRefused(f"The photo is {megabytes:.1f} MB; up to 10 MB can be uploaded.")


def _examined(content: bytes) -> Anatomy:
    try:
        return examine(content)
    except NotAPhoto:
        is_heic = content[4:8] == b"ftyp" and content[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1"}
        raise PhotoRefused(HEIC if is_heic else NO_PHOTO) from None
    except Damaged:
        raise PhotoRefused(DAMAGED) from None


def _require_size(anatomy: Anatomy) -> None:
    sides = (anatomy.width, anatomy.height)
    if min(sides) < SHORTEST_SIDE or max(sides) > LONGEST_SIDE:
        raise PhotoRefused(
            f"The photo is {anatomy.width:,} x {anatomy.height:,} pixels; "
            f"each side must have {SHORTEST_SIDE} to {LONGEST_SIDE:,}."
        )
    pixels, most = anatomy.width * anatomy.height, MOST_MEGAPIXELS[anatomy.format]
    if pixels > most * 1_000_000:
        raise PhotoRefused(f"The photo has {ceil(pixels / 1_000_000)} megapixels; up to {most} are possible.")


def _upright(anatomy: Anatomy) -> Image.Image:
    """Decode, scale down, convert to sRGB on white, and turn as the camera was held."""
    with Image.open(BytesIO(anatomy.essence), formats=[anatomy.format]) as photo:
        if photo.size != (anatomy.width, anatomy.height):
            raise Damaged
        profile = photo.info.get("icc_profile")
        shown = _plain(photo)
        shown.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        upright = _on_white(shown, profile)
    turn = TURNS.get(anatomy.orientation)
    return upright if turn is None else upright.transpose(turn)


def _plain(photo: Image.Image) -> Image.Image:
    """Return a mode that can be scaled: 8 bits a channel, no palette."""
    if photo.mode.startswith("I"):  # 16 bits of grey: keep the upper 8
        return photo.convert("I").point([grey >> 8 for grey in range(65_536)], "L")
    if photo.mode == "1":
        return photo.convert("L")
    if photo.has_transparency_data and photo.mode not in ("LA", "RGBA"):
        return photo.convert("RGBA")
    return photo.convert("RGB") if photo.mode == "P" else photo


def _on_white(photo: Image.Image, profile: bytes | None) -> Image.Image:
    """Return new pixels and nothing else: sRGB, transparent places white."""
    alpha = photo.getchannel("A") if photo.mode in ("LA", "RGBA") else None
    colours = photo.convert(photo.mode.removesuffix("A")) if alpha else photo
    page = Image.new("RGB", photo.size, "white")
    page.paste(_in_srgb(colours, profile), mask=alpha)
    return page


def _in_srgb(photo: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert by the colour profile; without a usable one the colours are taken for sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if PROFILE_MODES.get(source.profile.xcolor_space.strip()) == photo.mode:
                converted = ImageCms.profileToProfile(photo, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
                return converted or photo.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return photo.convert("RGB")


def _encoded(photo: Image.Image) -> CleanPhoto:
    sheet = BytesIO()
    photo.save(sheet, "JPEG", quality=QUALITY)
    return CleanPhoto(sheet.getvalue(), *photo.size)
