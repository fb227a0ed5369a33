"""Record what happened as a Stripe event, and put its deliveries on the road."""

import copy
import fnmatch
import threading
import time
from contextvars import ContextVar

from django.conf import settings
from django.db import transaction

from sandbox.findings import check_event
from sandbox.models import Behaviour, Delivery
from sandbox.records import Body, keep, new_key, now
from sandbox.shapes import shaped
from sandbox.stripe_package import API_VERSION

# Which API request is being executed: (request id, idempotency key). Empty for what people do on pages.
current_request: ContextVar[tuple[str | None, str | None]] = ContextVar("current_request", default=(None, None))

# Set when there may be something to deliver or to do; the courier's thread waits on it.
work_waiting = threading.Event()

# "Out of order" collects a batch for this long, in seconds, before it delivers the newest first.
BATCH_SECONDS = 1.0

# How often an event is sent when every attempt succeeds; once, unless named here.
COPIES = {Behaviour.Mode.TWICE: 2, Behaviour.Mode.DROP: 0}


def behaviour() -> Behaviour:
    """How webhooks behave now. A new file starts with the mode of the environment and every event enabled."""
    row, _ = Behaviour.objects.get_or_create(
        pk=1,
        defaults={
            "mode": settings.WEBHOOK_DELIVERY,
            "enabled_events": ["*"],
            "webhook_url": settings.WEBHOOK_URL,
            "webhook_secret": settings.WEBHOOK_SECRET,
        },
    )
    return row


def record(kind: str, subject: Body, *, before: Body | None = None) -> str:
    """Store an event with a snapshot of its subject, schedule its deliveries, and return its id. Runs inside the
    caller's `writing()`: an effect that is rolled back leaves no event. `before` are the changed old values."""
    request_id, idempotency_key = current_request.get()
    data = {"object": copy.deepcopy(subject)}
    if before is not None:
        data["previous_attributes"] = before
    mood = behaviour()
    wanted = _wanted(kind, mood)
    event = shaped(
        "event",
        id=new_key("event"),
        api_version=mood.webhook_api_version or API_VERSION,
        created=now(),
        data=data,
        livemode=False,
        pending_webhooks=1 if wanted else 0,
        request={"id": request_id, "idempotency_key": idempotency_key},
        type=kind,
    )
    keep(event)
    check_event(kind, subject)
    check_event("event", event)
    _schedule(event["id"], COPIES.get(Behaviour.Mode(mood.mode), 1) if wanted else 0, mood)
    return str(event["id"])


def _wanted(kind: str, mood: Behaviour) -> bool:
    """Whether the endpoint exists, is enabled, and asked for this type. No patterns at all mean every type."""
    patterns = mood.enabled_events or ["*"]
    listening = bool(mood.webhook_url) and not mood.webhook_disabled
    return listening and any(fnmatch.fnmatchcase(kind, pattern) for pattern in patterns)


def _schedule(event: str, copies: int, mood: Behaviour) -> None:
    at = time.time()
    pause = 0.0
    if mood.mode == Behaviour.Mode.LATE:
        pause = mood.late_seconds
    elif mood.mode == Behaviour.Mode.REVERSED:
        pause = BATCH_SECONDS
    if mood.return_order == Behaviour.ReturnOrder.BROWSER_FIRST:
        pause = max(pause, mood.browser_first_seconds)
    for _ in range(copies):
        Delivery.objects.create(event=event, due_at=at + pause, created_at=at)
    transaction.on_commit(work_waiting.set)
