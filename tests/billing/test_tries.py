"""Whoever tries out stolen cards is stopped after ten tries an hour, however they try; the database counts."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import card_form, checkout, gateway, tries
from billing.models import DeclinedAttempt, Purchase, StripeCustomer
from tests.billing.conftest import Sell
from tests.billing.paying import CREATE, DECLINED, confirm, order, post, type_in, work
from tests.sandbox_process import SandboxProcess
from tests.together import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("package")]

Way = Purchase.Way


def declined(purchase: Purchase, count: int) -> None:
    for number in range(count):
        DeclinedAttempt.objects.create(pk=f"ch_{number}", user_id=purchase.user_id, purchase=purchase)


class TestTheCardForm:
    def test_after_ten_declines_it_says_when_it_is_free_again(self, signed_in: Client, purchase: Purchase) -> None:
        declined(purchase, 10)
        answer = signed_in.get("/purchase/card/package_50/")
        again_at = timezone.now() + timedelta(hours=1)
        assert (answer.status_code, f"{again_at:%H:%M} UTC" in answer.content.decode()) == (429, True)

    def test_after_nine_it_opens(self, signed_in: Client, purchase: Purchase) -> None:
        declined(purchase, 9)
        assert signed_in.get("/purchase/card/package_50/").status_code == 200


class TestPurchases:
    def test_the_eleventh_within_an_hour_is_refused_both_ways(
        self, signed_in: Client, sell: Sell, sandbox: SandboxProcess
    ) -> None:
        for number in range(10):
            sell(way=[Way.CHECKOUT, Way.CARD][number % 2], state="expired")
        assert signed_in.post("/purchase/checkout/", {"package": "package_50"}).status_code == 429
        assert post(signed_in, CREATE, {"package": "package_50"}).status_code == 429
        assert Purchase.objects.count() == 10

    def test_the_answer_says_when_to_try_again(self, signed_in: Client, sell: Sell) -> None:
        for _ in range(10):
            sell(state="expired")
        first = Purchase.objects.order_by("created_at")[0]
        Purchase.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(minutes=50))
        page = signed_in.post("/purchase/checkout/", {"package": "package_50"})
        said = post(signed_in, CREATE, {"package": "package_50"})
        again_at = timezone.now() + timedelta(minutes=10)
        assert f"{again_at:%H:%M} UTC" in page.content.decode()
        assert said.json()["error"].endswith(f"try again after {again_at:%H:%M} UTC.")
        for answer in (page, said):
            assert 590 <= int(answer.headers["Retry-After"]) <= 601

    def test_an_hour_later_it_goes_on(self, signed_in: Client, sell: Sell, sandbox: SandboxProcess) -> None:
        for _ in range(10):
            sell(state="expired")
        Purchase.objects.update(created_at=timezone.now() - timedelta(hours=1))
        assert order(signed_in)["state"] == "open"

    def test_one_that_is_open_can_still_be_paid(self, signed_in: Client, sell: Sell, sandbox: SandboxProcess) -> None:
        ordered = order(signed_in)
        for _ in range(9):
            sell(state="expired")
        assert order(signed_in)["purchase"] == ordered["purchase"]

    def test_those_of_other_people_do_not_count(self, buyer: User, stranger: User, sell: Sell) -> None:
        for _ in range(10):
            sell(user=stranger, state="expired")
        tries.check_opened(buyer.pk)
        with pytest.raises(tries.TooManyTries):
            tries.check_opened(stranger.pk)


class TestPurchasesAtOnce:
    @pytest.fixture
    def no_stripe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing gets as far as Stripe."""

        def away(*arguments: Any) -> Any:
            raise gateway.StripeUnavailable("create_customer")

        monkeypatch.setattr(gateway, "create_customer", away)

    def rush(self, buyer: User, sell: Sell) -> int:
        """Open eight different purchases at once when three more are allowed; return how many there are then."""
        for _ in range(7):
            sell(state="expired")
        StripeCustomer.objects.get_or_create(user=buyer, email=buyer.email)
        codes = ["package_50", "package_100", "package_250", "package_500"]
        ways: list[Callable[..., Any]] = [checkout.open_purchase, card_form.open_purchase]
        together(*[partial(way, user=buyer, package_code=code, save_card=False) for way in ways for code in codes])
        return Purchase.objects.count()

    def test_they_stop_at_ten(self, buyer: User, sell: Sell, no_stripe: None) -> None:
        assert self.rush(buyer, sell) == 10

    def test_without_the_customer_lock_they_do_not(
        self, buyer: User, sell: Sell, no_stripe: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(StripeCustomer.objects, "select_for_update", lambda **_: StripeCustomer.objects.all())
        real = tries.check_opened

        def dawdle(user_id: Any) -> None:
            real(user_id)
            sleep(0.2)

        monkeypatch.setattr(tries, "check_opened", dawdle)
        assert self.rush(buyer, sell) > 10


class TestDeclines:
    def test_each_is_counted_once_however_often_stripe_tells_of_it(
        self, signed_in: Client, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        for count in (1, 2):
            type_in(sandbox, ordered, DECLINED)
            for _ in range(3):
                confirm(signed_in, ordered["payment_intent"])
            assert DeclinedAttempt.objects.count() == count

    def test_the_tenth_closes_the_payment_and_refuses_the_next(
        self, signed_in: Client, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in)
        declined(Purchase.objects.get(), 9)
        assert order(signed_in)["client_secret"] == ordered["client_secret"]
        type_in(sandbox, ordered, DECLINED)
        confirm(signed_in, ordered["payment_intent"])
        answer = post(signed_in, CREATE, {"package": "package_50"})
        assert (answer.status_code, "Too many tries" in answer.json()["error"]) == (429, True)
        assert signed_in.post("/purchase/checkout/", {"package": "package_50"}).status_code == 429
        assert work() == ["billing.close_payment"]
        assert type_in(sandbox, ordered)["error"]["code"] == "payment_intent_unexpected_state"
        assert Purchase.objects.get().state == "expired"

    def test_an_hour_later_they_are_forgotten(self, signed_in: Client, sell: Sell, sandbox: SandboxProcess) -> None:
        declined(sell(), 10)
        assert post(signed_in, CREATE, {"package": "package_50"}).status_code == 429
        DeclinedAttempt.objects.update(declined_at=timezone.now() - timedelta(hours=1))
        assert order(signed_in)["state"] == "open"

    def test_those_on_stripes_page_count_too(
        self, signed_in: Client, sandbox: SandboxProcess, live_server: Any
    ) -> None:
        sandbox.control("settings", {"mode": "auto", "webhook_url": f"{live_server.url}/webhooks/stripe/"})
        signed_in.post("/purchase/checkout/", {"package": "package_50"})
        purchase = Purchase.objects.get()
        for _ in range(2):
            sandbox.control(f"pay/{purchase.stripe_session_id}", {"card": DECLINED})
        assert sandbox.control("wait", {"seconds": 20})["undelivered"] == 0
        assert list(DeclinedAttempt.objects.values_list("purchase", flat=True)) == [purchase.pk] * 2
