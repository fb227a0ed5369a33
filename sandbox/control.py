"""The control panel for programs: JSON in, JSON out. Documented in sandbox/README.md.

POST bodies must be sent as application/json: a page of another site cannot do that without asking first, and is
not answered when it asks.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from sandbox import checkout, clock, orders
from sandbox.errors import ApiError
from sandbox.findings import findings
from sandbox.models import Delivery, Resource, Timer
from sandbox.records import Body, load
from sandbox.truth import truth as whole_truth

MOST_WAIT_SECONDS = 120.0


class NotUnderstood(Exception):
    """The order makes no sense; the sentence says why."""


def _order(view: Callable[..., Body]) -> Callable[..., JsonResponse]:
    @csrf_exempt
    @require_POST
    def answer(request: HttpRequest, **keys: str) -> JsonResponse:
        if request.content_type != "application/json":
            return JsonResponse({"error": "Send application/json."}, status=415)
        try:
            given = json.loads(request.body or b"{}")
            if not isinstance(given, dict):
                raise NotUnderstood("Send a JSON object.")
            return JsonResponse(view(given, **keys))
        except ApiError as error:
            return JsonResponse({"error": str(error)}, status=error.status)
        except (NotUnderstood, ValueError, TypeError) as error:
            return JsonResponse({"error": str(error)}, status=400)

    return answer


@_order
def settings(given: Body) -> Body:
    return orders.change_behaviour(given)


@_order
def faults(given: Body) -> Body:
    """Without `kind`, all faults are lifted."""
    return {"faults": orders.break_api(given) if given.get("kind") else orders.mend_api()}


@_order
def reset(given: Body) -> Body:
    orders.forget_everything()
    return {"reset": True}


@_order
def deliver(given: Body, key: str) -> Body:
    return {
        "attempts": orders.deliver(key, times=int(given.get("times", 1)), style=str(given.get("signature", "good")))
    }


@_order
def pay(given: Body, key: str) -> Body:
    """Pay a session as a buyer would, without the page. `closed` means it was not open any more."""
    outcome = orders.pay(key, given)
    session = load("checkout.session", key)
    return {"outcome": outcome.kind, "message": outcome.message, "code": outcome.code, "session": session}


@_order
def settle(given: Body, key: str) -> Body:
    outcome = given.get("outcome")
    if outcome not in ("succeeded", "failed"):
        raise NotUnderstood("outcome is succeeded or failed.")
    return {"settled": checkout.settle_debit(key, str(outcome))}


@_order
def expire(given: Body, key: str) -> Body:
    return {"session": orders.expire(key)}


@_order
def advance(given: Body) -> Body:
    """Move the clock ahead by `seconds`, `days`, or both together."""
    return orders.advance_clock(float(given.get("seconds", 0)) + float(given.get("days", 0)) * 24 * 60 * 60)


@_order
def dispute(given: Body) -> Body:
    return {"dispute": orders.dispute(given)}


@_order
def close_dispute(given: Body, key: str) -> Body:
    return {"dispute": orders.close_dispute(key, str(given.get("status", "")))}


@_order
def refund(given: Body) -> Body:
    return {"refund": orders.refund_payment(given)}


@_order
def expire_card(given: Body) -> Body:
    return {"payment_method": orders.expire_card(str(given.get("payment_method", "")))}


@_order
def wait(given: Body) -> Body:
    """Return when every delivery has arrived and no timer is due, or after `seconds` (default 30, at most 120)."""
    until = time.monotonic() + min(float(given.get("seconds", 30)), MOST_WAIT_SECONDS)
    while (left := _undelivered()) and time.monotonic() < until:
        time.sleep(0.05)
    return {"undelivered": left}


def _undelivered() -> int:
    open_states = [Delivery.State.WAITING, Delivery.State.TAKEN]
    due = Timer.objects.filter(due_at__lte=clock.now()).count()
    return Delivery.objects.filter(state__in=open_states).count() + due


@require_GET
def truth(request: HttpRequest) -> JsonResponse:
    return JsonResponse(whole_truth())


@require_GET
def show_clock(request: HttpRequest) -> JsonResponse:
    return JsonResponse(orders.clock_position())


@require_GET
def show_findings(request: HttpRequest) -> JsonResponse:
    return JsonResponse(findings())


@require_GET
def state(request: HttpRequest) -> JsonResponse:
    return JsonResponse(orders.state())


@require_GET
def events(request: HttpRequest) -> JsonResponse:
    """The newest events with their deliveries; `?type=` and `?limit=` (at most 1000) narrow them."""
    limit = min(int(request.GET.get("limit", "100")), 1000)
    found = Resource.objects.filter(kind="event").order_by("-number")
    if kind := request.GET.get("type"):
        found = found.filter(body__type=kind)
    rows: list[dict[str, Any]] = [
        {
            "id": event.key,
            "type": event.body["type"],
            "created": event.created,
            "object": event.body["data"]["object"]["id"],
            "deliveries": orders.deliveries(event.key),
            "attempts": orders.attempts(event.key),
        }
        for event in found[:limit]
    ]
    return JsonResponse({"events": rows})
