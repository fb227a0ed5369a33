"""/v1/charges, /v1/refunds and /v1/balance."""

from sandbox import refunds
from sandbox.balance import balance
from sandbox.calls import Call, one_of
from sandbox.errors import ApiError, no_such
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.records import Body, find, load


def retrieve_charge(call: Call) -> Body:
    return load("charge", call.key)


def list_charges(call: Call) -> Body:
    return listed("charge", "/v1/charges", call.params)


def create_refund(call: Call) -> Body:
    """https://docs.stripe.com/api/refunds/create: of a charge or of a payment intent's latest charge."""
    call.only({"amount", "charge", "metadata", "payment_intent", "reason"})
    one_of(call.params, "charge", "payment_intent", required=True)
    charge = _refundable(call.params)
    return refunds.refund(
        charge,
        amount=call.params.get("amount"),
        reason=call.params.get("reason"),
        metadata=merged({}, call.params.get("metadata", {})),
    )


def _refundable(params: Body) -> Resource:
    if key := params.get("charge"):
        return find("charge", key, param="charge", status=404)
    intent = find("payment_intent", params["payment_intent"], param="payment_intent")
    charge = Resource.objects.filter(key=intent.body["latest_charge"] or "", body__status="succeeded").first()
    if charge is None:
        message = f"This PaymentIntent ({intent.key}) does not have a successful charge to refund."
        raise ApiError(400, message, code="payment_intent_unexpected_state", param="payment_intent")
    return charge


def retrieve_refund(call: Call) -> Body:
    return load("refund", call.key)


def list_refunds(call: Call) -> Body:
    return listed("refund", "/v1/refunds", call.params)


def included_refunds(body: Body) -> Body:
    """The refunds of a charge, which are left out of it unless expanded."""
    own = Resource.objects.filter(kind="refund", body__charge=body["id"])
    return listed("refund", f"/v1/charges/{body['id']}/refunds", {}, within=own)


def retrieve_balance(call: Call) -> Body:
    return balance()


def retrieve_balance_transaction(call: Call) -> Body:
    resource = Resource.objects.filter(kind="balance_transaction", key=call.key).first()
    if resource is None:
        raise no_such("balance transaction", call.key)
    return resource.body


def list_balance_transactions(call: Call) -> Body:
    call.only({"created", "currency", "ending_before", "limit", "source", "starting_after", "type"})
    return listed("balance_transaction", "/v1/balance_transactions", call.params)
