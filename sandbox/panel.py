"""The control panel: what happened, and how the outside world shall behave next."""

import datetime
import json

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sandbox import checkout, orders
from sandbox.errors import ApiError
from sandbox.events import behaviour
from sandbox.models import Behaviour, Delivery, Fault, Resource
from sandbox.money import spoken
from sandbox.panel_answers import answered
from sandbox.panel_clock import clock_shown
from sandbox.panel_money import money_shown
from sandbox.records import Body

SHOWN = 15


class BehaviourForm(forms.ModelForm):  # type: ignore[type-arg]
    template_name = "sandbox/_fields.html"
    events = forms.CharField(
        label="Events", help_text="Names or patterns, separated by blanks; * is all.", widget=forms.TextInput()
    )

    class Meta:
        model = Behaviour
        fields = ["mode", "late_seconds", "return_order", "browser_first_seconds", "webhook_url"]
        labels = {
            "mode": "Webhooks",
            "late_seconds": "Seconds late (for Late)",
            "return_order": "After payment, first comes",
            "browser_first_seconds": "Seconds the webhook waits (for The browser first)",
            "webhook_url": "Webhook address",
        }

    def __init__(self, data: QueryDict | None = None, *, instance: Behaviour) -> None:
        super().__init__(data, instance=instance)
        self.initial["events"] = " ".join(instance.enabled_events)


class FaultForm(forms.Form):
    template_name = "sandbox/_fields.html"
    kind = forms.ChoiceField(label="The API will", choices=Fault.Kind.choices)
    calls = forms.IntegerField(label="For the next calls", min_value=1, max_value=10_000, initial=1)
    path = forms.CharField(
        label="Only addresses starting with", required=False, help_text="Such as /v1/checkout/sessions; empty is all."
    )


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "sandbox/overview.html", _overview())


def _overview() -> Body:
    mood = behaviour()
    return {
        "here": "overview",
        "sessions": [_session_row(row.body) for row in _newest("checkout.session")],
        "payments": [_payment_row(row.body) for row in _newest("payment_intent")],
        "events": [_event_row(row) for row in _newest("event")],
        **clock_shown(SHOWN),
        **money_shown(SHOWN),
        "behaviour_form": BehaviourForm(instance=mood),
        "fault_form": FaultForm(),
        "faults": orders.current_faults(),
        "mode": Behaviour.Mode(mood.mode).label,
        "unusual": mood.mode != Behaviour.Mode.AUTO,
        "undelivered": Delivery.objects.filter(state__in=[Delivery.State.WAITING, Delivery.State.TAKEN]).count(),
    }


def _newest(kind: str) -> list[Resource]:
    return list(Resource.objects.filter(kind=kind).order_by("-number")[:SHOWN])


def _session_row(body: Body) -> Body:
    details = body["customer_details"] or {}
    return {
        "id": body["id"],
        "status": body["status"],
        "payment_status": body["payment_status"],
        "amount": "saves a card" if body["amount_total"] is None else spoken(body["amount_total"], body["currency"]),
        "email": details.get("email") or body["customer_email"] or "",
        "at": _moment(body["created"]),
    }


def _payment_row(body: Body) -> Body:
    charge = Resource.objects.filter(kind="charge", key=body["latest_charge"] or "").first()
    refunded = charge.body["amount_refunded"] if charge else 0
    return {
        "id": body["id"],
        "charge": charge.key if charge else "",
        "status": body["status"],
        "amount": spoken(body["amount"], body["currency"]),
        "refunded": spoken(refunded, body["currency"]) if refunded else "",
        "refundable": bool(charge and charge.body["status"] == "succeeded" and not charge.body["refunded"]),
        "disputable": bool(charge and charge.body["status"] == "succeeded" and not charge.body["disputed"]),
        "receipt": charge.body["receipt_url"] if charge and charge.body["status"] != "failed" else "",
        "why": (body["last_payment_error"] or {}).get("decline_code", ""),
        "at": _moment(body["created"]),
    }


def _event_row(event: Resource) -> Body:
    deliveries = list(Delivery.objects.filter(event=event.key))
    last = next(reversed(orders.attempts(event.key)), None)
    arrived = bool(deliveries) and all(one.state == Delivery.State.DELIVERED for one in deliveries)
    return {
        "id": event.key,
        "type": event.body["type"],
        "object": event.body["data"]["object"]["id"],
        "state": "delivered" if arrived else deliveries[0].get_state_display() if deliveries else "not sent",
        "arrived": arrived,
        "attempts": sum(one.attempts for one in deliveries),
        "answer": (last["status"] or last["error"]) if last else "",
        "at": _moment(event.created),
    }


def _moment(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)


@require_safe
def event(request: HttpRequest, key: str) -> HttpResponse:
    found = Resource.objects.filter(kind="event", key=key).first()
    if found is None:
        return render(request, "sandbox/not_found.html", {"what": "event"}, status=404)
    context = {
        "event": _event_row(found),
        "payload": json.dumps(found.body, indent=2),
        "attempts": [{**one, "at": _moment(one["at"])} for one in orders.attempts(key)],
        "url": behaviour().webhook_url,
    }
    return render(request, "sandbox/event.html", context)


@require_POST
def deliver(request: HttpRequest, key: str) -> HttpResponse:
    try:
        times = int(request.POST.get("times", "1"))
        answers = orders.deliver(key, times=times, style=request.POST.get("signature", "good"))
        told = ", ".join(str(one["status"] or one["error"]) for one in answers[:10])
        messages.info(request, f"Sent {len(answers)} x. Answers: {told}")
    except (ApiError, ValueError) as error:
        messages.error(request, str(error))
    return redirect("event", key=key)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    form = BehaviourForm(request.POST, instance=behaviour())
    if not form.is_valid():
        return render(request, "sandbox/overview.html", {**_overview(), "behaviour_form": form}, status=422)
    events = form.cleaned_data.pop("events").split()
    orders.change_behaviour({**form.cleaned_data, "enabled_events": events})
    messages.info(request, "Webhooks now behave as set.")
    return redirect("overview")


@require_POST
def break_api(request: HttpRequest) -> HttpResponse:
    if "mend" in request.POST:
        orders.mend_api()
        messages.info(request, "The API works again.")
        return redirect("overview")
    form = FaultForm(request.POST)
    if not form.is_valid():
        return render(request, "sandbox/overview.html", {**_overview(), "fault_form": form}, status=422)
    orders.break_api(form.cleaned_data)
    messages.info(request, "The API will fail as set.")
    return redirect("overview")


@require_POST
def settle(request: HttpRequest, key: str) -> HttpResponse:
    outcome = "succeeded" if request.POST.get("outcome") == "succeeded" else "failed"
    return answered(request, lambda: checkout.settle_debit(key, outcome), f"The bank debit {outcome}.")


@require_POST
def expire(request: HttpRequest, key: str) -> HttpResponse:
    return answered(request, lambda: orders.expire(key), "The session is expired.")


@require_POST
def refund(request: HttpRequest, key: str) -> HttpResponse:
    typed = request.POST.get("cents", "")
    amount = int(typed) if typed.isascii() and typed.isdigit() else None
    return answered(request, lambda: orders.refund(key, amount), "Refunded.")


@require_POST
def reset(request: HttpRequest) -> HttpResponse:
    orders.forget_everything()
    messages.info(request, f"Everything is forgotten. E-mails stay in {settings.MAIL_DIR}.")
    return redirect("overview")
