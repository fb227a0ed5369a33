"""Limits on tries: exact when many come at once, and not dodged by headers the client writes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.journeys import PASSWORD, sign_in, sign_up
from tests.together import together

TRIES = 5  # failed sign-ins per address and five minutes
WRONG = "not-the-password"


def guess(email: str, address: str) -> Callable[[], bool]:
    """Return a call that tries a wrong password from `address`; True when the password was looked at."""

    def call() -> bool:
        text = sign_in(Client(REMOTE_ADDR=address), email, WRONG).content.decode()
        looked = "are not correct" in text
        assert looked or "Too many" in text, text
        return looked

    return call


class TestTooManyWrongPasswords:
    def test_lock_out_even_the_right_one_for_a_while(self, client: Client, buyer: User) -> None:
        assert [guess(buyer.email, f"10.0.0.{n}")() for n in range(TRIES + 2)] == [True] * TRIES + [False] * 2
        assert "_auth_user_id" not in client.session
        answer = sign_in(client, buyer.email, PASSWORD)
        assert b"Too many failed login attempts" in answer.content

    def test_of_one_person_do_not_lock_out_another(self, client: Client, buyer: User, stranger: User) -> None:
        for n in range(TRIES + 1):
            guess(buyer.email, f"10.0.0.{n}")()
        assert sign_in(client, stranger.email).headers["Location"] == reverse("account_email_verification_sent")

    @pytest.mark.parametrize("host", ["localhost:{n}", "127.0.0.1:{n}"])
    def test_are_counted_whatever_host_is_claimed(self, host: str, buyer: User) -> None:
        seen = []
        for n in range(1, TRIES + 3):
            client = Client(REMOTE_ADDR=f"10.0.0.{n}")
            answer = sign_in(client, buyer.email, WRONG, headers={"host": host.format(n=n)})
            seen.append(b"are not correct" in answer.content)
        assert seen == [True] * TRIES + [False] * 2

    @pytest.mark.parametrize("spelling", ["BUYER@example.com", "buyer@EXAMPLE.com", " buyer@example.com"])
    def test_are_counted_however_the_address_is_typed(self, spelling: str, buyer: User) -> None:
        for n in range(TRIES):
            guess(buyer.email, f"10.0.0.{n}")()
        assert guess(spelling, "10.0.1.1")() is False

    def test_of_many_people_from_one_address_are_limited_too(self, db: None) -> None:
        seen = [guess(f"person-{n}@example.com", "10.0.0.9")() for n in range(12)]
        assert seen == [True] * 10 + [False] * 2

    @pytest.mark.django_db(transaction=True)
    def test_are_counted_exactly_when_they_come_at_once(self, buyer: User) -> None:
        looked = together(*[guess(buyer.email, f"10.0.0.{n}") for n in range(16)])
        assert all(isinstance(one, bool) for one in looked), looked
        assert looked.count(True) == TRIES


class TestTheAddressOfTheCaller:
    def post(self, n: int, forwarded: str) -> int:
        client = Client(REMOTE_ADDR="10.0.0.9", headers={"x-forwarded-for": forwarded})
        return int(sign_up(client, f"person-{n}@example.com").status_code)

    def test_is_not_taken_from_a_header_when_no_proxy_is_trusted(self, db: None) -> None:
        assert [self.post(n, f"1.2.3.{n}") for n in range(21)] == [302] * 20 + [429]

    def test_is_what_the_trusted_proxy_saw_not_what_the_caller_wrote_before_it(self, db: None, settings: Any) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert [self.post(n, f"1.2.3.{n}, 9.9.9.9") for n in range(21)] == [302] * 20 + [429]
        assert self.post(99, "1.2.3.4, 8.8.8.8") == 302


class TestThePageOfTooManyTries:
    def test_looks_like_the_site(self, db: None) -> None:
        for n in range(20):
            sign_up(Client(), f"person-{n}@example.com")
        answer = sign_up(Client(), "one-more@example.com")
        assert answer.status_code == 429
        assert b"<h1>Too many tries</h1>" in answer.content
        assert b'class="site-header"' in answer.content
