"""The inbox: what Stripe tells us is verified, then kept and applied in one transaction.

The event, marked as applied, and its effect commit together, so neither a crash nor a duplicate can part them.
When the effect fails, the event is kept by itself with the reason. After a crash nothing is kept, and nothing was
answered: Stripe delivers again.
"""

import json
import time
from contextlib import suppress
from enum import StrEnum
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F

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
    had: then the event is kept, if it can be, and nothing else changed.
    """
    event = gateway.read_event(raw, signature)
    _notice_version(event)
    if event["type"] not in effects.ACTED_ON:
        _keep(event, State.IGNORED, reason="A type we do not act on.")
        return Outcome.IGNORED
    return _apply(event, late=_is_late(event))


def replay(event_id: str) -> Outcome:
    """Apply a kept event again, on a staff member's word. An applied one changes nothing.

    Asks Stripe first if it would credit, however young it is. Raises EffectFailed.
    """
    return _apply(StripeEvent.objects.get(pk=event_id).payload, late=True)


_KEEP = """
INSERT INTO billing_stripeevent
    (stripe_event_id, type, api_version, object_id, payload, state, reason, attempts, applied_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, 1, CASE %s WHEN 'applied' THEN now() END)
ON CONFLICT DO NOTHING
RETURNING attempts
"""


def _keep(event: dict[str, Any], state: StripeEvent.State, *, reason: str = "") -> bool:
    """Write the event down and return True; False when it is there already, and stays as it is.

    Somebody else who is just applying the same event is waited for.
    """
    version, subject = str(event.get("api_version") or ""), str(event["data"]["object"].get("id") or "")
    values = [event["id"], event["type"], version, subject, json.dumps(event), state, reason, state]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
        return cursor.fetchone() is not None


def _notice_version(event: dict[str, Any]) -> None:
    version = str(event.get("api_version") or "")
    if version != gateway.API_VERSION:
        logger.warning("stripe_event_of_another_version", event_id=event["id"], api_version=version)


def _is_late(event: dict[str, Any]) -> bool:
    created = event.get("created")
    return isinstance(created, int) and time.time() - created > FRESH_SECONDS


def _apply(event: dict[str, Any], *, late: bool) -> Outcome:
    try:
        effect = effects.prepare(event, late=late)  # may ask Stripe, so it comes before the transaction
        with transaction.atomic(durable=True):
            if not (_keep(event, State.APPLIED) or _mark_again(event["id"])):
                return Outcome.DUPLICATE
            return _have(effect, event)
    except (OperationalError, InterfaceError) as error:
        with suppress(DatabaseError, InterfaceError):
            _note_failure(event, error)
        raise
    except Exception as error:
        logger.exception("stripe_event_failed", event_id=event["id"])
        _note_failure(event, error)
        raise EffectFailed(event["id"]) from error


_MARK_AGAIN = """
UPDATE billing_stripeevent SET state = 'applied', reason = '', attempts = attempts + 1, applied_at = now()
WHERE stripe_event_id = %s AND state <> 'applied'
"""


def _mark_again(event_id: str) -> bool:
    """Mark an event that is kept as applied, and keep others from it meanwhile; False when it is applied already."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK_AGAIN, [event_id])
        return bool(cursor.rowcount == 1)


def _have(effect: effects.Effect, event: dict[str, Any]) -> Outcome:
    """Have the effect, in the transaction that keeps the event. NotOurs comes before any write of the effect."""
    try:
        effect()
    except NotOurs as foreign:
        tell = logger.warning if _could_be_ours(event) else logger.info
        tell("stripe_event_about_something_foreign", event_id=event["id"], reason=str(foreign))
        StripeEvent.objects.filter(pk=event["id"]).update(state=State.IGNORED, reason=str(foreign), applied_at=None)
        return Outcome.IGNORED
    return Outcome.APPLIED


def _could_be_ours(event: dict[str, Any]) -> bool:
    """Whether it is odd that no row of ours knows it: all but payments without our mark, as subscriptions make them."""
    return not event["type"].startswith("payment_intent.") or "purchase_id" in _marks(event)


def _marks(event: dict[str, Any]) -> dict[str, Any]:
    marks = event["data"]["object"].get("metadata")
    return marks if isinstance(marks, dict) else {}


def _note_failure(event: dict[str, Any], error: Exception) -> None:
    """Keep the event with the reason, in a transaction of its own; one that was applied meanwhile stays so."""
    reason = f"{type(error).__name__}: {error}"[:2000]
    if not _keep(event, State.FAILED, reason=reason):
        StripeEvent.objects.filter(pk=event["id"]).exclude(state=State.APPLIED).update(
            state=State.FAILED, reason=reason, attempts=F("attempts") + 1
        )
