"""Keep and find API objects. Every change happens inside `writing()`."""

import secrets
import string
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from django.db import transaction

from sandbox import clock
from sandbox.errors import no_such
from sandbox.models import Resource, Timer

Body: TypeAlias = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits
_turn = threading.RLock()

# How each kind's identifiers look, and the parameter a missing one is blamed on.
PREFIX = {
    "balance_transaction": "txn",
    "billing_portal.configuration": "bpc",
    "billing_portal.session": "bps",
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "event": "evt",
    "invoice": "in",
    "invoice_payment": "inpay",
    "invoiceitem": "ii",
    "item": "li",
    "line_item": "il",
    "payment_intent": "pi",
    "payment_method": "pm",
    "price": "price",
    "product": "prod",
    "dispute": "du",
    "refund": "re",
    "setup_intent": "seti",
    "subscription": "sub",
    "subscription_item": "si",
    "webhook_endpoint": "we",
}
BLAMED = {
    "checkout.session": "session",
    "dispute": "dispute",
    "payment_intent": "intent",
    "setup_intent": "intent",
    "price": "price",
    "payment_method": "payment_method",
}
SPOKEN = {"payment_method": "PaymentMethod", "customer": "customer"}


@contextmanager
def writing() -> Iterator[None]:
    """One writer at a time, all or nothing. SQLite allows one anyway; taking turns here avoids its busy waiting."""
    with _turn, transaction.atomic():
        yield


def new_key(kind: str) -> str:
    length = 58 if kind == "checkout.session" else 24
    return f"{PREFIX[kind]}_{random_letters(length)}"


def random_letters(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def now() -> int:
    """Whole seconds since the epoch, in the sandbox's own time."""
    return int(clock.now())


def keep(body: Body, inner: Body | None = None) -> Resource:
    """Store a new object under its own id."""
    created = body["created"] if "created" in body else body["date"]
    return Resource.objects.create(
        key=body["id"], kind=body["object"], created=created, body=body, inner=inner or {}, **_links(body)
    )


def save(resource: Resource) -> None:
    """Store the changed body and inner notes of an object."""
    for name, value in _links(resource.body).items():
        setattr(resource, name, value)
    resource.save()


def _links(body: Body) -> dict[str, str]:
    return {name: body.get(name) or "" for name in ("customer", "payment_intent")}


def find(kind: str, key: str, *, param: str | None = None, status: int = 404) -> Resource:
    """Return the object. Raises ApiError `resource_missing`; a deleted object counts as missing for `status` 400,
    that is, when another request refers to it."""
    resource = Resource.objects.filter(key=key, kind=kind).first()
    if resource is None or (status == 400 and resource.body.get("deleted")):
        raise no_such(SPOKEN.get(kind, kind), key, param=param or BLAMED.get(kind, "id"), status=status)
    return resource


def load(kind: str, key: str) -> Body:
    return find(kind, key).body


def later(seconds: float, verb: str, subject: str) -> None:
    at(clock.now() + seconds, verb, subject)


def at(moment: float, verb: str, subject: str) -> None:
    Timer.objects.create(due_at=moment, verb=verb, subject=subject)
