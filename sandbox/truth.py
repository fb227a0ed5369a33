"""What really happened to the money, for programs that check the shop's books from outside."""

from sandbox.models import Resource
from sandbox.records import Body


def truth() -> Body:
    """Every payment intent, with the session it belongs to, and every completed session without one."""
    sessions = [row.body for row in Resource.objects.filter(kind="checkout.session").order_by("number")]
    by_intent = {body["payment_intent"]: body for body in sessions if body["payment_intent"]}
    refunded = _refunded_by_intent()
    intents = Resource.objects.filter(kind="payment_intent").order_by("number")
    return {
        "payment_intents": [_intent(row.body, by_intent.get(row.key), refunded.get(row.key, 0)) for row in intents],
        "free_sessions": [
            _session(body) for body in sessions if body["status"] == "complete" and not body["payment_intent"]
        ],
    }


def _refunded_by_intent() -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in Resource.objects.filter(kind="refund"):
        if row.body["status"] in ("succeeded", "pending"):
            sums[row.payment_intent] = sums.get(row.payment_intent, 0) + row.body["amount"]
    return sums


def _intent(body: Body, session: Body | None, refunded: int) -> Body:
    names = (
        "id",
        "amount",
        "amount_received",
        "created",
        "currency",
        "customer",
        "metadata",
        "payment_method",
        "status",
    )
    return {
        **{name: body[name] for name in names},
        "amount_refunded": refunded,
        "client_reference_id": session and session["client_reference_id"],
        "session": session and _session(session),
    }


def _session(body: Body) -> Body:
    names = ("id", "amount_total", "client_reference_id", "currency", "metadata", "payment_status", "status")
    return {name: body[name] for name in names}
