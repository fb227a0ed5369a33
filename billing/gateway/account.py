"""How our account at Stripe is set up: where its events go, and what time it is there."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from django.conf import settings

from billing.gateway.client import client, translated


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address Stripe sends events to. `event_types` may be just "*"; `api_version` is "" for the account's own."""

    url: str
    enabled: bool
    api_version: str
    event_types: frozenset[str]
    live: bool


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """The endpoints, and our clock less Stripe's in seconds (to half a second or so); None if it was not told."""

    endpoints: list[Endpoint]
    clock_skew_seconds: float | None


def look_at_account() -> AccountSnapshot:
    """Ask Stripe where events go. A restricted key needs Webhook Endpoints (read).

    https://docs.stripe.com/api/webhook_endpoints/list
    """
    with translated("look_at_account"):
        asked_at = time.time()
        found = client().v1.webhook_endpoints.list(params={"limit": 100})
        answered_at = time.time()
    endpoints = [_endpoint(one.to_dict(for_json=True)) for one in found.data]
    answer = found.last_response
    told = answer.headers.get("Date", "") if answer else ""
    return AccountSnapshot(endpoints, _skew(told, (asked_at + answered_at) / 2) if told else None)


def key_is_live() -> bool:
    """Whether our secret key moves real money."""
    return "_live_" in settings.STRIPE_SECRET_KEY


def _endpoint(body: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        url=body["url"],
        enabled=body["status"] == "enabled",
        api_version=body.get("api_version") or "",
        event_types=frozenset(body["enabled_events"]),
        live=body.get("livemode") is True,
    )


def _skew(told: str, ours: float) -> float:
    """Return our time less the one of a Date header, which is cut to whole seconds: so half a second is added."""
    return round(ours - parsedate_to_datetime(told).timestamp() - 0.5, 1)
