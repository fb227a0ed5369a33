"""Whether Stripe's events reach us, and whether Stripe's side is set up as this code expects it.

`look` asks Stripe and keeps the answer; everybody else reads what was kept: no page waits for Stripe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone

from billing import gateway
from billing.effects import ACTED_ON
from billing.models import Difference, Purchase, ReconcileRun, StripeCheck, StripeEvent

logger = structlog.get_logger(__name__)

WEBHOOKS: Final = ("billing:webhook", "billing:api-webhook")
LOCAL: Final = {"localhost", "127.0.0.1", "::1"}
# Stripe's signatures die after five minutes by our clock; this leaves time to mend it.
MOST_SKEW_SECONDS: Final = 60
# Stripe delivers within seconds; a payment that is older than its event by so much was not learnt from one.
EVENT_SLACK: Final = timedelta(minutes=10)
# A run is due every hour.
WALK_SLACK: Final = timedelta(hours=3)
KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known without asking Stripe. `problems` are sentences with what to do; none is good."""

    checked_at: datetime | None
    problems: list[str]
    clock_skew_seconds: float | None
    last_event_at: datetime | None
    events_waiting: int
    differences_open: int
    last_walk_at: datetime | None

    @property
    def clock_in_words(self) -> str:
        """How far our clock is from Stripe's; Stripe tells the time in whole seconds."""
        skew = self.clock_skew_seconds
        if skew is None:
            return "not known"
        return f"{abs(skew):.1f} s {'behind' if skew < 0 else 'ahead of'} Stripe's"

    def as_json(self) -> dict[str, Any]:
        """Return the facts in types that JSON knows; of the differences and problems only how many there are."""
        age = (timezone.now() - self.last_event_at).total_seconds() if self.last_event_at else None
        return {
            "stripe_checked_at": _iso(self.checked_at),
            "stripe_problems": len(self.problems),
            "clock_skew_seconds": self.clock_skew_seconds,
            "last_event_age_seconds": age and round(age),
            "events_waiting": self.events_waiting,
            "differences_open": self.differences_open,
            "last_walk_at": _iso(self.last_walk_at),
        }


def facts() -> Facts:
    """Return what was found at the last look, and what our own rows say now. Never asks Stripe."""
    check = StripeCheck.objects.order_by("-checked_at").first()
    complete = ReconcileRun.objects.filter(ended_at__isnull=False)
    return Facts(
        checked_at=check.checked_at if check else None,
        problems=check.problems if check else [],
        clock_skew_seconds=check.clock_skew_seconds if check else None,
        last_event_at=_last_event_at(),
        events_waiting=_waiting().count(),
        differences_open=Difference.objects.filter(settled_at=None).count(),
        last_walk_at=complete.aggregate(at=Max("started_at"))["at"],
    )


def look() -> StripeCheck:
    """Ask Stripe how its side is set up, keep what is wrong, forget looks older than 30 days, and return this one.

    Also when Stripe does not answer: then that is what is wrong.
    """
    skew: float | None = None
    try:
        account = gateway.look_at_account()
    except (gateway.StripeUnavailable, gateway.StripeRefused) as failure:
        problems = [_unanswered(failure)]
    else:
        skew = account.clock_skew_seconds
        problems = [*_keys(), *_endpoints(account.endpoints), *_clock(skew)]
    check = StripeCheck.objects.create(
        checked_at=timezone.now(), problems=[*problems, *_events(), *_walks()], clock_skew_seconds=skew
    )
    StripeCheck.objects.filter(checked_at__lt=timezone.now() - KEPT).delete()
    logger.info("stripe_checked", problems=len(check.problems), clock_skew_seconds=skew)
    return check


def _unanswered(failure: Exception) -> str:
    if isinstance(failure, gateway.StripeRefused):
        return (
            f"Stripe refuses to say how it is set up: {failure}. "
            "Check STRIPE_SECRET_KEY; a restricted key needs Webhook Endpoints (read)."
        )
    return "Stripe does not answer. Look at https://status.stripe.com, then look again."


def _keys() -> Iterator[str]:
    publishable = str(getattr(settings, "STRIPE_PUBLISHABLE_KEY", ""))
    if publishable and ("_live_" in publishable) != gateway.key_is_live():
        yield "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY are of different modes. Take both from the same one."


def _endpoints(endpoints: list[gateway.Endpoint]) -> Iterator[str]:
    ours = [endpoint for endpoint in endpoints if is_ours(endpoint.url)]
    enabled = [endpoint for endpoint in ours if endpoint.enabled]
    if not ours:
        yield f"No webhook endpoint for {_address()} exists at Stripe. Create it; docs/stripe.md says how."
    elif not enabled:
        yield f"The webhook endpoint for {_address()} is disabled. Enable it in the Dashboard, then run `reconcile`."
    else:
        yield from _missing_types(enabled)
        for endpoint in enabled:
            yield from _version_and_mode(endpoint)


def _missing_types(enabled: list[gateway.Endpoint]) -> Iterator[str]:
    subscribed = frozenset[str]().union(*(endpoint.event_types for endpoint in enabled))
    missing = set() if "*" in subscribed else ACTED_ON - subscribed
    if missing:
        yield f"The webhook endpoint does not get {', '.join(sorted(missing))}. Add them to it in the Dashboard."


def _version_and_mode(endpoint: gateway.Endpoint) -> Iterator[str]:
    if endpoint.api_version != gateway.API_VERSION:
        yield (
            f"The webhook endpoint is of API version {endpoint.api_version or 'of the account'}; this code is written "
            f"for {gateway.API_VERSION}. Create a new endpoint with that version, then remove the old one."
        )
    if endpoint.live != gateway.key_is_live():
        yield "The webhook endpoint and STRIPE_SECRET_KEY are of different modes. Take both from the same one."


def is_ours(url: str) -> bool:
    """Whether an endpoint's address is one of the two names of our webhook. On a laptop, localhost has many names."""
    theirs, own = urlsplit(url), urlsplit(settings.SITE_URL)
    paths = {reverse(name) for name in WEBHOOKS}
    return theirs.path in paths and _origin(theirs.scheme, theirs.hostname, theirs.port) == _origin(
        own.scheme, own.hostname, own.port
    )


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int]:
    return scheme, "local" if host in LOCAL else host or "", port or (443 if scheme == "https" else 80)


def _address() -> str:
    return f"{settings.SITE_URL}{reverse(WEBHOOKS[0])}"


def _clock(skew: float | None) -> Iterator[str]:
    if skew is not None and abs(skew) > MOST_SKEW_SECONDS:
        ahead = "ahead of" if skew > 0 else "behind"
        yield (
            f"Our clock is {abs(skew):.0f} seconds {ahead} Stripe's. Mend it (NTP): at {gateway.SIGNATURE_AGE_SECONDS} "
            "every event is refused."
        )


def _waiting() -> QuerySet[StripeEvent]:
    """Return the events whose effect has failed and was not made up for."""
    return StripeEvent.objects.filter(state=StripeEvent.State.FAILED)


def _last_event_at() -> datetime | None:
    return StripeEvent.objects.order_by("-received_at").values_list("received_at", flat=True).first()


def _events() -> Iterator[str]:
    waiting = _waiting().count()
    if waiting:
        yield f"Events that wait because they failed: {waiting}. Admin > Stripe events, state failed, says why."
    last, paid = _last_event_at(), Purchase.objects.aggregate(at=Max("paid_at"))["at"]
    if paid and (last is None or paid > last + EVENT_SLACK):
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "so far"
        yield f"A purchase was paid at {paid:%Y-%m-%d %H:%M} UTC, but no event came {since}. Do events reach us?"
    newest = StripeEvent.objects.order_by("-received_at").first()
    if newest and newest.api_version not in {"", gateway.API_VERSION}:
        yield f"The last event is of API version {newest.api_version}; this code is written for {gateway.API_VERSION}."


def _walks() -> Iterator[str]:
    first = ReconcileRun.objects.order_by("started_at").first()
    complete = ReconcileRun.objects.filter(ended_at__isnull=False).aggregate(at=Max("started_at"))["at"]
    if first and timezone.now() - (complete or first.started_at) > WALK_SLACK:
        yield "Payments were not compared with Stripe's for three hours. Run `manage.py reconcile` and see why."


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
