""" "My payment is missing": what was missed is credited once, and everything else is told as it stands."""

from datetime import timedelta
from time import sleep
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import customers, gateway, matching, missing
from billing.missing import Standing
from billing.models import Difference, Purchase
from tests.billing.conftest import Sell
from tests.sandbox_process import SandboxProcess
from tests.together import together
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/purchase/missing/"


@pytest.fixture(autouse=True)
def _nothing_is_delivered(sandbox: SandboxProcess) -> None:
    sandbox.control("settings", {"mode": "drop"})


def api() -> Any:
    return gateway.client.client().v1


def charge(user: User, purchase: Purchase | None = None, card: str = "pm_card_visa", **params: Any) -> str:
    """Charge the customer of `user` at Stripe, for `purchase` if given; return the payment's id."""
    names = {"purchase_id": str(purchase.pk), "user_id": str(purchase.user_id), "tokens": "50"} if purchase else {}
    made = api().payment_intents.create(
        params={
            "amount": 4900,
            "currency": "usd",
            "customer": customers.known_to_stripe(user),
            "confirm": True,
            "payment_method": card,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": names,
            **params,
        }
    )
    return str(made.id)


def click(browser: Client) -> Purchase:
    answer = browser.post("/purchase/checkout/", {"package": "package_50"})
    return Purchase.objects.get(checkout_url=answer.headers["Location"])


def standings(user: User) -> list[Standing]:
    return [finding.standing for finding in missing.look_for(user)]


def balance(user: User) -> int:
    return sum(TokenAccount.objects.filter(user=user).values_list("balance", flat=True))


def text(browser: Client) -> str:
    return " ".join(browser.post(PAGE).content.decode().split())


class TestAMissedPayment:
    def test_it_is_credited_at_once_and_only_once(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        purchase = click(signed_in)
        sandbox.control(f"pay/{purchase.stripe_session_id}", {})
        Purchase.objects.update(state="expired")
        page = text(signed_in)
        assert ("Credited now" in page, "You have <strong>50 tokens</strong>" in page) == (True, True)
        purchase.refresh_from_db()
        assert purchase.paid_at is not None
        page = text(signed_in)
        assert f"were added on {purchase.paid_at:%-d %B %Y}" in page
        assert (balance(buyer), TokenTransaction.objects.count()) == (50, 1)

    def test_one_whose_purchase_was_lost_too(self, buyer: User, sell: Sell) -> None:
        purchase = sell(way="card", stripe_session_id=None, state="created")
        charge(buyer, purchase)
        purchase.delete()
        assert (standings(buyer), balance(buyer)) == ([Standing.CREDITED_NOW], 50)

    def test_five_questions_at_once_are_one_credit(self, buyer: User, sell: Sell) -> None:
        charge(buyer, sell(way="card", stripe_session_id=None, state="created"))
        found = together(*[lambda: standings(buyer)] * 5)
        assert {len(one) for one in found} == {1}
        assert (balance(buyer), TokenTransaction.objects.count()) == (50, 1)

    def test_one_beside_a_page_that_stripe_will_not_open(
        self, buyer: User, sell: Sell, sandbox: SandboxProcess
    ) -> None:
        unopened = sell(state="created", stripe_session_id=None, checkout_url="")
        Purchase.objects.filter(pk=unopened.pk).update(created_at=timezone.now() - timedelta(minutes=2))
        charge(buyer, sell(way="card", stripe_session_id=None, state="created"))
        sandbox.control(
            "faults", {"kind": "error_500_after", "method": "POST", "path": "/v1/checkout/sessions", "calls": 30}
        )
        assert (sorted(standings(buyer)), balance(buyer)) == ([Standing.CREDITED_NOW, Standing.NOT_PAID], 50)


class TestAPaymentThatIsNotMissing:
    def test_a_bank_that_is_still_confirming(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control(f"pay/{click(signed_in).stripe_session_id}", {"bank": ""})
        assert ("Bank is confirming" in text(signed_in), balance(buyer)) == (True, 0)

    def test_a_card_that_was_declined(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control(f"pay/{click(signed_in).stripe_session_id}", {"card": "4000000000000002"})
        page = text(signed_in)
        assert ("Declined, not charged" in page, "Your card was declined." in page) == (True, True)

    def test_one_that_was_refunded(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        sandbox.control(f"pay/{click(signed_in).stripe_session_id}", {})
        [payment] = sandbox.control("truth")["payment_intents"]
        sandbox.control("refunds", {"payment_intent": payment["id"]})
        assert (standings(buyer), balance(buyer)) == ([Standing.REFUNDED], 0)

    def test_one_that_was_never_paid(self, signed_in: Client, buyer: User) -> None:
        click(signed_in)
        assert ("Not paid" in text(signed_in), standings(buyer)) == (True, [Standing.NOT_PAID])

    def test_one_that_differs_from_what_was_sold(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        purchase = click(signed_in)
        sandbox.control(f"pay/{purchase.stripe_session_id}", {"amount_total": 4800})
        page = text(signed_in)
        assert ("We are looking at it" in page, str(purchase.pk) in page, balance(buyer)) == (True, True, 0)
        assert ("Nothing was missing" in page, "our staff are looking at it" in page) == (False, True)

    def test_one_that_staff_have_settled(self, signed_in: Client, buyer: User, staff: User) -> None:
        charge(buyer)
        assert standings(buyer) == [Standing.UNDER_REVIEW]
        matching.settle(Difference.objects.get(), outcome="A gift.", by=staff)
        page = text(signed_in)
        assert (standings(buyer), "Settled by our staff" in page) == ([Standing.SETTLED], True)
        assert ("our staff are looking at it" in page, "A gift." in page) == (False, False)

    @pytest.mark.parametrize(
        ("bank", "said"), [("", "Your bank is still confirming a payment"), ("approve", "We found a payment")]
    )
    def test_what_matters_most_stands_above_the_rest(
        self, signed_in: Client, sandbox: SandboxProcess, bank: str, said: str
    ) -> None:
        click(signed_in)
        sandbox.control(f"pay/{click(signed_in).stripe_session_id}", {"bank": bank} if bank == "" else {})
        assert said in text(signed_in)

    def test_somebody_who_never_paid_is_told_so(self, signed_in: Client) -> None:
        assert "There is no payment of yours from the last 30 days" in text(signed_in)


class TestOtherPeople:
    def test_their_payments_are_neither_shown_nor_credited(self, buyer: User, stranger: User, sell: Sell) -> None:
        theirs = sell(user=stranger, way="card", stripe_session_id=None, state="created")
        charge(stranger, theirs)
        assert (standings(buyer), balance(stranger)) == ([], 0)

    def test_a_payment_of_mine_that_names_their_purchase_is_not_shown_to_me(
        self, buyer: User, stranger: User, sell: Sell
    ) -> None:
        charge(buyer, sell(user=stranger, way="card", stripe_session_id=None, state="created"))
        assert (standings(buyer), balance(buyer), balance(stranger)) == ([], 0, 0)

    def test_a_payment_of_mine_that_names_a_lost_purchase_of_theirs_is_credited_to_nobody(
        self, buyer: User, stranger: User, sell: Sell
    ) -> None:
        theirs = sell(user=stranger, way="card", stripe_session_id=None, state="created")
        charge(buyer, theirs)
        theirs.delete()
        assert (standings(buyer), balance(buyer), balance(stranger)) == ([Standing.UNDER_REVIEW], 0, 0)

    def test_a_customer_id_in_the_form_changes_nothing(self, signed_in: Client, stranger: User, sell: Sell) -> None:
        charge(stranger, sell(user=stranger, way="card", stripe_session_id=None, state="created"))
        answer = signed_in.post(
            PAGE, {"customer": customers.known_to_stripe(stranger), "user": str(stranger.pk), "user_id": uuid4()}
        )
        assert ("There is no payment of yours" in answer.content.decode(), balance(stranger)) == (True, 0)

    def test_nobody_asks_without_signing_in(self, client: Client) -> None:
        assert client.post(PAGE).status_code == 302


class TestThePage:
    def test_the_sixth_question_of_a_minute_waits(self, signed_in: Client, one_minute: None) -> None:
        answers = [signed_in.post(PAGE) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert (answers[-1].headers["Retry-After"], "wait a minute" in answers[-1].content.decode()) == ("60", True)

    def refused_of_twelve(self, buyer: User) -> int:
        answers = together(*[lambda: missing._count(buyer.pk)] * 12)
        return sum(isinstance(answer, missing.AskedTooOften) for answer in answers)

    @pytest.fixture
    def one_minute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let no minute turn while the test counts."""
        moment = timezone.now()
        monkeypatch.setattr("billing.missing.timezone.now", lambda: moment)

    def test_no_more_than_five_of_many_at_once_are_asked(self, buyer: User, one_minute: None) -> None:
        assert self.refused_of_twelve(buyer) == 7

    def test_if_places_were_looked_for_before_they_are_taken_more_would_be(
        self, buyer: User, one_minute: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The negative control: two steps instead of the database's one."""

        def look_then_take(key: str, value: int, timeout: int) -> bool:
            free = cache.get(key) is None
            sleep(0.1)
            if free:
                cache.set(key, value, timeout)
            return free

        monkeypatch.setattr("billing.missing.cache", SimpleNamespace(add=look_then_take))
        assert self.refused_of_twelve(buyer) < 7

    def test_while_stripe_is_away_it_says_that_nothing_changed(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        sandbox.control(f"pay/{click(signed_in).stripe_session_id}", {})
        sandbox.control("faults", {"kind": "down", "calls": 50})
        answer = signed_in.post(PAGE)
        sandbox.control("faults", {})
        assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (503, True)
        assert (balance(buyer), Purchase.objects.get().state) == (0, "open")

    def test_it_asks_nothing_before_the_button_is_pressed(self, signed_in: Client, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 50})
        answer = signed_in.get(PAGE)
        sandbox.control("faults", {})
        assert (answer.status_code, "Look for my payments" in answer.content.decode()) == (200, True)

    @pytest.mark.parametrize("address", ["/purchase/", "/tokens/"])
    def test_the_button_is_where_a_buyer_looks_for_it(self, signed_in: Client, address: str) -> None:
        assert f'action="{PAGE}"' in signed_in.get(address).content.decode()
