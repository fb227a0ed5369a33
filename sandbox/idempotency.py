"""Idempotency keys: https://docs.stripe.com/api/idempotent_requests

The first status and body are replayed for a key, server errors included; another request under the same key is
refused with 400, and one that comes while the first is still being executed with 409. Requests refused before
execution began (validation) leave no trace.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import ApiError, key_in_use, key_reused, key_too_long
from sandbox.models import IdempotentCall
from sandbox.records import writing

LONGEST_KEY = 255
KEPT_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Answer:
    """`original` is the request id of the first call when this is a replay."""

    status: int
    text: str
    original: str = ""


def once(key: str, fingerprint: str, request_id: str, work: Callable[[], Answer]) -> Answer:
    """Do the work and remember its answer in one transaction - or replay the answer of the first time."""
    if len(key) > LONGEST_KEY:
        raise key_too_long(len(key))
    if earlier := _begin(key, fingerprint, request_id):
        return earlier
    try:
        with writing():
            answer = work()
            IdempotentCall.objects.filter(key=key).update(status=answer.status, body=answer.text)
            return answer
    except ApiError as error:
        if not error.started:
            IdempotentCall.objects.filter(key=key).delete()
        raise
    except BaseException:
        IdempotentCall.objects.filter(key=key).delete()
        raise


def _begin(key: str, fingerprint: str, request_id: str) -> Answer | None:
    with writing():
        call, first = IdempotentCall.objects.get_or_create(
            key=key, defaults={"fingerprint": fingerprint, "request_id": request_id, "created_at": time.time()}
        )
    if first:
        return None
    if call.fingerprint != fingerprint:
        raise key_reused()
    if call.status is None:
        raise key_in_use(key)
    return Answer(call.status, call.body, original=call.request_id)


def tidy_up() -> None:
    """At start: a call that was being executed when the process died has left no effects, so its key is free again.
    Keys older than a day are forgotten."""
    IdempotentCall.objects.filter(status=None).delete()
    IdempotentCall.objects.filter(created_at__lt=time.time() - KEPT_SECONDS).delete()
