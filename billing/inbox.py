"""The inbox: what Stripe tells us is verified, kept, and then applied, in this order.

The event is committed before anything is done about it, so it survives a failure of its effect. The effect
and the mark that it was applied commit together, so neither a crash nor a duplicate can part them.
"""

import json
import time
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from billing import effects, gateway
from billing.models import StripeEvent
from billing.ownership import NotOurs

logger = structlog.get_logger(__name__)

State = StripeEvent.State
# News older than this may be overtaken: a payment may be refunded by now.
FRESH_SECONDS = 300


class Outcome(StrEnum):
    """What became of a delivery; each is answered 200."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


class EffectFailed(Exception):
    """The event is kept with the reason; its effect was rolled back. Stripe is to deliver it again."""


def receive(raw: bytes, signature: str) -> Outcome:
    """Verify, keep and apply one delivery. The second delivery of an applied event changes nothing.

    An event older than five minutes that would credit is not believed: Stripe is asked first. Raises
    BadSignature, BadPayload or WrongMode before the database is touched, EffectFailed after the event was
    kept (also when Stripe does not answer), and OperationalError when a lock or the database could not be
    had: then nothing changed.
    """
    event = gateway.read_event(raw, signature)
    _keep(event)
    if event["type"] not in effects.ACTED_ON:
        return Outcome.IGNORED
    return _apply(event, late=_is_late(event))


def replay(event_id: str) -> Outcome:
    """Apply a kept event again, on a staff member's word. An applied one changes nothing.

    Asks Stripe first if it would credit, however young it is. Raises EffectFailed.
    """
    return _apply(StripeEvent.objects.get(pk=event_id).payload, late=True)


_KEEP = """
INSERT INTO billing_stripeevent (stripe_event_id, type, api_version, object_id, payload, state, reason, attempts)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
ON CONFLICT DO NOTHING
"""


def _keep(event: dict[str, Any]) -> None:
    """Commit the event in one statement of its own; one that is there already stays as it is."""
    ours = event["type"] in effects.ACTED_ON
    version = str(event.get("api_version") or "")
    if version != gateway.API_VERSION:
        logger.warning("stripe_event_of_another_version", event_id=event["id"], api_version=version)
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            [
                event["id"],
                event["type"],
                version,
                str(event["data"]["object"].get("id") or ""),
                json.dumps(event),
                State.RECEIVED if ours else State.IGNORED,
                "" if ours else "A type we do not act on.",
            ],
        )


def _is_late(event: dict[str, Any]) -> bool:
    created = event.get("created")
    return isinstance(created, int) and time.time() - created > FRESH_SECONDS


def _apply(event: dict[str, Any], *, late: bool) -> Outcome:
    try:
        effect = effects.prepare(event, late=late)  # may ask Stripe, so it comes before the transaction
        with transaction.atomic(durable=True):
            state, attempts = _lock(event["id"])
            if state == State.APPLIED:
                return Outcome.DUPLICATE
            return _have(effect, event["id"], attempts + 1)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("stripe_event_failed", event_id=event["id"])
        _note_failure(event["id"], error)
        raise EffectFailed(event["id"]) from error


_LOCK = "SELECT state, attempts FROM billing_stripeevent WHERE stripe_event_id = %s FOR NO KEY UPDATE"


def _lock(event_id: str) -> tuple[str, int]:
    """Return the event's state and how often it was tried, and keep others from applying it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [event_id])
        state, attempts = cursor.fetchone()
    return state, attempts


def _have(effect: effects.Effect, event_id: str, attempts: int) -> Outcome:
    """Have the effect and mark the event, in the caller's transaction. NotOurs comes before any write."""
    try:
        effect()
    except NotOurs as foreign:
        logger.warning("stripe_event_about_something_foreign", event_id=event_id, reason=str(foreign))
        return _mark(event_id, State.IGNORED, attempts, str(foreign))
    return _mark(event_id, State.APPLIED, attempts)


_MARK = """
UPDATE billing_stripeevent SET state = %s, reason = %s, attempts = %s, applied_at = %s WHERE stripe_event_id = %s
"""


def _mark(event_id: str, state: StripeEvent.State, attempts: int, reason: str = "") -> Outcome:
    applied_at: datetime | None = timezone.now() if state == State.APPLIED else None
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [state, reason, attempts, applied_at, event_id])
    return Outcome.APPLIED if state == State.APPLIED else Outcome.IGNORED


def _note_failure(event_id: str, error: Exception) -> None:
    StripeEvent.objects.filter(pk=event_id).exclude(state=State.APPLIED).update(
        state=State.FAILED, reason=f"{type(error).__name__}: {error}"[:2000], attempts=F("attempts") + 1
    )
