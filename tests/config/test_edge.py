"""What holds for every answer, whichever view made it."""

from pathlib import Path
from typing import cast

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from config.edge import EdgeMiddleware

PRIVATE = [
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/reauthenticate/",
    "/tokens/",
    "/generate/",
    "/",
    "/no-such-page/",
]


class TestAHealthProbe:
    @pytest.mark.parametrize("host", ["localhost", "10.0.0.5", "evil.example"])
    def test_is_answered_whatever_host_it_names_and_without_the_database(self, client: Client, host: str) -> None:
        answer = client.get("/healthz", headers={"host": host})
        assert (answer.status_code, answer.content) == (200, b"ok\n")


class TestANulInAnAddress:
    @pytest.mark.parametrize("path", ["/tokens/?before=%00", "/admin/billing/purchase/?state=%00", "/generations/%00/"])
    def test_is_refused_before_it_reaches_the_database(self, client: Client, path: str) -> None:
        assert client.get(path).status_code == 400


class TestHead:
    """Seen without Django's test client, which takes bodies away by itself."""

    @pytest.mark.parametrize("path", ["/healthz", "/"])
    def test_is_answered_with_the_headers_of_get_and_no_body(self, path: str) -> None:
        def page(request: HttpRequest) -> HttpResponse:
            return HttpResponse("a page", headers={"Content-Length": "6"})

        answer, got = (EdgeMiddleware(page)(ask(path)) for ask in (RequestFactory().head, RequestFactory().get))
        assert (answer.status_code, answer.content, answer.headers) == (200, b"", got.headers)
        assert got.content

    def test_of_a_file_is_answered_without_reading_it(self, tmp_path: Path) -> None:
        (tmp_path / "picture").write_bytes(b"pixels")
        with (tmp_path / "picture").open("rb") as file:
            answer = EdgeMiddleware(lambda request: cast(HttpResponse, FileResponse(file)))(RequestFactory().head("/"))
            assert isinstance(answer, FileResponse)
            assert (list(answer), answer.file_to_stream, answer.headers["Content-Length"]) == ([], None, "6")
            assert file.tell() == 0


@pytest.mark.django_db
class TestAPageForSomebodySignedIn:
    @pytest.mark.parametrize("path", PRIVATE)
    def test_is_kept_by_no_cache(self, client: Client, buyer: User, path: str) -> None:
        client.force_login(buyer)
        answer = client.get(path)
        assert "no-store" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]

    def test_is_another_matter_for_a_stranger_at_the_door(self, client: Client) -> None:
        assert "Cache-Control" not in client.get("/").headers


class TestAWrongHost:
    def test_gets_a_page_with_the_usual_policy(self, client: Client) -> None:
        answer = client.get("/", headers={"host": "evil.example"})
        assert answer.status_code == 400
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
