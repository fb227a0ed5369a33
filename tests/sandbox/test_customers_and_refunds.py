"""Customers with their saved cards, and money going back."""

from typing import Any

import pytest
import stripe

from tests.sandbox.listener import Listener
from tests.sandbox.things import open_session
from tests.sandbox_process import SandboxProcess


def paid_charge(api: stripe.StripeClient, sandbox: SandboxProcess, **order: Any) -> stripe.Charge:
    sandbox.control(f"pay/{open_session(api).id}", order)
    return api.v1.charges.list().data[0]


class TestACustomer:
    def test_is_created_changed_and_listed(self, api: stripe.StripeClient) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com", "metadata": {"a": "1", "b": "2"}})
        changed = api.v1.customers.update(customer.id, params={"name": "Ann", "metadata": {"a": "", "c": "3"}})
        assert changed.metadata is not None
        assert (changed.name, changed.email) == ("Ann", "ann@example.com")
        assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
        assert [one.id for one in api.v1.customers.list(params={"email": "ann@example.com"}).data] == [customer.id]
        updated = api.v1.events.list(params={"type": "customer.updated"}).data[0]
        assert updated.data.previous_attributes is not None
        assert updated.data.previous_attributes["name"] is None

    def test_once_deleted_is_a_stub_without_cards(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        saving: Any = {"setup_future_usage": "off_session"}
        sandbox.control(f"pay/{open_session(api, customer=customer, payment_intent_data=saving).id}", {})
        assert len(api.v1.payment_methods.list(params={"customer": customer}).data) == 1
        api.v1.customers.delete(customer)
        gone: Any = api.v1.customers.retrieve(customer)
        assert gone.deleted is True
        assert api.v1.customers.list().data == []
        with pytest.raises(stripe.InvalidRequestError):
            open_session(api, customer=customer)


class TestACardPaidWith:
    def test_is_saved_only_when_asked_for(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        sandbox.control(f"pay/{open_session(api, customer=customer).id}", {})
        assert api.v1.payment_methods.list(params={"customer": customer}).data == []
        saving: Any = {"setup_future_usage": "off_session"}
        session = open_session(api, customer=customer, payment_intent_data=saving)
        sandbox.control(f"pay/{session.id}", {"card": "5555555555554444"})
        cards = api.v1.payment_methods.list(params={"customer": customer, "type": "card"}).data
        assert [(one.card and one.card.brand, one.card and one.card.last4) for one in cards] == [("mastercard", "4444")]
        assert api.v1.payment_intents.list().data[0].payment_method == cards[0].id

    def test_of_a_guest_makes_a_customer_when_saved(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        saving: Any = {"setup_future_usage": "off_session"}
        session = open_session(api, payment_intent_data=saving)
        sandbox.control(f"pay/{session.id}", {"email": "bob@example.com"})
        customer: Any = api.v1.checkout.sessions.retrieve(session.id, params={"expand": ["customer"]}).customer
        assert customer.email == "bob@example.com"

    def test_once_detached_can_never_be_used_again(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        customer = api.v1.customers.create(params={"email": "ann@example.com"}).id
        saving: Any = {"setup_future_usage": "off_session"}
        sandbox.control(f"pay/{open_session(api, customer=customer, payment_intent_data=saving).id}", {})
        card = api.v1.payment_methods.list(params={"customer": customer}).data[0].id
        assert api.v1.payment_methods.detach(card).customer is None
        with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
            api.v1.payment_methods.attach(card, params={"customer": customer})


class TestARefund:
    def test_in_parts_adds_up_and_ends_at_the_whole(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        charge = paid_charge(api, sandbox)
        assert isinstance(charge.payment_intent, str)
        api.v1.refunds.create(params={"charge": charge.id, "amount": 900})
        with pytest.raises(stripe.InvalidRequestError, match=r"\(\$40.01\) is greater .* \(\$40.00\)"):
            api.v1.refunds.create(params={"charge": charge.id, "amount": 4001})
        rest = api.v1.refunds.create(params={"payment_intent": charge.payment_intent})
        assert (rest.amount, rest.status) == (4000, "succeeded")
        whole = api.v1.charges.retrieve(charge.id, params={"expand": ["refunds"]})
        assert (whole.amount_refunded, whole.refunded) == (4900, True)
        assert whole.refunds is not None
        assert [one.amount for one in whole.refunds.data] == [4000, 900]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.refunds.create(params={"charge": charge.id})
        assert caught.value.code == "charge_already_refunded"
        assert sandbox.control("truth")["payment_intents"][0]["amount_refunded"] == 4900

    def test_tells_the_refund_and_the_running_sum(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        charge = paid_charge(api, sandbox)
        for amount in (100, 200):
            api.v1.refunds.create(params={"charge": charge.id, "amount": amount})
        refunds = shop.wait_for("refund.created", count=2)
        sums = shop.wait_for("charge.refunded", count=2)
        assert sorted(heard.event["data"]["object"]["amount"] for heard in refunds) == [100, 200]
        assert sorted(heard.event["data"]["object"]["amount_refunded"] for heard in sums) == [100, 300]

    def test_of_an_unpaid_charge_is_refused(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        charge = paid_charge(api, sandbox, card="4000000000000002")
        with pytest.raises(stripe.InvalidRequestError):
            api.v1.refunds.create(params={"charge": charge.id})
        assert isinstance(charge.payment_intent, str)
        with pytest.raises(stripe.InvalidRequestError):
            api.v1.refunds.create(params={"payment_intent": charge.payment_intent})

    def test_may_be_pending_first_and_may_fail_later(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        slow = paid_charge(api, sandbox, card="4000000000007726")
        assert api.v1.refunds.create(params={"charge": slow.id}).status == "pending"
        failing = paid_charge(api, sandbox, card="4000000000005126")
        assert api.v1.refunds.create(params={"charge": failing.id}).status == "succeeded"
        failed = shop.wait_for("refund.failed")[0].event["data"]["object"]
        assert (failed["charge"], failed["status"]) == (failing.id, "failed")
        shop.wait_for("refund.updated", count=2)
        assert [one.status for one in api.v1.refunds.list().data] == ["failed", "succeeded"]
        assert api.v1.charges.retrieve(failing.id).amount_refunded == 0

    def test_shrinks_the_balance_but_gives_no_fee_back(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        charge = paid_charge(api, sandbox)
        assert api.v1.balance.retrieve().available[0].amount == 4900 - 172
        api.v1.refunds.create(params={"charge": charge.id})
        assert api.v1.balance.retrieve().available[0].amount == -172
