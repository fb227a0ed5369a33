"""Selling, for staff: what they can do, and what nobody can."""

import re
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from billing.models import Purchase, StripeEvent, TokenPackage
from tests import stripe_events
from tests.billing.conftest import FakeStripe, Sell, post_event
from tokens import ledger
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db

OFFER = {"catalog": "landscape", "name": "Fifty", "price_cents": 5900, "currency": "usd", "position": 0}


@pytest.fixture
def onlooker(db: None) -> User:
    """A staff member who may look at everything and do nothing."""
    user = User.objects.create_user("onlooker@example.com", "a-long-passphrase", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


class TestPackages:
    def test_staff_edit_what_is_on_sale(self, desk: Client, package: TokenPackage) -> None:
        address = f"/admin/billing/tokenpackage/{package.pk}/change/"
        fields = {
            "catalog": "landscape",
            "name": "50",
            "tokens": 55,
            "price_cents": 5900,
            "currency": "usd",
            "position": 0,
        }
        assert desk.post(address, fields).status_code == 302
        package.refresh_from_db()
        assert (package.tokens, package.price_cents, package.on_sale) == (55, 5900, False)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"tokens": 0}, "A package has at least 1 token."),
            ({"tokens": 1_000_001}, "A package has at most 1,000,000 tokens."),
            ({"price_cents": 49}, "A price is at least 50 cents."),
            ({"price_cents": 100_000_000}, "A price is at most 99,999,999 cents: Stripe takes no more digits."),
            ({"currency": "zzz"}, "zzz is not one of the available choices."),
            ({"catalog": "nope"}, "nope is not one of the available choices."),
            ({"price_cents": "\uff15\uff19"}, "Write a whole number from 0 to 999,999,999."),
        ],
    )
    def test_an_offer_that_makes_no_sense_is_a_form_error(
        self, desk: Client, package: TokenPackage, changes: dict[str, Any], sentence: str
    ) -> None:
        address = f"/admin/billing/tokenpackage/{package.pk}/change/"
        answer = desk.post(address, {**OFFER, "tokens": 50, **changes})
        assert (answer.status_code, sentence in answer.content.decode()) == (200, True)

    def test_the_largest_offer_is_sold(self, desk: Client, package: TokenPackage) -> None:
        largest = {"tokens": 1_000_000, "price_cents": 99_999_999}
        assert desk.post(f"/admin/billing/tokenpackage/{package.pk}/change/", {**OFFER, **largest}).status_code == 302

    @pytest.mark.parametrize(
        ("rule", "changes"),
        [
            ("token_package_tokens_positive", {"tokens": 0}),
            ("token_package_tokens_at_most_a_million", {"tokens": 1_000_001}),
            ("token_package_price_at_least_50_cents", {"price_cents": 49}),
            ("token_package_price_at_most_eight_digits", {"price_cents": 100_000_000}),
            ("token_package_currency_is_a_code", {"currency": "USD"}),
        ],
    )
    def test_nor_can_it_be_written_past_the_form(
        self, package: TokenPackage, rule: str, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            TokenPackage.objects.filter(pk=package.pk).update(**changes)

    def test_none_is_deleted(self, desk: Client, package: TokenPackage) -> None:
        assert desk.post(f"/admin/billing/tokenpackage/{package.pk}/delete/", {"post": "yes"}).status_code == 403


class TestTheBooksOfSelling:
    @pytest.mark.parametrize("model", ["purchase", "stripeevent", "stripecustomer"])
    def test_nothing_is_added_changed_or_deleted_by_hand(self, desk: Client, purchase: Purchase, model: str) -> None:
        event = StripeEvent.objects.create(stripe_event_id="evt_1", type="x", payload={})
        key = {"purchase": purchase.pk, "stripeevent": event.pk}.get(model, purchase.pk)
        assert desk.get(f"/admin/billing/{model}/").status_code == 200
        for action in ("add/", f"{key}/delete/"):
            assert desk.post(f"/admin/billing/{model}/{action}", {"post": "yes"}).status_code == 403
        assert desk.post(f"/admin/billing/{model}/{key}/change/", {"state": "paid"}).status_code in (302, 403)
        answer = desk.post(f"/admin/billing/{model}/", {"action": "delete_selected", "_selected_action": [str(key)]})
        assert answer.status_code in (200, 302, 403)
        assert (Purchase.objects.get().state, StripeEvent.objects.count()) == ("open", 1)

    @pytest.mark.parametrize("what", ["email", "id", "session", "payment"])
    def test_a_purchase_is_found(self, desk: Client, sell: Sell, stranger: User, what: str) -> None:
        purchase = sell()
        sell(user=stranger)
        post_event(stripe_events.completed(purchase))
        purchase.refresh_from_db()
        query = {
            "email": "BUYER@example.com",
            "id": str(purchase.pk),
            "session": purchase.stripe_session_id,
            "payment": purchase.stripe_payment_intent_id,
        }[what]
        page = desk.get("/admin/billing/purchase/", {"q": query or ""}).content.decode()
        assert re.findall(r"(\d+) purchase", page) == ["1"]

    @pytest.mark.parametrize("what", ["event", "session", "payment"])
    def test_an_event_is_found(self, desk: Client, sell: Sell, what: str) -> None:
        purchase = sell()
        event = stripe_events.completed(purchase)
        post_event(event)
        post_event(stripe_events.completed(sell()))
        query = {"event": event["id"], "session": purchase.stripe_session_id, "payment": f"pi_{purchase.pk.hex}"}[what]
        page = desk.get("/admin/billing/stripeevent/", {"q": query}).content.decode()
        assert re.findall(r"(\d+) stripe event", page) == ["1"]


class TestAskingStripeAgain:
    def ask(self, desk: Client, purchase: Purchase) -> Any:
        return desk.post(f"/admin/billing/purchase/{purchase.pk}/ask/", follow=True)

    def test_a_missing_payment_is_credited_once(
        self, desk: Client, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        assert "Before: Waiting for payment. Now: Paid." in self.ask(desk, purchase).content.decode()
        assert "Before: Paid. Now: Paid." in self.ask(desk, purchase).content.decode()
        assert TokenTransaction.objects.count() == 1
        assert LogEntry.objects.filter(object_id=str(purchase.pk)).count() == 2

    def test_an_outage_is_said(self, desk: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        assert "Stripe does not answer. Nothing changed" in self.ask(desk, purchase).content.decode()

    def test_the_button_is_there(self, desk: Client, purchase: Purchase) -> None:
        page = desk.get(f"/admin/billing/purchase/{purchase.pk}/change/").content.decode()
        assert f'action="/admin/billing/purchase/{purchase.pk}/ask/"' in page

    def test_who_may_only_look_may_not(self, client: Client, onlooker: User, purchase: Purchase) -> None:
        client.force_login(onlooker)
        page = client.get(f"/admin/billing/purchase/{purchase.pk}/change/").content.decode()
        assert ("4900" in page, "Ask Stripe again" in page) == (True, False)
        assert self.ask(client, purchase).status_code == 403

    def test_a_link_does_nothing(self, desk: Client, purchase: Purchase) -> None:
        assert desk.get(f"/admin/billing/purchase/{purchase.pk}/ask/").status_code == 405

    def test_a_buyer_does_not_get_there(self, signed_in: Client, purchase: Purchase, stripe_says: FakeStripe) -> None:
        stripe_says.says(purchase)
        self.ask(signed_in, purchase)
        assert TokenTransaction.objects.count() == 0


class TestReplayingAnEvent:
    @pytest.fixture
    def failed(self, purchase: Purchase) -> StripeEvent:
        with patch.object(ledger, "credit", side_effect=RuntimeError("no")):
            post_event(stripe_events.completed(purchase))
        return StripeEvent.objects.get()

    def replay(self, desk: Client, event: StripeEvent) -> Any:
        return desk.post(f"/admin/billing/stripeevent/{event.pk}/replay/", follow=True)

    def test_a_failed_one_is_applied_once(
        self, desk: Client, failed: StripeEvent, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        assert "Replayed: applied." in self.replay(desk, failed).content.decode()
        assert "Replayed: duplicate." in self.replay(desk, failed).content.decode()
        assert TokenTransaction.objects.count() == 1

    def test_one_whose_payment_was_given_back_meanwhile_leaves_no_tokens(
        self, desk: Client, failed: StripeEvent, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase, refunded=4900)
        assert "Replayed: applied." in self.replay(desk, failed).content.decode()
        purchase.refresh_from_db()
        assert (purchase.state, TokenTransaction.objects.latest("number").balance_after) == ("paid", 0)

    def test_without_an_answer_of_stripe_nothing_is_credited(
        self, desk: Client, failed: StripeEvent, stripe_says: FakeStripe
    ) -> None:
        assert "Replayed: failed again (StripeUnavailable)." in self.replay(desk, failed).content.decode()
        assert TokenTransaction.objects.count() == 0

    def test_one_that_fails_again_says_so(
        self, desk: Client, failed: StripeEvent, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        with patch.object(ledger, "credit", side_effect=RuntimeError("no")):
            assert "Replayed: failed again (RuntimeError)." in self.replay(desk, failed).content.decode()
        failed.refresh_from_db()
        assert (failed.state, failed.attempts) == ("failed", 2)

    def test_who_may_only_look_may_not(self, client: Client, onlooker: User, failed: StripeEvent) -> None:
        client.force_login(onlooker)
        page = client.get(f"/admin/billing/stripeevent/{failed.pk}/change/").content.decode()
        assert ("RuntimeError: no" in page, "Replay</button>" in page) == (True, False)
        assert self.replay(client, failed).status_code == 403
