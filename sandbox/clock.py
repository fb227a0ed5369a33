"""The sandbox's own time: the machine's time, plus as far as the clock was moved ahead.

Objects, periods and timers live in this time. Deliveries, their retries and their signatures live in the machine's:
a signature from next month would be refused.
"""

import time

from sandbox.models import Clock


def now() -> float:
    """Seconds since the epoch, in the sandbox's time."""
    return time.time() + ahead()


def ahead() -> float:
    """How far the clock was moved, in seconds. Asked of the database each time: a value remembered here could be
    the one from before another thread's commit, and date a renewal a month too early."""
    return Clock.objects.filter(pk=1).values_list("ahead_seconds", flat=True).first() or 0.0


def set_to(moment: float) -> None:
    """Move the clock ahead to `moment`; runs inside `writing()`. An earlier moment is ignored."""
    if moment > now():
        Clock.objects.update_or_create(pk=1, defaults={"ahead_seconds": moment - time.time()})
