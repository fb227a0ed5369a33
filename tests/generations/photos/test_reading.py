"""What becomes of an upload: a photo this site has encoded itself, or a sentence."""

import re
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from django.core.files.uploadedfile import InMemoryUploadedFile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from generations.photos import CleanPhoto, PhotoRefused, read, reading
from tests.generations.photos import samples
from tests.generations.photos.samples import encoded, refusal, scene, upload

pytestmark = pytest.mark.django_db  # the audit of every test wants the database; alone, this file would not make one

RED, GREEN, BLUE, YELLOW = (192, 32, 32), (32, 160, 32), (32, 32, 192), (208, 192, 32)
HTML = b"<html><script>alert(document.cookie)</script></html>"


def pixels(photo: CleanPhoto) -> npt.NDArray[np.int64]:
    return np.asarray(Image.open(BytesIO(photo.jpeg)), dtype=np.int64)


def quarters(photo: CleanPhoto) -> list[tuple[int, int, int]]:
    """The colours of the four quarters: upper left, upper right, lower left, lower right."""
    seen = pixels(photo)
    height, width = seen.shape[:2]
    spots = [(height // 4, width // 4), (height // 4, width * 3 // 4), (height * 3 // 4, width // 4)]
    spots.append((height * 3 // 4, width * 3 // 4))
    return [tuple(int(part) for part in seen[spot]) for spot in spots]  # type: ignore[misc]


def close(seen: list[tuple[int, int, int]], expected: list[tuple[int, int, int]], within: int = 12) -> bool:
    return bool(np.abs(np.array(seen) - np.array(expected)).max() <= within)


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG in order, without what is inside its one scan."""
    markers, at = [], 2
    while jpeg[at + 1] != 0xDA:
        markers.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return [*markers, 0xDA]


class TestAnHonestPhoto:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    def test_it_keeps_its_colours_and_size(self, format: str) -> None:
        photo = read(upload(encoded(format)))
        assert (photo.width, photo.height) == samples.SIDES
        assert close(quarters(photo), [RED, GREEN, BLUE, YELLOW])

    @pytest.mark.parametrize(
        ("name", "content_type"), [("yard.gif", "image/gif"), ("yard.html", "text/html"), ("x", ""), ("\0../x", "a/b")]
    )
    def test_its_name_and_content_type_do_not_matter(self, name: str, content_type: str) -> None:
        plain = InMemoryUploadedFile(BytesIO(encoded("PNG")), None, name, content_type, None, None)
        assert read(plain).width == 640

    def test_a_long_side_is_brought_to_2048_pixels(self) -> None:
        photo = read(upload(encoded("JPEG", scene((4096, 1024)))))
        assert (photo.width, photo.height) == (2048, 512)

    def test_a_small_one_is_not_enlarged(self) -> None:
        photo = read(upload(encoded("JPEG", scene((256, 256)))))
        assert (photo.width, photo.height) == (256, 256)

    def test_a_progressive_one_is_read(self) -> None:
        assert close(quarters(read(upload(encoded("JPEG", progressive=True)))), [RED, GREEN, BLUE, YELLOW])

    @pytest.mark.parametrize("turn", range(1, 9))
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    def test_it_is_turned_as_the_camera_was_held(self, format: str, turn: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = turn
        content = encoded(format, exif=exif)
        expected = {
            1: [RED, GREEN, BLUE, YELLOW],
            2: [GREEN, RED, YELLOW, BLUE],
            3: [YELLOW, BLUE, GREEN, RED],
            4: [BLUE, YELLOW, RED, GREEN],
            5: [RED, BLUE, GREEN, YELLOW],
            6: [BLUE, RED, YELLOW, GREEN],
            7: [YELLOW, GREEN, BLUE, RED],
            8: [GREEN, YELLOW, RED, BLUE],
        }[turn]
        photo = read(upload(content))
        assert (photo.width, photo.height) == (samples.SIDES if turn < 5 else samples.SIDES[::-1])
        assert close(quarters(photo), expected)

    @pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + b"\xff" * 99])
    def test_broken_exif_says_nothing(self, exif: bytes) -> None:
        content = samples.with_segment(encoded("JPEG"), 0xE1, exif)
        assert close(quarters(read(upload(content))), [RED, GREEN, BLUE, YELLOW])


class TestEveryKindOfPixel:
    def test_transparent_places_become_white(self) -> None:
        picture = scene().convert("RGBA")
        picture.paste((0, 0, 0, 0), (0, 0, 320, 240))
        assert close(quarters(read(upload(encoded("PNG", picture)))), [(255, 255, 255), GREEN, BLUE, YELLOW])

    def test_half_transparent_places_are_half_white(self) -> None:
        picture = Image.new("RGBA", samples.SIDES, (0, 0, 0, 128))
        assert close(quarters(read(upload(encoded("WEBP", picture, lossless=True)))), [(127, 127, 127)] * 4)

    def test_grey_with_alpha(self) -> None:
        picture = Image.new("LA", samples.SIDES, (200, 0))
        assert close(quarters(read(upload(encoded("PNG", picture)))), [(255, 255, 255)] * 4)

    def test_a_palette(self) -> None:
        picture = scene().quantize(4)
        assert close(quarters(read(upload(encoded("PNG", picture)))), [RED, GREEN, BLUE, YELLOW])

    def test_a_palette_with_a_transparent_colour(self) -> None:
        picture = scene().quantize(4)
        content = encoded("PNG", picture, transparency=picture.getpixel((10, 10)))
        assert close(quarters(read(upload(content))), [(255, 255, 255), GREEN, BLUE, YELLOW])

    def test_black_and_white(self) -> None:
        photo = read(upload(encoded("PNG", Image.new("1", samples.SIDES, 1))))
        assert quarters(photo) == [(255, 255, 255)] * 4

    def test_sixteen_bits_of_grey(self) -> None:
        picture = Image.fromarray(np.full((480, 640), 0x8000, np.uint16))
        assert close(quarters(read(upload(encoded("PNG", picture)))), [(128, 128, 128)] * 4, within=2)

    def test_cmyk(self) -> None:
        photo = read(upload(encoded("JPEG", scene().convert("CMYK"))))
        assert close(quarters(photo), [RED, GREEN, BLUE, YELLOW], within=20)


class TestAColourProfile:
    def test_colours_are_converted_to_srgb(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        for foreign in (profile, lab):  # not of RGB pixels: not used
            assert close(quarters(read(upload(encoded("PNG", icc_profile=foreign)))), [RED, GREEN, BLUE, YELLOW])
        swapped = _with_red_and_green_swapped()
        assert close(quarters(read(upload(encoded("PNG", icc_profile=swapped))))[:2], [GREEN, RED], within=40)

    @pytest.mark.parametrize("profile", [b"", b"no profile", b"\xff" * 5000])
    def test_a_broken_one_is_left_aside(self, profile: bytes) -> None:
        content = encoded("JPEG", icc_profile=profile)
        assert close(quarters(read(upload(content))), [RED, GREEN, BLUE, YELLOW])


def _with_red_and_green_swapped() -> bytes:
    """The sRGB profile with its red and green primaries exchanged, so that its use shows."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


class TestNothingButPixelsIsKept:
    def test_no_metadata_is_left(self) -> None:
        exif = Image.Exif()
        exif[0x010F] = "SECRET maker"
        exif.get_ifd(0x8825)[2] = (48.0, 12.0, 3.0)
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "SECRET text")
        text.add_itxt("XML:com.adobe.xmp", "SECRET xmp")
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        uploads = [
            encoded("JPEG", exif=exif, comment="SECRET comment", xmp=b"SECRET xmp", icc_profile=profile),
            encoded("PNG", exif=exif, pnginfo=text, icc_profile=profile),
            encoded("WEBP", exif=exif, xmp=b"SECRET xmp", icc_profile=profile),
        ]
        for content in uploads:
            assert b"SECRET" in content
            jpeg = read(upload(content)).jpeg
            assert b"SECRET" not in jpeg
            assert set(segments(jpeg)) == {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}  # no application data, no comment
            assert jpeg.count(b"\xff\xe0") == 1
            assert jpeg[6:11] == b"JFIF\0"
            assert jpeg.endswith(b"\xff\xd9")

    @pytest.mark.parametrize(
        "content",
        [
            encoded("JPEG") + b"PK\x03\x04" + HTML + b"PK\x05\x06" + b"\0" * 18,
            encoded("JPEG") + HTML,
            samples.with_segment(encoded("JPEG"), 0xFE, HTML),
            samples.with_segment(encoded("JPEG"), 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + HTML),
            samples.with_chunk(encoded("PNG"), b"tEXt", b"Comment\0" + HTML),
            samples.with_chunk(encoded("PNG"), b"scRP", HTML),
            encoded("PNG") + HTML,
            encoded("WEBP") + HTML,
        ],
        ids=["jpeg+zip", "jpeg+html", "comment", "xmp", "text chunk", "own chunk", "png+html", "webp+html"],
    )
    def test_a_second_file_inside_does_not_survive(self, content: bytes) -> None:
        photo = read(upload(content))
        assert close(quarters(photo), [RED, GREEN, BLUE, YELLOW])
        assert not re.search(rb"script|cookie|PK\x03\x04", photo.jpeg)


class TestOfSeveralPicturesTheFirst:
    @pytest.mark.parametrize("format", ["MPO", "PNG", "WEBP"])
    def test_is_taken(self, format: str) -> None:
        second = Image.new("RGB", samples.SIDES, "black")
        content = encoded(format, save_all=True, append_images=[second])
        assert Image.open(BytesIO(content)).n_frames == 2  # type: ignore[attr-defined]
        assert close(quarters(read(upload(content))), [RED, GREEN, BLUE, YELLOW])


class TestWhatIsNoPhoto:
    @pytest.mark.parametrize(
        "content",
        [
            encoded("GIF"),
            encoded("BMP"),
            encoded("TIFF"),
            b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
            HTML,
            b"PK\x03\x04" + encoded("JPEG"),
            b"\n" + encoded("PNG"),
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"x",
        ],
        ids=["gif", "bmp", "tiff", "svg", "pdf", "html", "zip first", "newline first", "wave", "one byte"],
    )
    def test_it_is_refused_whatever_it_is_called(self, content: bytes) -> None:
        assert refusal(content) == "Choose a JPEG, PNG or WebP photo; this file is something else."

    def test_a_heic_photo_is_told_what_to_do(self) -> None:
        assert refusal(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").startswith("This photo is in the HEIC format.")

    def test_an_empty_file(self) -> None:
        assert refusal(b"") == "The photo is empty."


class TestADamagedPhoto:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
    def test_a_part_of_a_file_is_refused(self, format: str, share: float) -> None:
        whole = encoded(format, samples.noise())
        assert refusal(whole[: int(len(whole) * share)]) == reading.DAMAGED

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
    def test_nor_is_a_beginning_enough(self, format: str) -> None:
        assert {refusal(encoded(format)[:length]) for length in range(12, 60)} == {reading.DAMAGED}

    def test_pixels_that_do_not_unpack_are_refused(self) -> None:
        png = bytearray(encoded("PNG", samples.noise()))
        png[60:200] = b"\x55" * 140
        assert refusal(bytes(png)) == reading.DAMAGED

    def test_a_jpeg_without_pixels_is_refused(self) -> None:
        assert refusal(b"\xff\xd8\xff\xd9") == reading.DAMAGED

    @given(content=st.binary(max_size=400), start=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"]))
    def test_anything_at_all_is_answered_with_a_sentence(self, content: bytes, start: bytes) -> None:
        assert refusal(start + content) in (reading.DAMAGED, reading.NO_PHOTO)

    @given(st.data())
    def test_a_photo_with_bytes_changed_is_read_or_refused(self, data: st.DataObject) -> None:
        content = bytearray(data.draw(st.sampled_from(SMALL)))
        for _ in range(data.draw(st.integers(1, 8))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        try:
            photo = read(upload(bytes(content)))
        except PhotoRefused as refused:
            assert refused.sentence.endswith(".")
        else:
            assert Image.open(BytesIO(photo.jpeg)).size == (photo.width, photo.height)


SMALL = [encoded(format, scene((256, 256))) for format in ("JPEG", "PNG", "WEBP")]
