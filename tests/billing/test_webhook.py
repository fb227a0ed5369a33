"""Stripe's events: what is taken, what is refused, and what each is answered."""

import json
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from billing import effects, fulfilment, inbox
from billing.models import Purchase, StripeEvent
from tests import stripe_events
from tests.billing.conftest import WEBHOOK, Deliver, FakeStripe, Sell, post_event
from tokens import ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db

State = Purchase.State


def post(raw: bytes, signature: str | None) -> Any:
    headers = {} if signature is None else {"Stripe-Signature": signature}
    return Client().generic("POST", WEBHOOK, raw, content_type="application/json", headers=headers)


class TestAGenuineEvent:
    def test_a_paid_session_credits_what_was_sold(self, deliver: Deliver, purchase: Purchase) -> None:
        answer = deliver(stripe_events.completed(purchase))
        assert (answer.status_code, answer.content) == (200, b"applied\n")
        purchase.refresh_from_db()
        entry = TokenTransaction.objects.get()
        assert (purchase.state, purchase.transaction) == (State.PAID, entry)
        assert (entry.amount, entry.type, entry.price_paid_cents) == (50, "purchase", 4900)
        assert entry.key == f"purchase:{purchase.pk}"
        assert entry.stripe_payment_intent_id == purchase.stripe_payment_intent_id == f"pi_{purchase.pk.hex}"
        assert TokenAccount.objects.get(user=purchase.user).balance == 50

    def test_a_duplicate_is_answered_calmly_and_credits_nothing(self, deliver: Deliver, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        answers = [deliver(event).content for _ in range(3)]
        assert answers == [b"applied\n", b"duplicate\n", b"duplicate\n"]
        assert TokenTransaction.objects.count() == 1
        assert StripeEvent.objects.get().attempts == 1

    def test_tokens_come_from_our_row_and_not_from_metadata(self, deliver: Deliver, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        event["data"]["object"]["metadata"]["tokens"] = "5000"
        deliver(event)
        assert TokenTransaction.objects.get().amount == 50

    def test_it_takes_at_most_ten_statements(self, purchase: Purchase, buyer: User) -> None:
        ledger.adjust(user_id=buyer.pk, amount=1, reason="Welcome", adjusted_by_id=buyer.pk, key="welcome")
        raw = stripe_events.body(stripe_events.completed(purchase))
        with CaptureQueriesContext(connection) as queries:
            inbox.receive(raw, stripe_events.signature(raw))
        own = [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        assert len(own) + len(["BEGIN", "COMMIT"]) <= 10

    def test_the_event_is_kept_with_its_payload(self, deliver: Deliver, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        deliver(event)
        kept = StripeEvent.objects.get()
        assert (kept.stripe_event_id, kept.state, kept.payload) == (event["id"], "applied", event)
        assert kept.object_id == purchase.stripe_session_id

    def test_no_session_is_touched_and_no_cookie_set(self, deliver: Deliver, purchase: Purchase) -> None:
        answer = deliver(stripe_events.completed(purchase))
        assert answer.cookies == {}
        assert answer["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


class TestWhatIsRefused:
    @pytest.fixture
    def raw(self, purchase: Purchase) -> bytes:
        return stripe_events.body(stripe_events.completed(purchase))

    def refused(self, raw: bytes, signature: str | None) -> None:
        with CaptureQueriesContext(connection) as queries:
            answer = post(raw, signature)
        assert (answer.status_code, answer.content) == (400, b"refused\n")
        assert len(queries) == 0
        assert StripeEvent.objects.count() == TokenTransaction.objects.count() == 0

    def test_no_signature(self, raw: bytes) -> None:
        self.refused(raw, None)

    def test_an_empty_signature(self, raw: bytes) -> None:
        self.refused(raw, "")

    def test_a_signature_with_another_secret(self, raw: bytes) -> None:
        self.refused(raw, stripe_events.signature(raw, secret="whsec_other"))

    def test_a_changed_body(self, raw: bytes) -> None:
        self.refused(raw.replace(b"4900", b"4901"), stripe_events.signature(raw))

    def test_an_old_signature(self, raw: bytes) -> None:
        self.refused(raw, stripe_events.signature(raw, seconds_ago=310))

    def test_a_signature_from_the_future(self, raw: bytes) -> None:
        self.refused(raw, stripe_events.signature(raw, seconds_ago=-310))

    @pytest.mark.parametrize(
        "header", ["t=now,v1=abc", "v1=abc", "t=1", "t=1,v1=é", "nonsense", "t=\u0661,v1=a", "t=1,v0=a"]
    )
    def test_a_signature_that_makes_no_sense(self, raw: bytes, header: str) -> None:
        self.refused(raw, header)

    def test_a_body_that_is_not_json(self, db: None) -> None:
        self.refused(b"{", stripe_events.signature(b"{"))

    def test_a_body_that_is_not_utf_8(self, db: None) -> None:
        self.refused(b"\xff\xfe", "t=1,v1=a")

    @pytest.mark.parametrize(
        "payload",
        [
            [],
            "event",
            None,
            {},
            {"id": "evt_1"},
            {"id": "evt_1", "object": "event", "type": "checkout.session.completed"},
            {"id": "evt_1", "object": "event", "type": "x", "data": {"object": None}, "livemode": False},
            {"id": "", "object": "event", "type": "x", "data": {"object": {}}, "livemode": False},
            {"id": "evt_1", "object": "v2.core.event", "type": "x", "data": {"object": {}}, "livemode": False},
        ],
    )
    def test_json_that_is_not_an_event(self, db: None, payload: Any) -> None:
        raw = stripe_events.body(payload)
        self.refused(raw, stripe_events.signature(raw))

    def test_numbers_that_are_not_json(self, raw: bytes) -> None:
        broken = raw.replace(b"4900", b"NaN")
        self.refused(broken, stripe_events.signature(broken))

    @pytest.mark.parametrize("number", [b"1e999", b"-1e999"])
    def test_numbers_that_no_float_holds(self, raw: bytes, number: bytes) -> None:
        broken = raw.replace(b"4900", number)
        self.refused(broken, stripe_events.signature(broken))

    def test_json_that_is_nested_too_deeply(self, raw: bytes) -> None:
        broken = raw.replace(b"4900", b"[" * 100_000 + b"]" * 100_000)
        self.refused(broken, stripe_events.signature(broken))

    @pytest.mark.parametrize("depth", range(900, 1000, 10))
    def test_json_that_is_nested_almost_too_deeply_is_no_server_error(self, raw: bytes, depth: int) -> None:
        nested = raw.replace(b'"Test Buyer"', b"[" * depth + rb'"\u0000"' + b"]" * depth)
        assert post(nested, stripe_events.signature(nested)).status_code in (200, 400)

    def test_a_live_event_in_a_test_shop(self, purchase: Purchase) -> None:
        raw = stripe_events.body({**stripe_events.completed(purchase), "livemode": True})
        self.refused(raw, stripe_events.signature(raw))

    def test_a_test_event_in_a_live_shop(self, raw: bytes, settings: Any) -> None:
        settings.STRIPE_SECRET_KEY = "sk_live_x"
        self.refused(raw, stripe_events.signature(raw))

    def test_a_body_of_ten_megabytes(self, purchase: Purchase) -> None:
        raw = stripe_events.body({**stripe_events.completed(purchase), "padding": "x" * 10_000_000})
        answer = post(raw, stripe_events.signature(raw))
        assert answer.status_code == 400
        assert StripeEvent.objects.count() == 0

    def test_any_other_method(self, client: Client) -> None:
        assert [client.get(WEBHOOK).status_code, client.put(WEBHOOK).status_code] == [405, 405]


class TestSecretsInRotation:
    def test_each_configured_secret_is_accepted(self, sell: Sell, settings: Any) -> None:
        settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
        for secret in ("whsec_new", "whsec_old"):
            raw = stripe_events.body(stripe_events.completed(sell()))
            assert post(raw, stripe_events.signature(raw, secret=secret)).status_code == 200

    def test_without_a_secret_nothing_is_accepted(self, purchase: Purchase, settings: Any) -> None:
        settings.STRIPE_WEBHOOK_SECRETS = [""]
        raw = stripe_events.body(stripe_events.completed(purchase))
        assert post(raw, stripe_events.signature(raw, secret="")).status_code == 400


class TestCharactersPostgreSQLCannotKeep:
    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("a\0b", "a\ufffdb"),
            ("a\ud800b", "a\ufffdb"),
            ("a\udfffb", "a\ufffdb"),
            ("a\\u0000b", "a\\u0000b"),
            ("\U0001f333", "\U0001f333"),
        ],
    )
    def test_the_event_is_kept_and_applied(self, deliver: Deliver, purchase: Purchase, sent: str, kept: str) -> None:
        event = stripe_events.completed(purchase, customer_details={"name": sent, sent: [sent]})
        assert deliver(event).content == b"applied\n"
        assert StripeEvent.objects.get().payload["data"]["object"]["customer_details"] == {"name": kept, kept: [kept]}
        assert TokenTransaction.objects.count() == 1


class TestALateEvent:
    """Since it was sent the payment may have been given back: Stripe is asked, outside of any transaction."""

    def test_one_whose_payment_still_stands_is_credited(
        self, deliver: Deliver, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        event = stripe_events.late(stripe_events.completed(purchase))
        assert [deliver(event).content for _ in range(2)] == [b"applied\n", b"duplicate\n"]
        assert TokenTransaction.objects.count() == 1
        assert stripe_says.asked == [purchase.stripe_session_id]

    def test_one_whose_payment_was_given_back_leaves_no_tokens(
        self, deliver: Deliver, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase, refunded=4900)
        assert deliver(stripe_events.late(stripe_events.completed(purchase))).content == b"applied\n"
        purchase.refresh_from_db()
        assert (purchase.state, purchase.money_back_cents) == (State.PAID, 4900)
        assert TokenAccount.objects.get(user=purchase.user).balance == 0

    def test_without_an_answer_it_is_kept_and_delivered_again(
        self, deliver: Deliver, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        event = stripe_events.late(stripe_events.completed(purchase))
        assert deliver(event).status_code == 500
        kept = StripeEvent.objects.get()
        assert (kept.state, kept.reason) == ("failed", "StripeUnavailable: retrieve_checkout_session")
        assert TokenTransaction.objects.count() == 0
        stripe_says.says(purchase)
        assert deliver(event).content == b"applied\n"
        assert TokenTransaction.objects.count() == 1

    def test_nobody_is_asked_about_a_fresh_one(
        self, deliver: Deliver, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        assert deliver(stripe_events.late(stripe_events.completed(purchase), seconds=290)).content == b"applied\n"
        assert stripe_says.asked == []

    def test_nobody_is_asked_about_one_that_would_not_credit(
        self, deliver: Deliver, sell: Sell, stripe_says: FakeStripe
    ) -> None:
        one, other = sell(), sell()
        foreign = stripe_events.completed(one, client_reference_id=None, metadata={})
        for event in (stripe_events.expired(one), stripe_events.unpaid(other), foreign):
            assert deliver(stripe_events.late(event)).status_code == 200
        assert stripe_says.asked == []


class TestEventsThatAreNotForUs:
    def test_an_unknown_type_is_kept_and_ignored(self, deliver: Deliver) -> None:
        answer = deliver(stripe_events.event("customer.created", {"id": "cus_1", "object": "customer"}))
        assert (answer.status_code, answer.content) == (200, b"ignored\n")
        assert StripeEvent.objects.get().state == "ignored"

    def test_a_session_of_somebody_else_is_ignored_with_a_warning(
        self, deliver: Deliver, purchase: Purchase, caplog: pytest.LogCaptureFixture
    ) -> None:
        theirs = stripe_events.completed(purchase, client_reference_id="their-id", metadata={})
        assert (deliver(theirs).status_code, StripeEvent.objects.get().state) == (200, "ignored")
        assert TokenTransaction.objects.count() == 0
        assert any("stripe_event_about_something_foreign" in record.getMessage() for record in caplog.records)

    @pytest.mark.parametrize(("marks", "level"), [({}, "INFO"), ({"purchase_id": str(UUID(int=1))}, "WARNING")])
    def test_a_payment_without_our_mark_is_no_warning_and_one_with_it_is(
        self, deliver: Deliver, purchase: Purchase, caplog: pytest.LogCaptureFixture, marks: dict[str, str], level: str
    ) -> None:
        payment = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 9900, "currency": "usd"}
        paid = {**payment, "amount_received": 9900, "latest_charge": None, "metadata": marks}
        with caplog.at_level("INFO"):
            assert deliver(stripe_events.event("payment_intent.succeeded", paid)).content == b"ignored\n"
        told = [one.levelname for one in caplog.records if "about_something_foreign" in one.getMessage()]
        assert told == [level]

    @pytest.mark.parametrize("reference", [None, "", "00000000-0000-0000-0000-000000000000", "x" * 200])
    def test_a_session_without_a_purchase_of_ours(
        self, deliver: Deliver, purchase: Purchase, reference: str | None
    ) -> None:
        metadata = {} if reference is None else {"purchase_id": reference}
        event = stripe_events.completed(purchase, client_reference_id=reference, metadata=metadata)
        assert deliver(event).content == b"ignored\n"

    def test_a_session_that_names_two_purchases(self, deliver: Deliver, sell: Sell) -> None:
        one, other = sell(), sell()
        event = stripe_events.completed(one, metadata={"purchase_id": str(other.pk)})
        assert deliver(event).content == b"ignored\n"
        assert TokenTransaction.objects.count() == 0

    def test_another_api_version_is_applied_with_a_warning(
        self, deliver: Deliver, purchase: Purchase, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert deliver({**stripe_events.completed(purchase), "api_version": "2020-08-27"}).content == b"applied\n"
        assert any("stripe_event_of_another_version" in record.getMessage() for record in caplog.records)


class TestAnEffectThatFails:
    def test_the_event_is_kept_the_effect_undone_and_a_replay_makes_it_good(
        self, deliver: Deliver, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        event = stripe_events.completed(purchase)
        with patch.object(ledger, "credit", side_effect=RuntimeError("the disk is on fire")):
            answer = deliver(event)
        assert (answer.status_code, answer.content) == (500, b"failed\n")
        kept = StripeEvent.objects.get()
        assert (kept.state, kept.reason, kept.attempts) == ("failed", "RuntimeError: the disk is on fire", 1)
        assert kept.applied_at is None
        assert TokenTransaction.objects.count() == 0

        stripe_says.says(purchase)
        assert inbox.replay(event["id"]) == inbox.Outcome.APPLIED
        kept.refresh_from_db()
        assert (kept.state, kept.reason, kept.attempts) == ("applied", "", 2)
        assert TokenTransaction.objects.get().amount == 50

    def test_the_next_delivery_makes_it_good_as_well(self, deliver: Deliver, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        with patch.object(ledger, "credit", side_effect=RuntimeError):
            assert deliver(event).status_code == 500
        assert deliver(event).content == b"applied\n"
        assert deliver(event).content == b"duplicate\n"
        assert TokenTransaction.objects.count() == 1

    def test_a_crash_before_the_commit_leaves_neither_event_nor_effect(self, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        raw = stripe_events.body(event)

        def crash(effect: effects.Effect, event_id: str) -> inbox.Outcome:
            effect()
            raise KeyboardInterrupt

        with patch.object(inbox, "_have", crash), pytest.raises(KeyboardInterrupt):
            inbox.receive(raw, stripe_events.signature(raw))
        assert (StripeEvent.objects.count(), TokenTransaction.objects.count()) == (0, 0)
        assert inbox.receive(raw, stripe_events.signature(raw)) == inbox.Outcome.APPLIED
        assert TokenTransaction.objects.count() == 1

    def test_a_lock_that_cannot_be_had_is_never_answered_200(self, deliver: Deliver, purchase: Purchase) -> None:
        event = stripe_events.completed(purchase)
        with patch.object(fulfilment, "_lock", side_effect=OperationalError("lock timeout")):
            answer = deliver(event)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        kept = StripeEvent.objects.get()
        assert (kept.state, kept.reason) == ("failed", "OperationalError: lock timeout")
        assert deliver(event).content == b"applied\n"

    def test_an_ignored_event_is_taken_up_when_its_purchase_is_there(
        self, deliver: Deliver, purchase: Purchase, stripe_says: FakeStripe
    ) -> None:
        stripe_says.says(purchase)
        event = stripe_events.completed(purchase)
        kept = json.loads(json.dumps(event))
        Purchase.objects.filter(pk=purchase.pk).delete()
        assert deliver(kept).content == b"ignored\n"
        purchase.save(force_insert=True)
        assert inbox.replay(event["id"]) == inbox.Outcome.APPLIED
        assert TokenTransaction.objects.get().amount == 50


class TestDisorder:
    """Events of one payment may come in any order, each any number of times."""

    def test_unpaid_then_paid(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.unpaid(purchase))
        assert self.state(purchase) == State.PROCESSING
        assert TokenTransaction.objects.count() == 0
        self.deliver_all(deliver, stripe_events.async_succeeded(purchase))
        assert self.state(purchase) == State.PAID

    def test_paid_then_the_late_news_that_it_was_unpaid(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.async_succeeded(purchase), stripe_events.unpaid(purchase))
        assert self.state(purchase) == State.PAID

    def test_unpaid_then_failed(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.unpaid(purchase), stripe_events.async_failed(purchase))
        assert self.state(purchase) == State.FAILED
        assert purchase.state_reason == "The bank did not make the payment. You were not charged."

    def test_failed_then_the_late_news_that_it_was_unpaid(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.async_failed(purchase), stripe_events.unpaid(purchase))
        assert self.state(purchase) == State.FAILED

    def test_failed_then_paid_after_all(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.async_failed(purchase), stripe_events.async_succeeded(purchase))
        assert (self.state(purchase), purchase.state_reason) == (State.PAID, "")

    def test_expired_then_paid(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.expired(purchase))
        assert self.state(purchase) == State.EXPIRED
        self.deliver_all(deliver, stripe_events.completed(purchase))
        assert self.state(purchase) == State.PAID

    def test_paid_then_expired(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.completed(purchase), stripe_events.expired(purchase))
        assert self.state(purchase) == State.PAID

    def test_processing_does_not_expire(self, deliver: Deliver, purchase: Purchase) -> None:
        self.deliver_all(deliver, stripe_events.unpaid(purchase), stripe_events.expired(purchase))
        assert self.state(purchase) == State.PROCESSING

    def test_an_event_about_a_session_we_could_not_note(self, deliver: Deliver, sell: Sell) -> None:
        """The creator died between Stripe's answer and our row."""
        purchase = sell(state=State.CREATED, stripe_session_id=None, checkout_url="")
        self.deliver_all(deliver, stripe_events.completed(purchase))
        assert self.state(purchase) == State.PAID
        assert purchase.stripe_session_id == f"cs_test_{purchase.pk.hex}"

    def deliver_all(self, deliver: Deliver, *events: dict[str, Any]) -> None:
        for event in events:
            assert deliver(event).content == b"applied\n"
            assert deliver(event).content == b"duplicate\n"

    def state(self, purchase: Purchase) -> str:
        purchase.refresh_from_db()
        credited = TokenTransaction.objects.count()
        assert credited == (1 if purchase.state == State.PAID else 0)
        return purchase.state


def test_a_webhook_needs_no_csrf_cookie(purchase: Purchase) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post_event(stripe_events.completed(purchase), strict).status_code == 200
