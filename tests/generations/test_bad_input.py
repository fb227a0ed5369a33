"""The table of bad input: each gets a clear sentence on the form, nothing is charged, and nothing is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations import photos, tasks
from generations.forms import PHOTO_GONE, UNREADABLE, DesignForm
from generations.models import Generation, Photo
from tests.generations.conftest import Give, held, signed_in, text
from tests.generations.photos import samples
from tests.generations.photos.samples import encoded, upload
from tests.generations.wishing import form
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db

TOKENS: Final = 9
MEGABYTE: Final = 1024 * 1024
HTML: Final = b"<!doctype html><script>alert(document.cookie)</script>"
NOT_SHOWN: Final = "Remove the characters that cannot be shown."
DAMAGED: Final = "The photo could not be read: the file is damaged or incomplete."
NO_PHOTO: Final = "Choose a JPEG, PNG or WebP photo; this file is something else."
SIDES: Final = "each side must have 256 to 12,000."
FIVE: Final = ["front-yard", "back-yard", "walkway", "side-yard", "patio"]

PHOTOS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a byte too large": (lambda: b"\xff\xd8\xff" + b"\0" * (10 * MEGABYTE - 2), "The photo is 10.1 MB; up to 10 MB"),
    "fifty megabytes": (lambda: b"\xff\xd8\xff" + b"\0" * (50 * MEGABYTE - 3), "The photo is 50.0 MB; up to 10 MB"),
    "empty": (lambda: b"", "The photo is empty."),
    "a GIF": (lambda: encoded("GIF"), NO_PHOTO),
    "an SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', NO_PHOTO),
    "a PDF": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", NO_PHOTO),
    "HTML": (lambda: HTML, NO_PHOTO),
    "a program": (lambda: b"MZ\x90\0" + b"\0" * 500, NO_PHOTO),
    "a ZIP before a JPEG": (lambda: b"PK\x03\x04" + encoded("JPEG"), NO_PHOTO),
    "HEIC": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "This photo is in the HEIC format. Save it as JPEG"),
    "a PNG bomb": (lambda: samples.png_bomb(12_000, 12_000), "The photo has 144 megapixels; up to 40 are possible."),
    "a JPEG bomb": (lambda: samples.resized_header(encoded("JPEG"), 65_535, 65_535), SIDES),
    "a WebP bomb": (lambda: samples.webp_canvas(16_000, 16_000), SIDES),
    "a thousand scans": (lambda: samples.many_scans(1000), DAMAGED),
    "too small": (lambda: encoded("PNG", samples.scene((255, 255))), SIDES),
    "half a JPEG": (lambda: encoded("JPEG")[:4000], DAMAGED),
    "half a PNG": (lambda: encoded("PNG", samples.noise())[:200_000], DAMAGED),
    "half a WebP": (lambda: encoded("WEBP", samples.noise())[:9000], DAMAGED),
    "only the first bytes": (lambda: b"\xff\xd8\xff\xe0", DAMAGED),
}

FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "501 characters": ({"prompt": "x" * 501}, "at most 500 characters (it has 501)"),
    "501 characters that are pictures": ({"prompt": "🌹" * 501}, "at most 500 characters (it has 501)"),
    "a megabyte of words, nearly": ({"prompt": "x" * 900_000}, "at most 500 characters (it has 900000)"),
    "NUL": ({"prompt": "roses\0"}, "Null characters are not allowed."),
    "a bell": ({"prompt": "roses\a"}, NOT_SHOWN),
    "an escape sequence": ({"prompt": "\x1b[31mroses"}, NOT_SHOWN),
    "delete": ({"prompt": "roses\x7f"}, NOT_SHOWN),
    "a control character of Latin-1": ({"prompt": "roses\x9b"}, NOT_SHOWN),
    "no place": ({"area": []}, "Choose a place."),
    "an unknown place": ({"area": ["roof"]}, "Select a valid choice. roof is not one"),
    "an unknown place among known ones": ({"area": ["patio", "roof"]}, "Select a valid choice. roof is not one"),
    "six places": ({"area": [*FIVE, "roof"]}, "Choose up to 5 places."),
    "the same place twice": ({"area": ["patio", "patio"]}, "Choose each place once."),
    "a thousand places, nearly": ({"area": ["patio"] * 900}, "Choose up to 5 places."),
    "a place full of markup": ({"area": ["<script>alert(1)</script>"]}, "Select a valid choice. &lt;script&gt;"),
    "NUL for a place": ({"area": ["patio\0"]}, "Select a valid choice."),
    "no style": ({"style": ""}, "Choose a style."),
    "an unknown style": ({"style": "baroque"}, "Select a valid choice. baroque is not one"),
    "a style full of markup": ({"style": '"><script>alert(1)</script>'}, "Select a valid choice."),
    "no key": ({"key": ""}, UNREADABLE),
    "a key that is none": ({"key": "'; DROP TABLE generations_generation; --"}, UNREADABLE),
    "a photo nobody has": ({"photo_id": str(uuid4())}, PHOTO_GONE),
    "a photo that is no number": ({"photo_id": "../../etc/passwd"}, PHOTO_GONE),
}


@dataclass(frozen=True)
class Shop:
    """A buyer with nine tokens before the form, and what must still be true after it was refused."""

    buyer: User
    browser: Client
    media: Path

    def post(self, **changes: Any) -> Any:
        return self.browser.post("/generate/", form(**changes))

    def nothing_happened(self) -> None:
        assert held(self.buyer) == (TOKENS, 0)
        assert TokenTransaction.objects.filter(account__user=self.buyer).count() == 1  # what it was given
        assert not Generation.objects.exists()
        assert not Photo.objects.filter(user=self.buyer).exists()
        assert self.files() == []
        assert _jobs() == 0

    def files(self) -> list[bytes]:
        return [place.read_bytes() for place in sorted(self.media.rglob("*")) if place.is_file()]


def _jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        return int(cursor.fetchone()[0])


@pytest.fixture
def shop(buyer: User, give: Give, settings: Any) -> Shop:
    give(buyer, TOKENS)
    return Shop(buyer, signed_in(buyer), Path(settings.STORAGES["default"]["OPTIONS"]["location"]))


class TestABadPhoto:
    @pytest.mark.parametrize("name", PHOTOS)
    def test_is_refused_with_a_sentence_and_the_words_are_kept(self, shop: Shop, name: str) -> None:
        content, sentence = PHOTOS[name]
        response = shop.post(prompt="Lavender by the path", photo=upload(content()))
        assert response.status_code == 422
        assert sentence in text(response)
        assert "Lavender by the path" in text(response)
        shop.nothing_happened()

    @pytest.mark.parametrize(
        "claim", [("yard.png", "image/png"), ("yard.jpg", "text/html"), ("a.svg", "image/svg+xml")]
    )
    def test_is_not_made_better_by_what_it_is_called(self, shop: Shop, claim: tuple[str, str]) -> None:
        response = shop.post(photo=upload(HTML, *claim))
        assert (response.status_code, NO_PHOTO in text(response)) == (422, True)
        shop.nothing_happened()

    def test_of_two_at_once_neither_is_read(self, shop: Shop) -> None:
        response = shop.post(photo=[upload(encoded("JPEG")), upload(encoded("PNG"))])
        assert response.status_code == 400
        assert "Nothing was done." in text(response)
        shop.nothing_happened()

    def test_of_a_stranger_is_as_good_as_gone(self, shop: Shop, stranger: User) -> None:
        theirs = photos.keep(stranger, photos.read(upload(encoded("JPEG"))))
        kept = shop.files()
        response = shop.post(photo_id=str(theirs.pk))
        assert (response.status_code, PHOTO_GONE in text(response)) == (422, True)
        assert str(theirs.pk) not in text(response)
        assert shop.files() == kept
        theirs.delete()
        (shop.media / str(theirs.image)).unlink()
        shop.nothing_happened()


class TestABadField:
    @pytest.mark.parametrize("name", FIELDS)
    def test_is_refused_with_a_sentence(self, shop: Shop, name: str) -> None:
        changes, sentence = FIELDS[name]
        response = shop.post(**changes)
        assert response.status_code == 422
        assert sentence in text(response).replace("&#x27;", "'")
        assert "<script>alert" not in text(response)
        shop.nothing_happened()

    @pytest.mark.parametrize("name", FIELDS)
    def test_takes_a_good_photo_down_with_it(self, shop: Shop, name: str) -> None:
        changes, _ = FIELDS[name]
        assert shop.post(**changes, photo=upload(encoded("JPEG"))).status_code == 422
        shop.nothing_happened()

    def test_a_lone_surrogate_is_refused(self, shop: Shop) -> None:
        checked = DesignForm(form(prompt="roses \ud800"), user=shop.buyer)
        assert checked.errors["prompt"] == [NOT_SHOWN]
        shop.nothing_happened()


class TestARequestThatMakesNoSense:
    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"--x\r\nrubbish", "multipart/form-data"),
            (b"", "multipart/form-data; boundary=" + "x" * 300),
            ("&".join(f"a{n}=1" for n in range(1001)).encode(), "application/x-www-form-urlencoded"),
            (b"prompt=" + b"x" * 1_000_001, "application/x-www-form-urlencoded"),
        ],
        ids=["no boundary", "long boundary", "a thousand fields", "more than a megabyte"],
    )
    def test_it_gets_a_page_that_says_so(self, shop: Shop, body: bytes, content_type: str) -> None:
        response = shop.browser.generic("POST", "/generate/", body, content_type)
        assert response.status_code in (400, 422)
        assert "Nothing was" in text(response)
        shop.nothing_happened()

    def test_another_kind_of_body_is_an_empty_form(self, shop: Shop) -> None:
        response = shop.browser.post("/generate/", {"area": ["patio"]}, "application/json")
        assert response.status_code == 422
        shop.nothing_happened()


HOSTILE: Final = {
    "markup": '</textarea></title>"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "a template": "{{ 7|add:42 }} {% now 'Y' %} {% include 'admin/base.html' %} {{ settings.SECRET_KEY }} {#",
    "a format": "%s %(x)s {0} {prompt} ${HOME} $(reboot) `id` ' ; -- \\",
    "half a character": "roses \udcff".encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
    "the other direction": "\u202eesrever\u202c \u200b\ufeff",
}


class TestTextThatLooksDangerousIsText:
    """It is allowed: somebody may wish for "<3 roses". It is kept as typed and shown as text everywhere."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_it_is_kept_and_shown_as_it_is(self, shop: Shop, name: str) -> None:
        words = HOSTILE[name]
        assert shop.post(prompt=words).status_code == 303
        design = Generation.objects.get()
        assert design.prompt == words.strip()
        tasks.paint(str(design.pk))
        design.refresh_from_db()
        assert design.state == Generation.State.SUCCEEDED
        for page in _pages(design.pk, design.order_id):
            said = shop.browser.get(page).content.decode()
            assert "<script>alert" not in said
            assert "<img src=x" not in said
            assert "SECRET_KEY" not in said or "{{ settings.SECRET_KEY }}" in said
        offered = shop.browser.get(f"/generate/?from={design.pk}").content.decode()
        assert offered.count("</textarea>") == 1
        assert _escaped(words.strip()) in offered


def _pages(design_id: UUID, order_id: UUID | None) -> list[str]:
    return [
        reverse("generations:generation", args=[design_id]),
        reverse("generations:status", args=[design_id]),
        reverse("generations:order", args=[order_id]),
        reverse("generations:gallery"),
        reverse("tokens:statement"),
    ]


def _escaped(words: str) -> str:
    pairs = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))
    for character, name in pairs:
        words = words.replace(character, name)
    return words


class TestAPhotoThatIsSomethingElseToo:
    @pytest.mark.parametrize(
        "content",
        [
            encoded("JPEG") + b"PK\x03\x04" + HTML,
            samples.with_segment(encoded("JPEG"), 0xFE, HTML),
            samples.with_chunk(encoded("PNG"), b"tEXt", b"Comment\0" + HTML),
            encoded("WEBP") + HTML,
        ],
        ids=["jpeg and zip", "jpeg with a comment", "png with text", "webp and html"],
    )
    def test_only_its_pixels_are_kept(self, shop: Shop, content: bytes) -> None:
        page = SimpleUploadedFile("yard.html", content, "text/html")
        assert shop.post(photo=page).status_code == 303
        photo = Photo.objects.get()
        (kept,) = shop.files()
        assert b"script" not in kept
        assert b"PK\x03\x04" not in kept
        sent = shop.browser.get(reverse("generations:photo", args=[photo.pk]))
        assert sent.content == kept
        assert (sent["Content-Type"], sent["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
        assert str(photo.image).endswith(".jpg")
        assert held(shop.buyer) == (TOKENS - 1, 0)
