"""The inbox: what Stripe tells us is verified, kept, and then applied, in this order.

The event is committed before anything is done about it, so it survives a failure of its effect. The effect
and the mark that it was applied commit together, so neither a crash nor a duplicate can part them.
"""

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from billing import gateway
from billing.fulfilment import NotOurs, settle
from billing.models import StripeEvent

logger = structlog.get_logger(__name__)

State = StripeEvent.State


class Outcome(StrEnum):
    """What became of a delivery; each is answered 200."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


class EffectFailed(Exception):
    """The event is kept with the reason; its effect was rolled back. Stripe is to deliver it again."""


def receive(raw: bytes, signature: str) -> Outcome:
    """Verify, keep and apply one delivery. The second delivery of an applied event changes nothing.

    Raises BadSignature, BadPayload or WrongMode before the database is touched, EffectFailed after the event
    was kept, and OperationalError when a lock or the database could not be had: then nothing changed.
    """
    event = gateway.read_event(raw, signature)
    _keep(event)
    if event["type"] not in _EFFECTS:
        return Outcome.IGNORED
    return _apply(event["id"])


def replay(event_id: str) -> Outcome:
    """Apply a kept event again, on a staff member's word. An applied one changes nothing. Raises EffectFailed."""
    return _apply(event_id)


_KEEP = """
INSERT INTO billing_stripeevent (stripe_event_id, type, api_version, object_id, payload, state, reason, attempts)
VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
ON CONFLICT DO NOTHING
"""


def _keep(event: dict[str, Any]) -> None:
    """Commit the event in one statement of its own; one that is there already stays as it is."""
    ours = event["type"] in _EFFECTS
    version = event.get("api_version") or ""
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


_LOCK = "SELECT * FROM billing_stripeevent WHERE stripe_event_id = %s FOR NO KEY UPDATE"


def _apply(event_id: str) -> Outcome:
    try:
        with transaction.atomic(durable=True):
            [event] = StripeEvent.objects.raw(_LOCK, [event_id])
            if event.state == State.APPLIED:
                return Outcome.DUPLICATE
            return _effect(event)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("stripe_event_failed", event_id=event_id)
        _note_failure(event_id, error)
        raise EffectFailed(event_id) from error


def _effect(event: StripeEvent) -> Outcome:
    """Have the effect and mark the event, in the caller's transaction. NotOurs comes before any write."""
    apply = _EFFECTS.get(event.type)
    try:
        if apply is None:
            return _mark(event, State.IGNORED, "A type we do not act on.")
        apply(event)
    except NotOurs as foreign:
        logger.warning("stripe_event_of_a_foreign_session", event_id=event.pk, session_id=str(foreign))
        return _mark(event, State.IGNORED, "No purchase of ours.")
    return _mark(event, State.APPLIED)


_MARK = """
UPDATE billing_stripeevent SET state = %s, reason = %s, attempts = %s, applied_at = %s WHERE stripe_event_id = %s
"""


def _mark(event: StripeEvent, state: StripeEvent.State, reason: str = "") -> Outcome:
    event.state, event.reason = state, reason
    event.attempts += 1
    event.applied_at = timezone.now() if state == State.APPLIED else None
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [event.state, event.reason, event.attempts, event.applied_at, event.pk])
    return Outcome.APPLIED if state == State.APPLIED else Outcome.IGNORED


def _note_failure(event_id: str, error: Exception) -> None:
    StripeEvent.objects.filter(pk=event_id).exclude(state=State.APPLIED).update(
        state=State.FAILED, reason=f"{type(error).__name__}: {error}"[:2000], attempts=F("attempts") + 1
    )


def _settle_session(event: StripeEvent) -> None:
    settle(gateway.snapshot(event.payload["data"]["object"], event_type=event.type))


_EFFECTS: dict[str, Callable[[StripeEvent], object]] = {
    "checkout.session.completed": _settle_session,
    "checkout.session.async_payment_succeeded": _settle_session,
    "checkout.session.async_payment_failed": _settle_session,
    "checkout.session.expired": _settle_session,
}
