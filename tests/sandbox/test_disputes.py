"""Cardholders who go to their bank: chargebacks, inquiries, evidence, and what each does to the balance."""

from typing import Any

import pytest
import stripe

from tests.sandbox.listener import Listener
from tests.sandbox.things import intent_params
from tests.sandbox_process import SandboxProcess

FEE_OF_CHARGE = 172
FEE_OF_DISPUTE = 1500


def paid(api: stripe.StripeClient, card: str = "pm_card_visa") -> stripe.PaymentIntent:
    params: Any = intent_params(payment_method=card, confirm=True)
    return api.v1.payment_intents.create(params=params)


def balance(api: stripe.StripeClient) -> int:
    return api.v1.balance.retrieve().available[0].amount


class TestAChargeback:
    def test_takes_the_money_and_a_fee_and_marks_the_charge(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        intent = paid(api)
        opened = sandbox.control("disputes", {"payment_intent": intent.id})["dispute"]
        assert (opened["amount"], opened["status"], opened["reason"]) == (4900, "needs_response", "fraudulent")
        assert opened["payment_intent"] == intent.id
        withdrawn = shop.wait_for("charge.dispute.funds_withdrawn")[0].event["data"]["object"]
        moves = [(one["amount"], one["fee"], one["net"]) for one in withdrawn["balance_transactions"]]
        assert moves == [(-4900, FEE_OF_DISPUTE, -4900 - FEE_OF_DISPUTE)]
        assert api.v1.charges.list().data[0].disputed is True
        assert balance(api) == -FEE_OF_CHARGE - FEE_OF_DISPUTE
        shop.wait_for("charge.dispute.created")
        with pytest.raises(RuntimeError, match="disputed already"):
            sandbox.control("disputes", {"payment_intent": intent.id})

    def test_that_is_won_gives_it_back(self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener) -> None:
        key = sandbox.control("disputes", {"payment_intent": paid(api).id, "amount": 900})["dispute"]["id"]
        sandbox.control(f"disputes/{key}/close", {"status": "won"})
        closed = shop.wait_for("charge.dispute.closed")[0].event["data"]["object"]
        assert (closed["status"], [one["amount"] for one in closed["balance_transactions"]]) == ("won", [-900, 900])
        shop.wait_for("charge.dispute.funds_reinstated")
        assert balance(api) == 4900 - FEE_OF_CHARGE

    def test_that_is_lost_stays_lost(self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener) -> None:
        key = sandbox.control("disputes", {"payment_intent": paid(api).id})["dispute"]["id"]
        assert api.v1.disputes.close(key).status == "lost"
        shop.wait_for("charge.dispute.closed")
        assert "charge.dispute.funds_reinstated" not in shop.types()
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.disputes.close(key)
        assert caught.value.code == "dispute_already_closed"
        with pytest.raises(RuntimeError, match="closed already"):
            sandbox.control(f"disputes/{key}/close", {"status": "won"})

    def test_leaves_nothing_to_refund_until_it_is_won(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        intent = paid(api)
        key = sandbox.control("disputes", {"payment_intent": intent.id})["dispute"]["id"]
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.refunds.create(params={"payment_intent": intent.id})
        assert caught.value.code == "charge_disputed"
        sandbox.control(f"disputes/{key}/close", {"status": "won"})
        assert api.v1.refunds.create(params={"payment_intent": intent.id}).status == "succeeded"

    def test_comes_by_itself_from_the_disputing_card(self, api: stripe.StripeClient, shop: Listener) -> None:
        intent = paid(api, "pm_card_createDispute")
        told = shop.wait_for("charge.dispute.created")[0].event["data"]["object"]
        assert (told["payment_intent"], told["status"]) == (intent.id, "needs_response")


class TestAnInquiry:
    def test_moves_no_money_and_is_closed_or_escalated(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        first, second = paid(api, "pm_card_createDisputeInquiry"), paid(api)
        told = shop.wait_for("charge.dispute.created")[0].event["data"]["object"]
        assert (told["payment_intent"], told["status"]) == (first.id, "warning_needs_response")
        assert told["balance_transactions"] == []
        assert balance(api) == 2 * (4900 - FEE_OF_CHARGE)
        with pytest.raises(RuntimeError, match="cannot end as lost"):
            sandbox.control(f"disputes/{told['id']}/close", {"status": "lost"})
        sandbox.control(f"disputes/{told['id']}/close", {"status": "warning_closed"})
        asked = sandbox.control("disputes", {"payment_intent": second.id, "status": "warning_needs_response"})
        after = sandbox.control(f"disputes/{asked['dispute']['id']}/close", {"status": "needs_response"})["dispute"]
        assert (after["status"], [one["amount"] for one in after["balance_transactions"]]) == (
            "needs_response",
            [-4900],
        )


class TestEvidence:
    def test_is_a_draft_first_and_is_submitted_once(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        key = sandbox.control("disputes", {"payment_intent": paid(api).id})["dispute"]["id"]
        draft = api.v1.disputes.update(key, params={"evidence": {"customer_name": "Ann"}, "submit": False})
        assert (draft.status, draft.evidence.customer_name) == ("needs_response", "Ann")
        sent = api.v1.disputes.update(key, params={"evidence": {"uncategorized_text": "She used it."}})
        assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
        shop.wait_for("charge.dispute.updated", count=2)
        with pytest.raises(stripe.InvalidRequestError, match="once"):
            api.v1.disputes.update(key, params={"evidence": {"uncategorized_text": "And again."}})


class TestTheList:
    def test_is_narrowed_by_payment_and_charge(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        mine, other = paid(api), paid(api)
        for intent in (mine, other):
            sandbox.control("disputes", {"payment_intent": intent.id})
        found = api.v1.disputes.list(params={"payment_intent": mine.id}).data
        assert [one.payment_intent for one in found] == [mine.id]
        assert isinstance(mine.latest_charge, str)
        assert [one.id for one in api.v1.disputes.list(params={"charge": mine.latest_charge}).data] == [found[0].id]
        truth = {row["id"]: row["disputes"] for row in sandbox.control("truth")["payment_intents"]}
        assert truth[mine.id] == [{"id": found[0].id, "amount": 4900, "status": "needs_response"}]


class TestARefundFromTheDashboard:
    def test_is_ordered_by_payment_and_shown_in_the_truth(
        self, api: stripe.StripeClient, sandbox: SandboxProcess, shop: Listener
    ) -> None:
        intent = paid(api)
        made = sandbox.control("refunds", {"payment_intent": intent.id, "amount": 900})["refund"]
        shop.wait_for("refund.created")
        row = sandbox.control("truth")["payment_intents"][0]
        assert row["refunds"] == [{"id": made["id"], "amount": 900, "status": "succeeded"}]
        assert (row["setup_future_usage"], row["customer"], row["amount_refunded"]) == (None, None, 900)
