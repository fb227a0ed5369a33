"""Money going back to a card: https://docs.stripe.com/api/refunds"""

from typing import Any

from sandbox.balance import money_moved
from sandbox.cards import KNOWN
from sandbox.errors import invalid_request
from sandbox.events import record
from sandbox.models import Resource
from sandbox.money import spoken
from sandbox.records import Body, find, keep, later, new_key, now, save
from sandbox.shapes import shaped

# How long the "pending" and "fails later" test cards take, in seconds.
SETTLE_SECONDS = 2.0


def refund(charge: Resource, *, amount: int | None, reason: str | None, metadata: dict[str, str]) -> Body:
    """Refund part or, with amount None, all that is left of a charge. Raises ApiError beyond what is left."""
    amount = _refundable_amount(charge.body, amount)
    course = _course(charge.body)
    body = _refund(charge.body, amount, "pending" if course == "pending" else "succeeded", reason, metadata)
    if course != "pending":
        body["balance_transaction"] = money_moved({**charge.body, "id": body["id"]}, "refund", -amount)
    keep(body)
    _give_back(charge, amount)
    record("refund.created", body)
    record("charge.refunded", charge.body)
    if course != "at_once":
        later(SETTLE_SECONDS, "settle_refund", body["id"])
    return body


def _refundable_amount(charge: Body, amount: int | None) -> int:
    if charge["status"] != "succeeded":
        raise invalid_request(f"Charge {charge['id']} is not paid and cannot be refunded.", param="charge")
    _check_not_charged_back(charge)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise invalid_request(
            f"Charge {charge['id']} has already been refunded.", param="charge", code="charge_already_refunded"
        )
    if amount is None:
        return int(left)
    if amount < 1:
        raise invalid_request("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > left:
        asked, most = spoken(amount, charge["currency"]), spoken(left, charge["currency"])
        message = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({most})"
        raise invalid_request(message, param="amount")
    return amount


def _check_not_charged_back(charge: Body) -> None:
    """The bank has the money, or had the last word: https://docs.stripe.com/error-codes#charge-disputed"""
    lost = Resource.objects.filter(kind="dispute", body__charge=charge["id"], body__is_charge_refundable=False)
    if lost.exclude(body__status="won").exists():
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise invalid_request(message, param="charge", code="charge_disputed")


def _course(charge: Body) -> str:
    method = find("payment_method", charge["payment_method"])
    known = KNOWN.get(str(method.inner.get("number", "")))
    return known.refund if known else "at_once"


def _refund(charge: Body, amount: int, status: str, reason: str | None, metadata: dict[str, str]) -> Body:
    destination: dict[str, Any] = {"type": charge["payment_method_details"]["type"]}
    if destination["type"] == "card":
        destination["card"] = {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        }
    else:
        destination["us_bank_transfer"] = {"reference": None, "reference_status": "pending"}
        destination["type"] = "us_bank_transfer"
    return shaped(
        "refund",
        id=new_key("refund"),
        amount=amount,
        charge=charge["id"],
        created=now(),
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details=destination,
        metadata=metadata,
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        pending_reason="processing" if status == "pending" else None,
        reason=reason,
        status=status,
    )


def _give_back(charge: Resource, amount: int) -> None:
    charge.body["amount_refunded"] += amount
    charge.body["refunded"] = charge.body["amount_refunded"] == charge.body["amount"]
    save(charge)


def settle_refund(key: str) -> None:
    """The bank answers later: a pending refund succeeds, one of the "fails later" card fails and the money is back
    with the merchant. The second call changes nothing."""
    row = find("refund", key)
    charge = find("charge", row.body["charge"])
    before = row.body["status"]
    if before == "pending":
        row.body.update(status="succeeded", pending_reason=None)
        row.body["balance_transaction"] = money_moved({**charge.body, "id": key}, "refund", -row.body["amount"])
        save(row)
        record("refund.updated", row.body, before={"status": before})
    elif before == "succeeded" and _course(charge.body) == "fails_later":
        back = money_moved({**charge.body, "id": key}, "refund_failure", row.body["amount"])
        row.body.update(status="failed", failure_reason="unknown", failure_balance_transaction=back)
        save(row)
        _give_back(charge, -row.body["amount"])
        record("refund.updated", row.body, before={"status": before})
        record("refund.failed", row.body)
