"""Whether an event is Stripe's own. Touches nothing but its arguments: a flood of forgeries costs no database."""

import time
from typing import Any

import stripe
from django.conf import settings

from billing import envelope

SIGNATURE_AGE_SECONDS = 300


class BadSignature(Exception):
    """The event is not signed with any of our secrets, or was signed too long ago or in the future."""


class WrongMode(Exception):
    """A test event reached a live shop, or the reverse."""


def read_event(raw: bytes, signature: str) -> dict[str, Any]:
    """Verify a webhook's body and return the event. Raises BadSignature, BadPayload or WrongMode.

    Characters that PostgreSQL cannot keep are replaced by U+FFFD.
    """
    _verify(raw, signature)
    event = envelope.opened(raw)
    if event.get("livemode") is not ("_live_" in settings.STRIPE_SECRET_KEY):
        raise WrongMode(event["id"])
    return event


def _verify(raw: bytes, signature: str) -> None:
    """Try each configured secret. Stripe's own check lets a time in the future pass, so that is looked at here."""
    if not signature.isascii():
        raise BadSignature("not ASCII")
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(raw, signature, secret, SIGNATURE_AGE_SECONDS)
        except stripe.SignatureVerificationError:
            continue
        except UnicodeDecodeError as error:
            raise envelope.BadPayload("not UTF-8") from error
        signed_at = int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
        if signed_at > time.time() + SIGNATURE_AGE_SECONDS:
            raise BadSignature("signed in the future")
        return
    raise BadSignature("no secret fits")
