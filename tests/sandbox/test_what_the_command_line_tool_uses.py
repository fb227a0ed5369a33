"""Addresses beside Checkout and subscriptions: cards from tokens, payment pages, invoices made by hand."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from tests.sandbox.shape_check import problems
from tests.sandbox.test_objects_have_the_shape_of_the_api_version import fetch
from tests.sandbox.things import open_session
from tests.sandbox_process import API_KEY, SandboxProcess


def post(sandbox: SandboxProcess, path: str, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What the stripe package has no method for."""
    request = urllib.request.Request(
        f"{sandbox.url}/v1/{path}", data=urlencode(fields).encode(), headers={"Authorization": f"Bearer {API_KEY}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def token_card(api: stripe.StripeClient, token: str = "tok_visa") -> stripe.PaymentMethod:
    return api.v1.payment_methods.create(
        params={"type": "card", "card": {"token": token}, "billing_details": {"email": "ann@example.com"}}
    )


class TestACardFromAToken:
    def test_is_the_test_card_of_that_name(self, api: stripe.StripeClient) -> None:
        method = token_card(api)
        assert method.card is not None
        assert (method.card.last4, method.billing_details.email) == ("4242", "ann@example.com")
        assert problems(method.to_dict(for_json=True)) == []

    @pytest.mark.parametrize(
        ("params", "param"),
        [
            ({"type": "card", "card": {"token": "tok_nobody"}}, "card[token]"),
            ({"type": "card", "card": {"exp_month": 12}}, "card"),
            ({"type": "alipay"}, "type"),
        ],
    )
    def test_is_refused_when_it_cannot_be_known(self, api: stripe.StripeClient, params: Any, param: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.payment_methods.create(params=params)
        assert (caught.value.http_status, str(caught.value.param).startswith(param)) == (400, True)


class TestAPaymentPage:
    def test_is_paid_with_a_payment_method(self, sandbox: SandboxProcess, api: stripe.StripeClient) -> None:
        session = open_session(api)
        assert fetch(sandbox, f"payment_pages/{session.id}")["status"] == "open"
        given = {"payment_method": token_card(api).id, "expected_amount": 4900}
        status, paid = post(sandbox, f"payment_pages/{session.id}/confirm", given)
        assert (status, paid["status"], paid["payment_status"]) == (200, "complete", "paid")
        assert paid["customer_details"]["email"] == "ann@example.com"
        assert post(sandbox, f"payment_pages/{session.id}/confirm", given)[0] == 400

    def test_refuses_another_amount_and_a_declined_card_and_stays_open(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        confirm = f"payment_pages/{open_session(api).id}/confirm"
        wrong = post(sandbox, confirm, {"payment_method": token_card(api).id, "expected_amount": 1})
        assert (wrong[0], wrong[1]["error"]["param"]) == (400, "expected_amount")
        declined = token_card(api, "tok_chargeDeclined").id
        refused = post(sandbox, confirm, {"payment_method": declined, "expected_amount": 4900})
        assert (refused[0], refused[1]["error"]["code"]) == (402, "card_declined")
        assert [one.status for one in api.v1.charges.list().data] == ["failed"]
        assert api.v1.checkout.sessions.list().data[0].status == "open"


class TestAnInvoiceMadeByHand:
    def test_takes_the_waiting_items_and_is_paid(self, sandbox: SandboxProcess, api: stripe.StripeClient) -> None:
        customer = api.v1.customers.create(
            params={"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
        ).id
        for amount in (2000, 500):
            api.v1.invoice_items.create(params={"customer": customer, "amount": amount, "currency": "usd"})
        made = api.v1.invoices.create(params={"customer": customer, "pending_invoice_items_behavior": "include"})
        assert (made.status, made.amount_due, made.number, made.parent) == ("draft", 2500, None, None)
        opened = api.v1.invoices.finalize_invoice(made.id)
        assert (opened.status, opened.number is None) == ("open", False)
        paid = api.v1.invoices.pay(made.id)
        assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 2500, 0)
        items = [event for event in fetch(sandbox, "events")["data"] if event["type"].startswith("invoice")]
        assert [problem for event in items for problem in problems(event["data"]["object"])] == []

    def test_over_nothing_is_refused(self, api: stripe.StripeClient) -> None:
        customer = api.v1.customers.create().id
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.invoices.create(params={"customer": customer, "pending_invoice_items_behavior": "include"})
        assert caught.value.http_status == 400

    def test_declined_stays_open(self, api: stripe.StripeClient) -> None:
        customer = api.v1.customers.create().id
        method = api.v1.payment_methods.attach("pm_card_chargeCustomerFail", params={"customer": customer}).id
        api.v1.invoice_items.create(params={"customer": customer, "amount": 2000, "currency": "usd"})
        made = api.v1.invoices.create(params={"customer": customer, "pending_invoice_items_behavior": "include"})
        with pytest.raises(stripe.CardError) as caught:
            api.v1.invoices.pay(made.id, params={"payment_method": method})
        assert caught.value.code == "card_declined"
        after = api.v1.invoices.retrieve(made.id)
        assert (after.status, after.attempt_count, after.next_payment_attempt) == ("open", 1, None)
