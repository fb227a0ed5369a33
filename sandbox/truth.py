"""What really happened to the money, for programs that check the shop's books from outside."""

from collections import defaultdict

from sandbox.models import Resource
from sandbox.records import Body


def truth() -> Body:
    """Every payment intent, with the session or the invoice it belongs to, every completed session without one, and
    every subscription."""
    sessions = [row.body for row in Resource.objects.filter(kind="checkout.session").order_by("number")]
    by_intent = {body["payment_intent"]: body for body in sessions if body["payment_intent"]}
    invoices = _invoice_by_intent()
    refunds, disputes = _by_intent("refund"), _by_intent("dispute")
    intents = Resource.objects.filter(kind="payment_intent").order_by("number")
    return {
        "payment_intents": [
            {
                **_intent(row.body, by_intent.get(row.key), refunds[row.key], disputes[row.key]),
                "invoice": invoices.get(row.key),
            }
            for row in intents
        ],
        "free_sessions": [_session(body) for body in sessions if _was_free(body)],
        "subscriptions": [
            _subscription(row.body) for row in Resource.objects.filter(kind="subscription").order_by("number")
        ],
    }


def _was_free(body: Body) -> bool:
    return body["status"] == "complete" and body["mode"] == "payment" and not body["payment_intent"]


def _invoice_by_intent() -> dict[str, str]:
    payments = Resource.objects.filter(kind="invoice_payment")
    return {row.body["payment"]["payment_intent"]: row.body["invoice"] for row in payments}


def _subscription(body: Body) -> Body:
    names = ("id", "cancel_at", "cancel_at_period_end", "customer", "ended_at", "latest_invoice", "metadata", "status")
    period = body["items"]["data"][0]
    bounds = {name: period[name] for name in ("current_period_start", "current_period_end")}
    return {name: body[name] for name in names} | bounds


def _by_intent(kind: str) -> dict[str, list[Body]]:
    """Refunds or disputes: id, amount, status; the oldest first."""
    found: dict[str, list[Body]] = defaultdict(list)
    for row in Resource.objects.filter(kind=kind).order_by("number"):
        found[row.payment_intent].append({name: row.body[name] for name in ("id", "amount", "status")})
    return found


def _intent(body: Body, session: Body | None, refunds: list[Body], disputes: list[Body]) -> Body:
    names = (
        "id",
        "amount",
        "amount_received",
        "created",
        "currency",
        "customer",
        "metadata",
        "payment_method",
        "setup_future_usage",
        "status",
    )
    return {
        **{name: body[name] for name in names},
        "amount_refunded": sum(one["amount"] for one in refunds if one["status"] in ("succeeded", "pending")),
        "disputes": disputes,
        "refunds": refunds,
        "client_reference_id": session and session["client_reference_id"],
        "session": session and _session(session),
    }


def _session(body: Body) -> Body:
    names = ("id", "amount_total", "client_reference_id", "currency", "metadata", "payment_status", "status")
    return {name: body[name] for name in names}
