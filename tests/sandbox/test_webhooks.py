"""Events on their way to the shop: signed, retried, late, twice, out of order, and lost by nobody."""

import json

import pytest
import stripe

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import client
from tests.sandbox.listener import Heard, Listener
from tests.sandbox.things import open_session
from tests.sandbox_process import WEBHOOK_SECRET, SandboxProcess

FOUR_EVENTS = ["charge.succeeded", "checkout.session.completed", "payment_intent.created", "payment_intent.succeeded"]


def pay(sandbox: SandboxProcess) -> None:
    sandbox.control(f"pay/{open_session(client(sandbox)).id}", {})


def verified(heard: Heard) -> stripe.Event:
    event: stripe.Event = stripe.Webhook.construct_event(heard.body, heard.signature, WEBHOOK_SECRET)
    return event


class TestADelivery:
    def test_passes_the_verification_of_the_stripe_package(self, sandbox: SandboxProcess, shop: Listener) -> None:
        pay(sandbox)
        heard = shop.wait_for("checkout.session.completed")[0]
        event = verified(heard)
        assert heard.content_type == "application/json; charset=utf-8"
        assert (event.type, event.livemode, event.api_version) == (
            "checkout.session.completed",
            False,
            stripe.api_version,
        )
        assert client(sandbox).v1.events.retrieve(event.id).data.object["id"] == event.data.object["id"]

    def test_tells_the_request_that_caused_it(self, sandbox: SandboxProcess, shop: Listener) -> None:
        session = open_session(client(sandbox))
        client(sandbox).v1.checkout.sessions.expire(session.id, options={"idempotency_key": "expire-1"})
        request = shop.wait_for("checkout.session.expired")[0].event["request"]
        assert request["id"].startswith("req_")
        assert request["idempotency_key"] == "expire-1"

    def test_keeps_the_state_of_its_moment(self, sandbox: SandboxProcess, shop: Listener) -> None:
        pay(sandbox)
        created = shop.wait_for("payment_intent.created")[0].event["data"]["object"]
        assert created["status"] == "requires_payment_method"

    def test_is_repeated_until_it_is_answered_with_2xx(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"enabled_events": ["checkout.session.completed"]})
        shop.answers = [500, 302, 404]
        pay(sandbox)
        heard = shop.wait_for("checkout.session.completed", count=4)
        assert sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}
        assert len({one.body for one in heard}) == 1
        assert len({one.signature for one in heard}) > 1
        assert [verified(one).type for one in heard] == ["checkout.session.completed"] * 4
        attempts = sandbox.control("events?type=checkout.session.completed")["events"][0]["attempts"]
        assert [one["status"] for one in attempts] == [500, 302, 404, 200]
        assert attempts[0]["excerpt"] == "answered 500"

    def test_goes_only_where_it_is_wanted(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"enabled_events": ["checkout.session.*"]})
        pay(sandbox)
        assert sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}
        assert shop.types() == ["checkout.session.completed"]
        assert len(client(sandbox).v1.events.list().data) == 4


class TestTheModes:
    def test_hold_keeps_everything_back_until_it_is_lifted(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"mode": "hold"})
        pay(sandbox)
        assert sandbox.control("wait", {"seconds": 1}) == {"undelivered": 4}
        assert shop.heard == []
        sandbox.control("settings", {"mode": "auto"})
        assert sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}
        assert sorted(shop.types()) == FOUR_EVENTS

    def test_late_is_late(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"mode": "late", "late_seconds": 1})
        pay(sandbox)
        event = client(sandbox).v1.events.list().data[0]
        heard = shop.wait_for("checkout.session.completed")[0]
        assert heard.at - event.created >= 1

    def test_twice_sends_the_same_event_two_times(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"mode": "twice"})
        pay(sandbox)
        assert sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}
        assert sorted(shop.types()) == sorted(FOUR_EVENTS * 2)
        assert len({one.event["id"] for one in shop.heard}) == 4

    def test_reversed_sends_the_newest_first(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"mode": "reversed"})
        pay(sandbox)
        assert sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}
        assert shop.types() == [
            "checkout.session.completed",
            "payment_intent.succeeded",
            "charge.succeeded",
            "payment_intent.created",
        ]

    @pytest.mark.parametrize(
        ("mode", "reason"),
        [("bad_signature", "No signatures found matching"), ("old_signature", "Timestamp outside the tolerance zone")],
    )
    def test_wrong_signatures_are_refused_by_the_stripe_package_and_heal(
        self, sandbox: SandboxProcess, shop: Listener, mode: str, reason: str
    ) -> None:
        sandbox.control("settings", {"mode": mode, "enabled_events": ["checkout.session.completed"]})
        shop.answers = [400] * 3
        pay(sandbox)
        heard = shop.wait_for("checkout.session.completed")[0]
        with pytest.raises(stripe.SignatureVerificationError, match=reason):
            verified(heard)
        sandbox.control("settings", {"mode": "auto"})
        assert sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}
        assert verified(shop.heard[-1]).type == "checkout.session.completed"

    def test_what_does_not_exist_is_refused(self, sandbox: SandboxProcess) -> None:
        for wrong in ({"mode": "sometimes"}, {"colour": "red"}, {"return_order": "never"}):
            with pytest.raises(RuntimeError, match="400"):
                sandbox.control("settings", wrong)
        assert sandbox.control("state")["settings"]["mode"] == "auto"


class TestDeliveriesByHand:
    def test_go_out_many_at_once_and_return_the_answers(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"mode": "hold"})
        pay(sandbox)
        event = client(sandbox).v1.events.list().data[0].id
        sent = sandbox.control(f"events/{event}/deliver", {"times": 50})["attempts"]
        assert [one["status"] for one in sent] == [200] * 50
        assert {one.event["id"] for one in shop.heard} == {event}
        assert len(shop.heard) == 50

    def test_can_be_forged_and_outdated(self, sandbox: SandboxProcess, shop: Listener, browser: Browser) -> None:
        sandbox.control("settings", {"mode": "hold"})
        pay(sandbox)
        event = client(sandbox).v1.events.list().data[0].id
        for style in ("bad", "old"):
            page = browser.submit(
                f"/events/{event}/deliver", {"times": "1", "signature": style}, page=f"/events/{event}"
            )
            assert page.status == 302
        for heard in shop.heard:
            with pytest.raises(stripe.SignatureVerificationError):
                verified(heard)
        assert len(shop.heard) == 2
        assert browser.get(f"/events/{event}").text.count("<td>old</td>") == 1


class TestTheSandboxItself:
    def test_goes_on_after_being_killed(self, own_sandbox: SandboxProcess, shop: Listener) -> None:
        own_sandbox.control("settings", {"mode": "hold"})
        session = open_session(client(own_sandbox))
        own_sandbox.control(f"pay/{session.id}", {"bank": "succeeded", "seconds": 1})
        before = own_sandbox.control("truth")
        own_sandbox.stop(kill=True)
        own_sandbox.start()
        assert [one["id"] for one in own_sandbox.control("truth")["payment_intents"]] == [
            one["id"] for one in before["payment_intents"]
        ]
        own_sandbox.control("settings", {"mode": "auto"})
        told = shop.wait_for("checkout.session.async_payment_succeeded")[0]
        assert told.event["data"]["object"]["id"] == session.id

    def test_sends_again_what_was_on_its_way_when_it_was_killed(
        self, own_sandbox: SandboxProcess, shop: Listener
    ) -> None:
        own_sandbox.control("settings", {"enabled_events": ["checkout.session.completed"]})
        shop.may_answer.clear()
        pay(own_sandbox)
        shop.wait_for("checkout.session.completed")
        own_sandbox.stop(kill=True)
        shop.forget()
        own_sandbox.start()
        shop.wait_for("checkout.session.completed")
        assert own_sandbox.control("wait", {"seconds": 5}) == {"undelivered": 0}

    def test_retries_until_the_shop_is_back(self, own_sandbox: SandboxProcess, shop: Listener) -> None:
        own_sandbox.control("settings", {"webhook_url": "http://127.0.0.1:9/nobody", "enabled_events": ["checkout.*"]})
        pay(own_sandbox)
        assert own_sandbox.control("wait", {"seconds": 1}) == {"undelivered": 1}
        own_sandbox.control("settings", {"webhook_url": shop.url})
        shop.wait_for("checkout.session.completed")
        attempts = own_sandbox.control("events?type=checkout.session.completed")["events"][0]["attempts"]
        assert "ConnectionRefusedError" in attempts[0]["error"]
        assert attempts[-1]["status"] == 200

    def test_tells_the_truth_about_every_payment(self, sandbox: SandboxProcess) -> None:
        api = client(sandbox)
        for amount, order in ((4900, {}), (8900, {"card": "4000000000000002"}), (19900, {"bank": ""}), (0, {})):
            sandbox.control(f"pay/{open_session(api, amount).id}", order)
        truth = sandbox.control("truth")
        assert [(one["amount"], one["amount_received"], one["status"]) for one in truth["payment_intents"]] == [
            (4900, 4900, "succeeded"),
            (8900, 0, "requires_payment_method"),
            (19900, 0, "processing"),
        ]
        assert {one["client_reference_id"] for one in truth["payment_intents"]} == {"purchase-1"}
        assert [one["payment_status"] for one in truth["free_sessions"]] == ["no_payment_required"]
        assert json.dumps(truth)

    def test_can_be_made_to_misstate_an_amount(self, sandbox: SandboxProcess, shop: Listener) -> None:
        session = open_session(client(sandbox))
        sandbox.control(f"pay/{session.id}", {"amount_total": 100, "currency": "eur"})
        told = shop.wait_for("checkout.session.completed")[0].event["data"]["object"]
        assert (told["amount_total"], told["currency"], told["payment_status"]) == (100, "eur", "paid")
