"""What the outside world does of itself when its time comes, and a way to make that time come sooner."""

import math

from sandbox import checkout, clock, disputes, refunds, subscriptions
from sandbox.models import Timer
from sandbox.records import find, writing

LONGEST_MOVE_SECONDS = 10 * 366 * 24 * 60 * 60


def ring_due(until: float | None = None) -> int:
    """Do everything due by now, or by the later moment `until`, in its order. Each happens in a transaction of its
    own, with the clock at its moment. Returns how many there were; what rings may set new timers."""
    rung = 0
    while _ring_next(clock.now() if until is None else until):
        rung += 1
    return rung


def _ring_next(until: float) -> bool:
    due = Timer.objects.filter(due_at__lte=until).order_by("due_at", "pk")
    if not due.exists():  # the courier looks twice a second, and must not keep writers waiting for nothing
        return False
    with writing():
        timer = due.first()
        if timer is None:
            return False
        timer.delete()
        clock.set_to(timer.due_at)
        _ring(timer)
        return True


def advance(seconds: float) -> int:
    """Move the clock ahead; everything that becomes due on the way happens. Returns how many things that were.
    Raises ValueError unless 0 < seconds <= ten years."""
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_MOVE_SECONDS):
        raise ValueError("The clock can be moved by more than 0 seconds and at most ten years, only ahead.")
    target = clock.now() + seconds
    rung = ring_due(target)
    with writing():
        clock.set_to(target)
    return rung


def _ring(timer: Timer) -> None:
    match timer.verb:
        case "expire":
            checkout.expire(find("checkout.session", timer.subject))
        case "debit_succeeded" | "debit_failed":
            checkout.settle_debit(timer.subject, timer.verb.removeprefix("debit_"))
        case "chargeback" | "inquiry":
            disputes.holder_complains(timer.subject, inquiry=timer.verb == "inquiry")
        case "settle_refund":
            refunds.settle_refund(timer.subject)
        case "end_period":
            subscriptions.end_period(timer.subject)
        case "collect_again":
            subscriptions.collect_again(timer.subject)
