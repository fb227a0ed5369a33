"""Each object and event is held against the resource classes of the installed `stripe` package."""

import contextlib
import json
import urllib.request
from typing import Any

import pytest
import stripe

from tests.sandbox.shape_check import problems
from tests.sandbox.things import off_session, open_session, save_card
from tests.sandbox_process import API_KEY, SandboxProcess

ADDRESSES = [
    "balance_transactions",
    "charges",
    "checkout/sessions",
    "customers",
    "disputes",
    "events",
    "payment_intents",
    "prices",
    "products",
    "refunds",
    "setup_intents",
]


def fetch(sandbox: SandboxProcess, path: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{sandbox.url}/v1/{path}", headers={"Authorization": f"Bearer {API_KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        body: dict[str, Any] = json.load(answer)
        return body


INQUIRY = "warning_needs_response"


@pytest.fixture
def busy_sandbox(sandbox: SandboxProcess, api: stripe.StripeClient) -> SandboxProcess:
    """One of everything: paid, declined, authenticated, debited, settled, refunded, expired, free."""
    customer = api.v1.customers.create(params={"email": "ann@example.com", "metadata": {"user": "7"}})
    saving: Any = {"setup_future_usage": "off_session", "metadata": {"purchase": "1"}}
    for order in (
        {},
        {"card": "4000000000009995"},
        {"card": "4000002760003184"},
        {"card": "4000002760003184", "authentication": "fail"},
        {"card": "4000002760003184", "authentication": "leave"},
        {"card": "4000000000005126"},
        {"bank": ""},
        {"bank": ""},
        {"bank": ""},
    ):
        session = open_session(api, customer=customer.id, payment_intent_data=saving)
        sandbox.control(f"pay/{session.id}", order)
    waiting = [intent for intent in api.v1.payment_intents.list().data if intent.status == "processing"]
    sandbox.control(f"debits/{waiting[0].id}/settle", {"outcome": "succeeded"})
    sandbox.control(f"debits/{waiting[1].id}/settle", {"outcome": "failed"})
    paid = [charge for charge in api.v1.charges.list().data if charge.status == "succeeded"]
    for charge in paid:
        api.v1.refunds.create(params={"charge": charge.id, "amount": 100})
    dispute_and_save(sandbox, api, customer.id)
    sandbox.control(f"sessions/{open_session(api).id}/expire", {})
    sandbox.control(f"pay/{open_session(api, 0).id}", {})
    sandbox.control("wait", {"seconds": 10})
    return sandbox


def dispute_and_save(sandbox: SandboxProcess, api: stripe.StripeClient, customer: str) -> None:
    """Payments without Checkout, won and lost disputes with evidence, and setup intents in each of their ends."""
    saved = save_card(api, customer, "pm_card_visa")
    for end in ("won", "lost"):
        intent = off_session(api, customer, saved)
        dispute = sandbox.control("disputes", {"payment_intent": intent.id})["dispute"]["id"]
        api.v1.disputes.update(dispute, params={"evidence": {"customer_name": "Ann"}})
        sandbox.control(f"disputes/{dispute}/close", {"status": end})
    sandbox.control("disputes", {"payment_intent": off_session(api, customer, saved).id, "status": INQUIRY})
    for name in ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"):
        setup = api.v1.setup_intents.create(params={"customer": customer})
        with contextlib.suppress(stripe.CardError):
            api.v1.setup_intents.confirm(setup.id, params={"payment_method": name, "return_url": "http://127.0.0.1/"})
    with contextlib.suppress(stripe.CardError):
        off_session(api, customer, save_card(api, customer, "pm_card_authenticationRequired"))


class TestEveryAnswer:
    def test_has_exactly_the_fields_types_and_values_of_the_version(self, busy_sandbox: SandboxProcess) -> None:
        found = []
        for address in ADDRESSES:
            listed = fetch(busy_sandbox, f"{address}?limit=100")["data"]
            assert listed, address
            found += [problem for body in listed for problem in problems(body)]
        assert sorted(set(found)) == []

    def test_has_them_inside_event_snapshots_too(self, busy_sandbox: SandboxProcess) -> None:
        events = fetch(busy_sandbox, "events?limit=100")["data"]
        subjects = [event["data"]["object"] for event in events]
        assert sorted({problem for body in subjects for problem in problems(body)}) == []
        assert {event["api_version"] for event in events} == {stripe.api_version}

    def test_has_them_when_expanded(self, busy_sandbox: SandboxProcess) -> None:
        paths = "&".join(
            f"expand[]=data.{path}"
            for path in ("payment_intent.latest_charge", "customer", "line_items", "payment_intent.payment_method")
        )
        sessions = fetch(busy_sandbox, f"checkout/sessions?limit=100&{paths}")["data"]
        assert sorted({problem for body in sessions for problem in problems(body)}) == []

    def test_has_them_for_the_balance_and_saved_cards(self, busy_sandbox: SandboxProcess) -> None:
        customer = fetch(busy_sandbox, "customers")["data"][0]["id"]
        methods = fetch(busy_sandbox, f"payment_methods?customer={customer}")["data"]
        assert {method["type"] for method in methods} == {"card", "us_bank_account"}
        bodies = [fetch(busy_sandbox, "balance"), *methods]
        assert sorted({problem for body in bodies for problem in problems(body)}) == []


class TestTheCheckItself:
    def test_sees_a_field_too_much_one_missing_a_wrong_type_and_a_wrong_value(
        self, busy_sandbox: SandboxProcess
    ) -> None:
        body = fetch(busy_sandbox, "charges")["data"][0]
        assert problems(body) == []
        del body["amount"]
        broken = {**body, "colour": "red", "captured": "yes", "status": "perhaps"}
        assert [problem.split(" ")[0] for problem in problems(broken)] == [
            "charge.colour",
            "charge.amount",
            "charge.captured",
            "charge.status",
        ]
