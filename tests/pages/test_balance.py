"""The balance everywhere it is shown: quiet polls, honest numbers, few queries, nothing written."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tokens import balance, ledger
from tokens.models import TokenAccount

pytestmark = pytest.mark.books_alone
BALANCE = reverse("tokens:balance")
HTMX = {"hx-request": "true"}


@pytest.fixture
def browser(client: Client, buyer: User) -> Client:
    client.force_login(buyer)
    return client


def give(user: User, amount: int, type: ledger.Type = ledger.Type.PURCHASE) -> None:
    ledger.credit(
        user_id=user.pk, amount=amount, type=type, key=f"given:{user.pk}:{type}:{amount}", description="Given"
    )


def shown(page: Any) -> list[str]:
    """The values the polls of a page will send."""
    return re.findall(r'name="shown" value="([^"]+)"', page.content.decode())


class TestJson:
    def test_tells_what_somebody_holds(self, browser: Client, buyer: User) -> None:
        give(buyer, 50)
        give(buyer, 3, ledger.Type.TRIAL)
        answer = browser.get(BALANCE)
        assert answer.json() == {
            "balance": 50,
            "trial_balance": 3,
            "debt": 0,
            "total_purchased": 50,
            "total_spent": 0,
            "unlimited_until": None,
        }
        assert "no-store" in answer.headers["Cache-Control"]

    def test_is_zeros_for_an_account_never_touched(self, browser: Client) -> None:
        assert browser.get(BALANCE).json()["balance"] == 0
        assert not TokenAccount.objects.exists()

    def test_is_refused_signed_out(self, client: Client, db: None) -> None:
        answer = client.get(BALANCE)
        assert (answer.status_code, answer.json()) == (401, {"error": "Sign in."})

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_takes_no_other_method(self, method: str, browser: Client) -> None:
        assert getattr(browser, method)(BALANCE).status_code == 405


class TestAPoll:
    @pytest.mark.parametrize("variant", ["compact", "full"])
    def test_is_silent_while_nothing_changed(self, variant: str, browser: Client, buyer: User) -> None:
        give(buyer, 5)
        page = browser.get(BALANCE, {"variant": variant, "shown": ""}, headers=HTMX)
        again = browser.get(BALANCE, {"variant": variant, "shown": shown(page)[0]}, headers=HTMX)
        assert (page.status_code, again.status_code, again.content) == (200, 204, b"")

    def test_brings_the_new_number_when_it_changed(self, browser: Client, buyer: User) -> None:
        before = shown(browser.get(BALANCE, headers=HTMX))[0]
        give(buyer, 1250)
        answer = browser.get(BALANCE, {"shown": before}, headers=HTMX)
        assert (answer.status_code, "1,250" in answer.content.decode()) == (200, True)
        assert b"<html" not in answer.content

    def test_ends_when_signed_out(self, client: Client, db: None) -> None:
        answer = client.get(BALANCE, {"shown": "1.0.0.0.0"}, headers=HTMX)
        assert (answer.status_code, answer.content) == (286, b"")

    def test_asks_with_what_the_page_shows(self, browser: Client, buyer: User) -> None:
        give(buyer, 5)
        page = browser.get(reverse("tokens:statement"))
        assert shown(page) == [balance.read(User.objects.get()).shown] * 2

    @pytest.mark.parametrize("headers", [HTMX, {}])
    def test_writes_nothing_and_keeps_no_session_alive(self, headers: dict[str, str], browser: Client) -> None:
        expires = Session.objects.get().expire_date
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(BALANCE, headers=headers)
        assert len(asked) <= 2
        assert [query["sql"] for query in asked if not query["sql"].startswith("SELECT")] == []
        assert not answer.cookies
        assert Session.objects.get().expire_date == expires


class TestWhatIsShown:
    def compact(self, browser: Client) -> str:
        text = browser.get(BALANCE, headers=HTMX).content.decode()
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())

    def full(self, browser: Client) -> str:
        text = browser.get(BALANCE, {"variant": "full"}, headers=HTMX).content.decode()
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())

    def test_with_nothing(self, browser: Client) -> None:
        assert self.compact(browser) == "0 tokens"
        assert "No designs left." in self.full(browser)

    def test_with_one(self, browser: Client, buyer: User) -> None:
        give(buyer, 1)
        assert self.compact(browser) == "1 token"
        assert "About 1 design left, at 1 token each." in self.full(browser)

    def test_with_the_trial_alone(self, browser: Client, buyer: User) -> None:
        give(buyer, 3, ledger.Type.TRIAL)
        assert self.compact(browser) == "3 free credits"
        assert "3 free credits used first; each pays for one design or one message" in self.full(browser)

    def test_with_both(self, browser: Client, buyer: User) -> None:
        give(buyer, 3, ledger.Type.TRIAL)
        give(buyer, 50)
        assert self.compact(browser) == "50 tokens + 3 free"
        text = self.full(browser)
        assert "About 53 designs left" in text
        assert "Bought in all 50 Spent in all 0" in text
        assert text.endswith("Tokens never expire.")

    def test_while_unlimited(self, browser: Client, buyer: User) -> None:
        give(buyer, 50)
        TokenAccount.objects.update(unlimited_until=timezone.now() + timedelta(days=3))
        assert self.compact(browser) == "Unlimited"
        assert "your tokens are kept" in self.full(browser)


class TestTheStatement:
    def lines(self, page: Any) -> list[tuple[int, int]]:
        return [(line.entry.number, line.entry.balance_after) for line in page.context["page"].rows]

    def test_is_empty_at_first_and_says_what_to_do(self, browser: Client) -> None:
        text = browser.get(reverse("tokens:statement")).content.decode()
        assert "Nothing here yet" in text
        assert "<table" not in text

    @pytest.mark.parametrize("movements", [0, 1, 40])
    def test_costs_as_few_queries_however_long(
        self, movements: int, browser: Client, buyer: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for n in range(1, movements + 1):
            give(buyer, n)
        with django_assert_max_num_queries(4) as asked:
            browser.get(reverse("tokens:statement"))
        assert len(asked) == 3

    def test_is_read_page_by_page_without_gap_or_overlap(self, browser: Client, buyer: User) -> None:
        for n in range(1, 61):
            give(buyer, n)
        seen, address = [], reverse("tokens:statement")
        while address:
            page = browser.get(address)
            seen += self.lines(page)
            older = re.search(r'href="(/tokens/\?before=\d+)"', page.content.decode())
            address = older[1] if older else ""
        assert seen == [(n, n * (n + 1) // 2) for n in range(60, 0, -1)]

    def test_can_be_opened_at_any_line(self, browser: Client, buyer: User) -> None:
        for n in range(1, 31):
            give(buyer, n)
        page = browser.get(reverse("tokens:statement"), {"before": 3}).content.decode()
        assert re.findall(r'<tr id="line-(\d+)">\s*<td[^>]*>(\d+)</td>', page) == [("2", "2"), ("1", "1")]

    @pytest.mark.parametrize("before", ["0", "-1", "x", "1e9", "9" * 40, "1 OR 1=1"])
    def test_shows_its_first_page_for_a_nonsense_address(self, before: str, browser: Client, buyer: User) -> None:
        give(buyer, 1)
        assert self.lines(browser.get(reverse("tokens:statement"), {"before": before})) == [(1, 1)]

    def test_shows_nobody_elses_lines(self, browser: Client, buyer: User, stranger: User) -> None:
        give(buyer, 1)
        give(stranger, 77)
        assert self.lines(browser.get(reverse("tokens:statement"))) == [(1, 1)]

    def test_is_private(self, client: Client, browser: Client) -> None:
        answer = browser.get(reverse("tokens:statement"))
        assert {"no-store", "private"} <= set(answer.headers["Cache-Control"].split(", "))
        client.logout()
        assert client.get(reverse("tokens:statement")).headers["Location"] == "/accounts/login/?next=/tokens/"

    def test_links_lines_to_what_they_were_about(self, browser: Client, buyer: User) -> None:
        subject = "5f0c3d2e-0000-4000-8000-000000000001"
        ledger.credit(
            user_id=buyer.pk, amount=1, type=ledger.Type.PURCHASE, key=f"purchase:{subject}", description="1 token"
        )
        ledger.charge(user_id=buyer.pk, cost=1, key=f"generation:{subject}:charge", description="English Garden")
        text = browser.get(reverse("tokens:statement")).content.decode()
        assert f'href="/purchase/{subject}/receipt/">1 token</a>' in text
        assert '<span class="line-what">English Garden</span>' in text  # no such design can be seen
