"""Staff give money back in the admin: shown first, then once, whatever is clicked twice and whoever does not answer."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing import fulfilment, gateway, refunding, reversals
from billing.models import Purchase, Refund
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tests.sandbox_process import SandboxProcess
from tests.stripe_events.money_back import dispute
from tests.together import together
from tokens import balance, ledger

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "The garden was paved over"


@pytest.fixture
def bought(sandbox: SandboxProcess, live_server: LiveServer, buyer: User) -> Purchase:
    """50 tokens for $49.00, paid at the sandbox, which delivers nothing of itself."""
    browser = Client()
    browser.force_login(buyer)
    answer = browser.post("/purchase/checkout/", {"package": "package_50"})
    purchase = Purchase.objects.get(checkout_url=answer.headers["Location"])
    sandbox.control(f"pay/{purchase.stripe_session_id}", {})
    purchase = fulfilment.settle(gateway.retrieve_checkout_session(purchase.stripe_session_id or ""))
    assert purchase.state == Purchase.State.PAID
    return purchase


def page(purchase: Purchase) -> str:
    return reverse("admin:billing_purchase_refund", args=[purchase.pk])


@pytest.fixture
def send(desk: Client, bought: Purchase) -> Callable[..., Any]:
    """Post the refund form; `send(amount="9.80")` asks for a preview, `confirm=""` refunds."""
    key = uuid4()

    def post(**fields: Any) -> Any:
        return desk.post(page(bought), {"amount": "49.00", "reason": REASON, "form_key": str(key), **fields})

    return post


def books(purchase: Purchase) -> tuple[int, int, int]:
    """Tokens taken back, cents that went back, and the buyer's tokens less what they owe."""
    purchase.refresh_from_db()
    held = balance.read(User.objects.get(pk=purchase.user_id))
    return purchase.tokens_gone, purchase.money_back_cents, held.balance - held.debt


def refunded_at_stripe(sandbox: SandboxProcess) -> list[int]:
    return [payment["amount_refunded"] for payment in sandbox.control("truth")["payment_intents"]]


class TestARefund:
    def test_is_shown_before_it_is_made(self, send: Callable[..., Any], bought: Purchase) -> None:
        ledger.adjust(
            user_id=bought.user_id, amount=-45, reason="Spent", adjusted_by_id=bought.user_id, key="adjustment:1"
        )
        answer = send(amount="9.80")
        shown = answer.context["preview"]
        assert (shown.tokens, shown.balance, shown.balance_after, shown.debt_after) == (10, 5, 0, 5)
        assert "Refund $9.80 now" in answer.content.decode()
        assert books(bought) == (0, 0, 5)

    def test_offers_the_rest_of_the_price(self, desk: Client, send: Callable[..., Any], bought: Purchase) -> None:
        send(amount="9.80", confirm="")
        form = desk.get(page(bought)).context["form"]
        assert (form["amount"].value(), "at most $39.20" in form["amount"].help_text) == ("39.20", True)
        attrs = form.fields["amount"].widget.attrs
        assert (attrs["min"], attrs["step"], attrs["max"]) == ("0.01", "0.01", "39.20")

    def test_takes_the_tokens_and_notes_who_and_why(
        self, send: Callable[..., Any], bought: Purchase, staff: User, sandbox: SandboxProcess
    ) -> None:
        answer = send(amount="9.80", confirm="")
        assert answer.headers["Location"] == reverse("admin:billing_purchase_change", args=[bought.pk])
        assert (books(bought), refunded_at_stripe(sandbox)) == ((10, 980, 40), [980])
        refund = Refund.objects.get()
        assert (refund.requested_by, refund.reason, refund.told) == (staff, REASON, REASON)
        note = LogEntry.objects.get()
        assert (note.user, note.object_id) == (staff, str(bought.pk))
        assert note.change_message == f"Refunded $9.80 ({refund.pk}): {REASON}"

    def test_is_made_once_however_often_its_form_is_sent(
        self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess
    ) -> None:
        for _ in range(3):
            assert send(amount="9.80", confirm="").status_code == 302
        assert (books(bought), refunded_at_stripe(sandbox)) == ((10, 980, 40), [980])
        assert (Refund.objects.count(), LogEntry.objects.count()) == (1, 1)

    def test_is_made_once_even_when_two_clicks_arrive_together(
        self, bought: Purchase, staff: User, sandbox: SandboxProcess
    ) -> None:
        fields = {"amount": "9.80", "reason": REASON, "form_key": str(uuid4()), "confirm": ""}
        clients = [Client() for _ in range(4)]
        for client in clients:
            client.force_login(staff)
        answers = together(*[lambda c=client: c.post(page(bought), fields) for client in clients])
        assert {answer.status_code for answer in answers} <= {302, 503}
        assert (books(bought), refunded_at_stripe(sandbox)) == ((10, 980, 40), [980])
        assert (Refund.objects.count(), LogEntry.objects.count()) == (1, 1)

    def test_would_be_made_every_time_without_the_key_of_the_form(
        self, bought: Purchase, staff: User, sandbox: SandboxProcess
    ) -> None:
        def refund() -> Refund:
            return refunding.refund_purchase(
                purchase=Purchase.objects.get(pk=bought.pk),
                staff=staff,
                amount_cents=980,
                reason=REASON,
                form_key=uuid4(),
            )

        together(refund, refund)
        assert refunded_at_stripe(sandbox) == [1960]

    def test_takes_no_second_amount_under_one_form(
        self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess
    ) -> None:
        send(amount="9.80", confirm="")
        answer = send(amount="19.60", confirm="")
        assert (answer.status_code, "This form already made another refund." in answer.content.decode()) == (422, True)
        assert refunded_at_stripe(sandbox) == [980]

    def test_is_told_by_its_own_event_when_we_die_before_we_note_it(
        self, send: Callable[..., Any], bought: Purchase, staff: User, sandbox: SandboxProcess
    ) -> None:
        with patch.object(reversals, "note_refund", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            send(confirm="")
        assert (books(bought), refunded_at_stripe(sandbox)) == ((0, 0, 50), [4900])
        assert post_event(stripe_events.event("refund.created", refund_at_stripe())).content == b"applied\n"
        refund = Refund.objects.get()
        assert (books(bought), refund.requested_by, refund.told) == ((50, 4900, 0), staff, REASON)
        assert send(confirm="").status_code == 302
        assert refunded_at_stripe(sandbox) == [4900]


def refund_at_stripe() -> dict[str, Any]:
    """The only refund the sandbox knows, as its events carry it."""
    [refund] = gateway.client.client().v1.refunds.list().data
    return dict(refund.to_dict(for_json=True))


class TestWhenStripeDoesNotAnswer:
    def test_nothing_changes_and_the_same_form_makes_it_good(
        self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess
    ) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 50})
        answer = send(amount="9.80", confirm="")
        assert (answer.status_code, "Send this form again" in answer.content.decode()) == (503, True)
        assert (books(bought), Refund.objects.count()) == ((0, 0, 50), 0)
        sandbox.control("faults", {})
        assert send(amount="9.80", confirm="").status_code == 302
        assert (books(bought), refunded_at_stripe(sandbox)) == ((10, 980, 40), [980])

    def test_after_the_money_was_given_a_retry_gives_no_more(
        self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess, settings: Any
    ) -> None:
        sandbox.control("faults", {"kind": "cut", "calls": 3, "path": "/v1/refunds"})
        assert send(amount="9.80", confirm="").status_code in (302, 503)
        sandbox.control("faults", {})
        assert send(amount="9.80", confirm="").status_code == 302
        assert (books(bought), refunded_at_stripe(sandbox)) == ((10, 980, 40), [980])

    def test_the_form_says_that_it_may_be_old(self, desk: Client, bought: Purchase, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 50})
        assert "refunds made there may be missing here" in desk.get(page(bought)).content.decode()


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "fields",
        [
            {"amount": "0"},
            {"amount": "-1"},
            {"amount": "49.01"},
            {"amount": "0.001"},
            {"amount": "1.005"},
            {"amount": "NaN"},
            {"amount": "Infinity"},
            {"amount": "1e30"},
            {"amount": "1e1"},
            {"amount": "٤٩"},
            {"amount": "9.8"},
            {"reason": "Turned \u202e around"},
            {"amount": ""},
            {"reason": ""},
            {"reason": "oops"},
            {"reason": "x" * 301},
            {"form_key": "x"},
        ],
    )
    def test_what_makes_no_sense(
        self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess, fields: dict[str, str]
    ) -> None:
        assert send(confirm="", **fields).status_code == 422
        assert (books(bought), refunded_at_stripe(sandbox)) == ((0, 0, 50), [0])

    def test_more_than_is_left(self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess) -> None:
        send(amount="48.00", confirm="")
        for step in ({}, {"confirm": ""}):
            answer = send(amount="1.01", form_key=str(uuid4()), **step)
            assert "Between $0.01 and $1.00 can be given back." in answer.content.decode()
        assert refunded_at_stripe(sandbox) == [4800]

    def test_anything_after_all_of_it(self, desk: Client, send: Callable[..., Any], bought: Purchase) -> None:
        send(confirm="")
        text = desk.get(page(bought)).content.decode()
        assert ("Nothing of its price is left to give back." in text, "Preview" in text) == (True, False)

    def test_what_was_given_back_at_stripe_meanwhile(
        self, desk: Client, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess
    ) -> None:
        gateway.client.client().v1.refunds.create(params={"payment_intent": bought.stripe_payment_intent_id or ""})
        answer = send(confirm="")
        assert (answer.status_code, refunded_at_stripe(sandbox)) == (422, [4900])
        assert "Stripe has already given all of it back." in answer.content.decode()
        assert "Nothing of its price is left" in desk.get(page(bought)).content.decode()
        assert books(bought) == (50, 4900, 0)

    def test_a_payment_under_dispute(self, send: Callable[..., Any], bought: Purchase, sandbox: SandboxProcess) -> None:
        post_event(dispute(bought, 100, "needs_response"))
        for step in ({}, {"confirm": ""}):
            answer = send(amount="1.00", **step)
            assert (answer.status_code, "disputes this payment" in answer.content.decode()) == (422, True)
        assert refunded_at_stripe(sandbox) == [0]

    def test_a_purchase_that_is_not_paid(self, desk: Client, sell: Sell) -> None:
        open_one = sell(stripe_session_id="cs_test_open")
        assert "Only a paid purchase can be refunded." in desk.get(page(open_one)).content.decode()

    @pytest.mark.parametrize("permission", [None, "view_purchase", "ask_stripe", "view_refund"])
    def test_staff_without_the_permission(
        self, client: Client, bought: Purchase, sandbox: SandboxProcess, permission: str | None
    ) -> None:
        support = User.objects.create_user("support@example.com", "a-long-passphrase", is_staff=True)
        if permission:
            support.user_permissions.add(Permission.objects.get(codename=permission))
        client.force_login(support)
        fields = {"amount": "49.00", "reason": REASON, "form_key": str(uuid4()), "confirm": ""}
        assert [client.get(page(bought)).status_code, client.post(page(bought), fields).status_code] == [403, 403]
        assert refunded_at_stripe(sandbox) == [0]

    def test_the_buyer(self, client: Client, buyer: User, bought: Purchase, sandbox: SandboxProcess) -> None:
        client.force_login(buyer)
        fields = {"amount": "49.00", "reason": REASON, "form_key": str(UUID(int=1)), "confirm": ""}
        assert client.post(page(bought), fields).status_code == 302
        assert refunded_at_stripe(sandbox) == [0]


class TestTheButton:
    def test_is_there_for_who_may_press_it(self, client: Client, desk: Client, bought: Purchase) -> None:
        change = reverse("admin:billing_purchase_change", args=[bought.pk])
        assert page(bought) in desk.get(change).content.decode()
        onlooker = User.objects.create_user("onlooker@example.com", "a-long-passphrase", is_staff=True)
        onlooker.user_permissions.set(Permission.objects.filter(codename="view_purchase"))
        client.force_login(onlooker)
        assert page(bought) not in client.get(change).content.decode()
