"""How much a photo may be: bytes, pixels, passes, and the memory that reading it may take."""

import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from generations.photos import LARGEST_BYTES, PhotoRefused, read, reading
from tests.generations.photos import samples
from tests.generations.photos.samples import encoded, refusal, upload

pytestmark = pytest.mark.django_db  # the audit of every test wants the database; alone, this file would not make one


class TestTheLimits:
    def test_ten_megabytes_are_taken_and_a_byte_more_is_not(self) -> None:
        photo = encoded("JPEG")
        filled = photo + b"\0" * (LARGEST_BYTES - len(photo))
        assert read(upload(filled)).width == 640
        assert refusal(filled + b"\0") == "The photo is 10.1 MB; up to 10 MB can be uploaded."

    def test_the_size_is_said(self) -> None:
        assert refusal(b"\0" * int(12.3 * 1024 * 1024)) == "The photo is 12.3 MB; up to 10 MB can be uploaded."

    def test_a_size_that_was_told_wrong_does_not_help(self) -> None:
        liar = upload(encoded("JPEG") + b"\0" * LARGEST_BYTES)
        liar.size = 1000
        with pytest.raises(PhotoRefused, match="up to 10 MB"):
            read(liar)

    @pytest.mark.parametrize(
        ("size", "sentence"),
        [
            ((255, 300), "The photo is 255 x 300 pixels; each side must have 256 to 12,000."),
            ((12_001, 256), "The photo is 12,001 x 256 pixels; each side must have 256 to 12,000."),
        ],
    )
    def test_sides(self, size: tuple[int, int], sentence: str) -> None:
        assert refusal(encoded("PNG", Image.new("L", size))) == sentence

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (samples.png_bomb(7_000, 6_000), "The photo has 42 megapixels; up to 40 are possible."),
            (
                samples.resized_header(encoded("JPEG"), 11_000, 11_000),
                "The photo has 121 megapixels; up to 40 are possible.",
            ),
            (samples.webp_canvas(5_000, 5_000), "The photo has 25 megapixels; up to 20 are possible."),
            (
                samples.resized_header(encoded("JPEG"), 65_535, 65_535),
                "The photo is 65,535 x 65,535 pixels; each side must have 256 to 12,000.",
            ),
            (
                samples.webp_canvas(16_777_216, 16_777_216),
                "The photo is 16,777,216 x 16,777,216 pixels; each side must have 256 to 12,000.",
            ),
            (samples.webp_canvas(4_000, 4_000), reading.DAMAGED),
            (samples.many_scans(65), reading.DAMAGED),
        ],
        ids=["png", "jpeg", "webp", "jpeg sides", "webp sides", "lying webp", "scans"],
    )
    def test_a_bomb_is_refused(self, content: bytes, sentence: str) -> None:
        assert len(content) < 100_000
        assert refusal(content) == sentence

    def test_a_bomb_in_the_colour_profile_is_refused(self) -> None:
        packed = b"sRGB\0\0" + zlib.compress(b"\0" * 50_000_000)
        assert refusal(samples.with_chunk(encoded("PNG"), b"iCCP", packed)) == reading.DAMAGED

    def test_a_photo_that_waits_too_long_for_the_others_is_sent_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "PATIENCE_SECONDS", 0.05)
        with reading.ONE_AT_A_TIME:
            assert refusal(encoded("JPEG")) == reading.BUSY
        assert read(upload(encoded("JPEG"))).width == 640  # the turn was given back
        assert refusal(encoded("JPEG")[:3000]) == reading.DAMAGED
        assert read(upload(encoded("JPEG"))).width == 640  # after a failure, too


MEASURE = """
import resource, sys
from io import BytesIO
from pathlib import Path
import django
django.setup()
from generations.photos import PhotoRefused, read
from django.core.files.uploadedfile import SimpleUploadedFile
most = int(sys.argv[2]) * 1024 * 1024
if most:
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
try:
    read(SimpleUploadedFile("yard.jpg", Path(sys.argv[1]).read_bytes()))
except PhotoRefused as refused:
    print(refused.sentence)
else:
    print("read")
"""


class TestMemory:
    """In a process of its own, which is forbidden to take more than 200 MB; it takes about 90 MB to begin with."""

    def _said(self, content: bytes, tmp_path: Path, megabytes: int = 200) -> str:
        (tmp_path / "photo").write_bytes(content)
        command = [sys.executable, "-c", MEASURE, str(tmp_path / "photo"), str(megabytes)]
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True, env=_environment(), cwd=Path.cwd()
        )
        return ran.stdout.strip()

    @pytest.mark.parametrize(
        "content",
        [
            samples.png_bomb(12_000, 12_000),
            samples.resized_header(encoded("JPEG", progressive=False), 12_000, 12_000),
            samples.webp_canvas(12_000, 12_000),
        ],
        ids=["png", "jpeg", "webp"],
    )
    def test_a_bomb_is_refused_before_it_is_unpacked(self, content: bytes, tmp_path: Path) -> None:
        assert self._said(content, tmp_path) == "The photo has 144 megapixels; up to 40 are possible.".replace(
            "40", "20" if content.startswith(b"RIFF") else "40"
        )

    def test_the_limit_would_stop_a_photo_that_is_unpacked(self, tmp_path: Path) -> None:
        large = samples.png_bomb(6_600, 6_000, channels=4)
        assert self._said(large, tmp_path) == reading.DAMAGED  # no memory left: the limit works
        assert self._said(large, tmp_path, megabytes=0) == "read"


def _environment() -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": "postgres://localhost/none"}
