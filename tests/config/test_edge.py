"""What holds for every answer, whichever view made it."""

import pytest
from django.test import Client

from accounts.models import User

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
