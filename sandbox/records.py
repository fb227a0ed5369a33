"""Keep and find API objects. Every change happens inside `writing()`."""

import secrets
import string
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from django.db import transaction

from sandbox.errors import no_such
from sandbox.models import Resource, Timer

Body: TypeAlias = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits
_turn = threading.RLock()

# How each kind's identifiers look, and the parameter a missing one is blamed on.
PREFIX = {
    "balance_transaction": "txn",
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "event": "evt",
    "item": "li",
    "payment_intent": "pi",
    "payment_method": "pm",
    "price": "price",
    "product": "prod",
    "refund": "re",
}
BLAMED = {
    "checkout.session": "session",
    "payment_intent": "intent",
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
    return int(time.time())


def keep(body: Body, inner: Body | None = None) -> Resource:
    """Store a new object under its own id."""
    return Resource.objects.create(
        key=body["id"], kind=body["object"], created=body["created"], body=body, inner=inner or {}, **_links(body)
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
    Timer.objects.create(due_at=time.time() + seconds, verb=verb, subject=subject)
