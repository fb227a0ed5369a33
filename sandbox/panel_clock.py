"""The control panel's part about time: subscriptions, and the clock that lets their months pass."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from sandbox import clock, orders
from sandbox.errors import ApiError
from sandbox.models import Resource
from sandbox.portal_pages import moment, subscription_row

DAY_SECONDS = 24 * 60 * 60
MOVES = {"day": ("a day", DAY_SECONDS), "week": ("a week", 7 * DAY_SECONDS), "month": ("a month", 31 * DAY_SECONDS)}


def clock_shown(most: int) -> dict[str, Any]:
    """What the panel shows of the clock and of the newest subscriptions."""
    rows = Resource.objects.filter(kind="subscription").order_by("-number")[:most]
    return {
        "clock": moment(clock.now()),
        "days_ahead": round(clock.ahead() / DAY_SECONDS),
        "moves": [(name, label) for name, (label, _) in MOVES.items()],
        "subscriptions": [subscription_row(row.body) for row in rows],
    }


@require_POST
def move(request: HttpRequest) -> HttpResponse:
    label, seconds = MOVES.get(request.POST.get("by", ""), MOVES["day"])
    happened = orders.advance_clock(seconds)["happened"]
    messages.info(request, f"The clock is {label} ahead of where it was. Fallen due on the way: {happened}.")
    return redirect("overview")


@require_POST
def cancel(request: HttpRequest, key: str) -> HttpResponse:
    try:
        orders.cancel_subscription(key)
        messages.info(request, "The subscription has ended.")
    except ApiError as error:
        messages.error(request, str(error))
    return redirect("overview")
