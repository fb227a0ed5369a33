"""Deliver events to the webhook endpoint, and do what falls due, in a thread of the server.

Everything is read from the database, so after a restart the courier goes on where it stopped.
"""

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import close_old_connections

from sandbox import clock
from sandbox.events import BATCH_SECONDS, behaviour, work_waiting
from sandbox.models import Attempt, Behaviour, Delivery, Resource, Timer
from sandbox.post import Posted, Style, post
from sandbox.records import Body, find, writing
from sandbox.timers import ring_due

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
HANDS = 8
GIVE_UP_SECONDS = 3 * 24 * 60 * 60  # https://docs.stripe.com/webhooks#retries


class Courier(threading.Thread):
    """One per process. `stop` lets deliveries under way finish their current attempt."""

    def __init__(self) -> None:
        super().__init__(name="courier", daemon=True)
        self._stopping = threading.Event()
        self._hands = ThreadPoolExecutor(HANDS, thread_name_prefix="delivery")
        self._free = threading.Semaphore(HANDS)

    def stop(self) -> None:
        self._stopping.set()
        work_waiting.set()
        self._hands.shutdown(wait=False, cancel_futures=True)

    def run(self) -> None:
        Delivery.objects.filter(state=Delivery.State.TAKEN).update(state=Delivery.State.WAITING)
        while not self._stopping.is_set():
            try:
                close_old_connections()
                ring_due()
                busy = self._send_out()
            except Exception:
                log.exception("The courier stumbled and goes on")
                busy = False
            if not busy:
                work_waiting.wait(_seconds_until_next())
                work_waiting.clear()

    def _send_out(self) -> bool:
        """Hand due deliveries to free hands. Returns whether there was one."""
        mood = behaviour()
        if mood.mode in (Behaviour.Mode.HOLD, Behaviour.Mode.DROP):
            return False
        if mood.mode == Behaviour.Mode.REVERSED:
            return self._send_batch([row.pk for row in _take(order="-pk", most=1_000, within=BATCH_SECONDS)])
        free = 0
        while free < HANDS and self._free.acquire(blocking=False):
            free += 1
        rows = _take(order="due_at", most=free) if free else []
        for _ in range(free - len(rows)):
            self._free.release()
        for row in rows:
            self._hands.submit(self._deliver_and_release, row.pk)
        return bool(rows)

    def _send_batch(self, batch: list[int]) -> bool:
        for delivery in batch:
            deliver(delivery)
        return bool(batch)

    def _deliver_and_release(self, delivery: int) -> None:
        try:
            deliver(delivery)
        except Exception:
            log.exception("Delivery %s stumbled", delivery)
        finally:
            self._free.release()
            work_waiting.set()


def _take(*, order: str, most: int, within: float = 0) -> list[Delivery]:
    """Claim the due deliveries; as soon as one is due, also those that fall due `within` seconds."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING)
    if not waiting.filter(due_at__lte=time.time()).exists():
        return []
    with writing():
        rows = list(waiting.filter(due_at__lte=time.time() + within).order_by(order)[:most])
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(state=Delivery.State.TAKEN)
    return rows


def _seconds_until_next() -> float:
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING).order_by("due_at")
    delivery = waiting.values_list("due_at", flat=True).first()
    timer = Timer.objects.order_by("due_at").values_list("due_at", flat=True).first()
    pauses = [IDLE_SECONDS]
    pauses += [] if delivery is None else [delivery - time.time()]
    pauses += [] if timer is None else [timer - clock.now()]
    return max(0.02, min(pauses))


def deliver(delivery_id: int) -> None:
    """Make one attempt, and plan the next one if it was not answered with 2xx."""
    delivery = Delivery.objects.filter(pk=delivery_id).first()
    if delivery is None:
        return
    style = {Behaviour.Mode.BAD_SIGNATURE: Style.BAD, Behaviour.Mode.OLD_SIGNATURE: Style.OLD}
    mood = behaviour()
    posted = post_event(delivery.event, style.get(Behaviour.Mode(mood.mode), Style.GOOD), mood)
    with writing():
        if posted is None or not Delivery.objects.filter(pk=delivery.pk).exists():
            Delivery.objects.filter(pk=delivery.pk).delete()
            return
        _note(delivery.event, posted, delivery)
        delivery.attempts += 1
        _plan_next(delivery, posted)
        delivery.save()


def _plan_next(delivery: Delivery, posted: Posted) -> None:
    pauses = settings.RETRY_SECONDS
    if posted.accepted:
        delivery.state = Delivery.State.DELIVERED
    elif time.time() - delivery.created_at > GIVE_UP_SECONDS:
        delivery.state = Delivery.State.GIVEN_UP
    else:
        delivery.state = Delivery.State.WAITING
        delivery.due_at = time.time() + pauses[min(delivery.attempts, len(pauses)) - 1]


def post_event(event: str, style: Style, mood: Behaviour) -> Posted | None:
    """Send one event to the endpoint, now. None if the event is gone (the sandbox was reset)."""
    resource = Resource.objects.filter(kind="event", key=event).first()
    if resource is None:
        return None
    payload = json.dumps(resource.body, indent=2).encode()
    return post(mood.webhook_url, payload, mood.webhook_secret, style)


def deliver_now(event: str, *, times: int = 1, style: Style = Style.GOOD) -> list[Body]:
    """Send an event `times` times at once, whatever the mode, and return the answers. Planned deliveries stay."""
    find("event", event)
    mood = behaviour()
    with ThreadPoolExecutor(min(times, 32)) as hands:
        answers = list(hands.map(lambda _: _posted_apart(event, style, mood), range(times)))
    with writing():
        rows = [_note(event, posted, None) for posted in answers if posted]
    return [{"status": row.status, "ms": row.took_ms, "excerpt": row.excerpt, "error": row.error} for row in rows]


def _posted_apart(event: str, style: Style, mood: Behaviour) -> Posted | None:
    from django.db import connection

    try:
        return post_event(event, style, mood)
    finally:
        connection.close()


def _note(event: str, posted: Posted, delivery: Delivery | None) -> Attempt:
    return Attempt.objects.create(
        event=event,
        delivery=delivery,
        at=posted.at,
        status=posted.status,
        took_ms=posted.took_ms,
        signature=posted.style,
        excerpt=posted.excerpt,
        error=posted.error,
    )
