"""The control panel's part about money that is fought over: disputes, saved cards, and what was not as described."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from sandbox import orders
from sandbox.disputes import OPEN
from sandbox.findings import findings
from sandbox.models import Resource
from sandbox.money import spoken
from sandbox.panel_answers import answered
from sandbox.records import Body

# What a button says, and the status it leads to.
INQUIRY_ENDS = [("warning_closed", "Close"), ("needs_response", "Escalate")]
CHARGEBACK_ENDS = [("won", "Shop wins"), ("lost", "Shop loses")]


def money_shown(most: int) -> dict[str, Any]:
    """What the panel shows of disputes, saved cards and findings; the newest first."""
    told = findings()
    return {
        "disputes": [_dispute_row(row.body) for row in _newest("dispute", most)],
        "cards": [_card_row(row.body) for row in _newest("payment_method", most) if _is_saved_card(row)],
        "findings": told["findings"][-most:],
        "refused": told["refused"][-most:],
    }


def _is_saved_card(method: Resource) -> bool:
    return bool(method.customer) and method.body["type"] == "card"


def _newest(kind: str, most: int) -> list[Resource]:
    return list(Resource.objects.filter(kind=kind).order_by("-number")[:most])


def _dispute_row(body: Body) -> Body:
    inquiry = body["status"].startswith("warning")
    return {
        "id": body["id"],
        "payment": body["payment_intent"],
        "amount": spoken(body["amount"], body["currency"]),
        "reason": body["reason"],
        "status": body["status"],
        "ends": (INQUIRY_ENDS if inquiry else CHARGEBACK_ENDS) if body["status"] in OPEN else [],
    }


def _card_row(body: Body) -> Body:
    card = body["card"]
    return {
        "id": body["id"],
        "customer": body["customer"],
        "card": f"{card['brand']} {card['last4']}",
        "expires": f"{card['exp_month']:02}/{card['exp_year']}",
    }


@require_POST
def dispute(request: HttpRequest, key: str) -> HttpResponse:
    status = "warning_needs_response" if "inquiry" in request.POST else "needs_response"
    order = {"charge": key, "status": status}
    return answered(request, lambda: orders.dispute(order), "The cardholder went to the bank.")


@require_POST
def close(request: HttpRequest, key: str) -> HttpResponse:
    status = request.POST.get("status", "")
    return answered(request, lambda: orders.close_dispute(key, status), "The bank has decided.")


@require_POST
def expire_card(request: HttpRequest, key: str) -> HttpResponse:
    return answered(request, lambda: orders.expire_card(key), "The card has expired.")
