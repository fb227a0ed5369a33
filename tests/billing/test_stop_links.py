"""The links in mails switch something off without signing in, and nothing else."""

import pytest
from django.test import Client

from accounts.models import User
from billing import stop_links
from tests.billing.reloading import (
    keep_card,
    order_of,
    order_reloads,
    text,
)

pytestmark = pytest.mark.django_db(transaction=True)


class TestTheLinkInTheMails:
    @pytest.fixture
    def link(self, buyer: User) -> str:
        keep_card(buyer)
        order_reloads(buyer)
        return stop_links.to_stop_reloads(buyer.pk).removeprefix("http://localhost:8000")

    def test_looking_at_it_only_asks(self, client: Client, buyer: User, link: str) -> None:
        assert "Turn auto-reload off?" in text(client.get(link))
        assert order_of(buyer).enabled

    def test_the_button_switches_off_without_signing_in(self, buyer: User, link: str) -> None:
        careful = Client(enforce_csrf_checks=True)
        answer = careful.post(link)
        assert (answer.status_code, "Auto-reload is off" in text(answer)) == (200, True)
        assert not order_of(buyer).enabled

    def test_so_does_the_mail_program_by_itself(self, buyer: User, link: str) -> None:
        careful = Client(enforce_csrf_checks=True)
        assert careful.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert not order_of(buyer).enabled

    def test_the_second_click_says_the_same(self, client: Client, link: str) -> None:
        assert text(client.post(link)) == text(client.post(link)) == text(client.get(link))

    def test_it_can_be_used_again_after_switching_on_again(self, client: Client, buyer: User, link: str) -> None:
        client.post(link)
        order_reloads(buyer)
        client.post(link)
        assert not order_of(buyer).enabled

    @pytest.mark.parametrize("forgery", ["x", "IjEi:1x:x", "-", "a" * 500])
    def test_a_forged_one_is_not_found_and_says_so(self, client: Client, buyer: User, link: str, forgery: str) -> None:
        answer = client.post(f"/stop/auto-reload/{forgery}/")
        assert (answer.status_code, "This link does not work any more" in text(answer)) == (404, True)
        assert order_of(buyer).enabled

    def test_after_ninety_days_it_is_dead(
        self, client: Client, buyer: User, link: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stop_links, "DAYS", -1)
        assert client.post(link).status_code == 404
        assert order_of(buyer).enabled
