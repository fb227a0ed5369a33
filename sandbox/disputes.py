"""A cardholder goes to the bank instead of the shop: https://docs.stripe.com/disputes/how-disputes-work

A chargeback takes the money and a fee at once, and gives both back when it is won. An inquiry moves no money; it is
closed, or escalated into a chargeback. All inside `writing()`.
"""

from typing import Any

from sandbox.balance import money_moved
from sandbox.errors import ApiError, invalid_request
from sandbox.events import record
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.records import Body, find, keep, new_key, now, save
from sandbox.shapes import shaped

FEE_CENTS = 1500  # https://stripe.com/pricing: a dispute costs $15; here it comes back with a won one
DAYS_TO_ANSWER = 9
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
REASONS = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def open_dispute(
    charge: Resource, *, amount: int | None = None, reason: str = "fraudulent", inquiry: bool = False
) -> Body:
    """The bank takes back `amount` cents of a charge, or asks about it; with None what was not refunded. Raises
    ApiError (400) for a charge that is not paid, is disputed already, or is smaller."""
    left = charge.body["amount"] - charge.body["amount_refunded"]
    wanted = left if amount is None else amount
    _check_disputable(charge.body, wanted, left, reason)
    dispute = keep(_dispute(charge.body, wanted, reason, inquiry))
    charge.body["disputed"] = True
    save(charge)
    record("charge.dispute.created", dispute.body)
    if not inquiry:
        _withdraw(dispute, charge)
    return dispute.body


def _check_disputable(charge: Body, wanted: int, left: int, reason: str) -> None:
    if charge["status"] != "succeeded":
        raise invalid_request(f"Charge {charge['id']} is not paid and cannot be disputed.", param="charge")
    if Resource.objects.filter(kind="dispute", body__charge=charge["id"], body__status__in=OPEN).exists():
        raise invalid_request(f"Charge {charge['id']} is disputed already.", param="charge")
    if not 1 <= wanted <= left:
        raise invalid_request(f"A dispute of this charge is between 1 and {left} cents.", param="amount")
    if reason not in REASONS:
        raise invalid_request(f"reason is one of {', '.join(REASONS)}.", param="reason")


def _dispute(charge: Body, amount: int, reason: str, inquiry: bool) -> Body:
    card = charge["payment_method_details"].get("card") or {"brand": "visa", "network": "visa"}
    return shaped(
        "dispute",
        id=new_key("dispute"),
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        created=now(),
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        evidence_details={
            "due_by": now() + DAYS_TO_ANSWER * 24 * 60 * 60,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=inquiry,
        livemode=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": card["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": card["network"],
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )


def _withdraw(dispute: Resource, charge: Resource) -> None:
    _move(dispute, charge, -dispute.body["amount"], fee=FEE_CENTS, kind="dispute")
    record("charge.dispute.funds_withdrawn", dispute.body)


def _move(dispute: Resource, charge: Resource, amount: int, *, fee: int, kind: str) -> None:
    entry = money_moved({**charge.body, "id": dispute.key}, "adjustment", amount, fee=fee, category=kind)
    dispute.body["balance_transactions"].append(find("balance_transaction", entry).body)
    save(dispute)


def give_evidence(dispute: Resource, given: Body) -> Body:
    """Keep evidence and notes; with `submit` (Stripe's default) send them to the bank, once."""
    if dispute.body["status"] not in OPEN:
        message = f"This dispute has a status of {dispute.body['status']} and takes no more evidence."
        raise ApiError(400, message, code="dispute_already_closed" if "evidence" in given else None)
    before: dict[str, Any] = {"evidence": dict(dispute.body["evidence"]), "status": dispute.body["status"]}
    evidence = given.get("evidence", {})
    dispute.body["evidence"].update({name: value or None for name, value in evidence.items()})
    if "metadata" in given:
        dispute.body["metadata"] = merged(dispute.body["metadata"], given["metadata"])
    if evidence:
        dispute.body["evidence_details"]["has_evidence"] = True
    if evidence and given.get("submit", True):
        _submit(dispute.body)
    save(dispute)
    record("charge.dispute.updated", dispute.body, before=before)
    return dispute.body


def _submit(body: Body) -> None:
    if body["evidence_details"]["submission_count"]:
        raise invalid_request("Evidence was submitted already; it can be submitted once.", param="submit")
    body["evidence_details"].update(submission_count=1, submission_method="manual")
    body["status"] = "warning_under_review" if body["status"].startswith("warning") else "under_review"


def close(dispute: Resource, outcome: str) -> Body:
    """The bank decides: `won` gives the money back, `lost` keeps it, `warning_closed` ends an inquiry. Raises ApiError
    (400) for a dispute that is closed, or an outcome of the other kind."""
    body = dispute.body
    inquiry = body["status"].startswith("warning")
    if body["status"] not in OPEN:
        raise ApiError(400, f"This dispute is closed already: {body['status']}.", code="dispute_already_closed")
    if outcome not in (("warning_closed",) if inquiry else ("won", "lost")):
        raise invalid_request(f"A dispute with the status {body['status']} cannot end as {outcome}.", param="status")
    before = {"status": body["status"]}
    body["status"] = outcome
    save(dispute)
    if outcome == "won":
        charge = find("charge", body["charge"])
        _move(dispute, charge, body["amount"], fee=-FEE_CENTS, kind="dispute_reversal")
        record("charge.dispute.funds_reinstated", body)
    record("charge.dispute.closed", body, before=before)
    return body


def escalate(dispute: Resource) -> Body:
    """An inquiry becomes a chargeback: now the money is taken. Raises ApiError (400) for all but an open inquiry."""
    body = dispute.body
    if body["status"] not in ("warning_needs_response", "warning_under_review"):
        raise invalid_request(f"A dispute with the status {body['status']} cannot be escalated.", param="status")
    before = {"status": body["status"]}
    body.update(status="needs_response", is_charge_refundable=False)
    body["payment_method_details"]["card"]["case_type"] = "chargeback"
    save(dispute)
    record("charge.dispute.updated", body, before=before)
    _withdraw(dispute, find("charge", body["charge"]))
    return body


def holder_complains(charge_key: str, *, inquiry: bool) -> None:
    """What the holder of a disputing test card does a moment after paying; nothing if the charge is disputed or given
    back by then."""
    charge = find("charge", charge_key)
    if not charge.body["disputed"] and charge.body["amount_refunded"] < charge.body["amount"]:
        open_dispute(charge, inquiry=inquiry)
