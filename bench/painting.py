"""From the start of a design to its end: through the queue, the worker and the disk, with an engine without time."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

from django.db.models import F, Max, Min, QuerySet
from procrastinate.contrib.django.models import ProcrastinateWorker

from accounts.models import User
from bench.people import user_id
from bench.report import Figure
from bench.server import quantile
from generations import studio
from generations.models import Generation

DESIGNS, WAITING_DESIGNS = 400, 120
PICKUPS = 150
CONCURRENCY = 4  # as in the Procfile
PATIENCE_SECONDS = 120
PICKUP_P50_MS, PICKUP_P99_MS = 100.0, 1000.0


def painting() -> list[Figure]:
    """Return how soon an idle worker begins, and designs per second with one, two and three workers."""
    with _workers(1, "NoTimePainter"):
        waits = [_wait_of(number) * 1000 for number in range(PICKUPS)]
    return [
        Figure("pickup by an idle worker, p50", quantile(waits, 0.5), "ms", None, "", PICKUP_P50_MS, True),
        Figure("pickup by an idle worker, p99", quantile(waits, 0.99), "ms", None, "", PICKUP_P99_MS, True),
        *_growth("designs that take no time", "NoTimePainter", DESIGNS),
        *_growth("designs that wait 0.2 s", "WaitingPainter", WAITING_DESIGNS),
    ]


def _growth(name: str, engine: str, designs: int) -> list[Figure]:
    rates = []
    for count in (1, 2, 3):
        with _workers(count, engine) as workers:
            rates.append(_rate(workers, designs))
    first = Figure(f"{name}, 1 worker", rates[0], "per second")
    return [
        first,
        *(
            Figure(f"{name}, {count} workers", rate, "per second", rate / rates[0], "1 worker")
            for count, rate in enumerate(rates[1:], start=2)
        ),
    ]


@contextmanager
def _workers(count: int, engine: str) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run so many idle workers until the block ends."""
    ProcrastinateWorker.objects.all().delete()
    environment = {**os.environ, "LANDSCAPE_ENGINE": f"bench.engine.{engine}"}
    command = [sys.executable, "manage.py", "procrastinate", "worker", "--concurrency", str(CONCURRENCY)]
    workers = [subprocess.Popen([*command, "--queues", "generations"], env=environment) for _ in range(count)]
    try:
        _until(lambda: ProcrastinateWorker.objects.count() == count)
        time.sleep(1)  # until what is due at every start is over
        yield workers
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait()


def _rate(workers: list["subprocess.Popen[bytes]"], designs: int) -> float:
    """Stop the workers' clocks, queue designs, let all of them loose at once; return designs per second."""
    for worker in workers:
        worker.send_signal(signal.SIGSTOP)
    people = list(User.objects.filter(pk__in=[user_id(number) for number in range(1, 101)]))
    started = [_start(people[number % len(people)]) for number in range(designs)]
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
    batch = Generation.objects.filter(pk__in=started)
    _until_painted(batch)
    span = batch.aggregate(span=Max("ended_at") - Min("started_at"))["span"]
    return designs / float(span.total_seconds())


def _wait_of(number: int) -> float:
    """Start one design while nobody is busy; return the seconds, by PostgreSQL's clock, until it was begun."""
    time.sleep(random.uniform(0.01, 0.1))
    waited = Generation.objects.filter(pk=_start(User.objects.get(pk=user_id(number + 1))))
    _until_painted(waited)
    (seconds,) = waited.annotate(wait=F("started_at") - F("created_at")).values_list("wait", flat=True)
    return float(seconds.total_seconds())


def _until_painted(designs: QuerySet[Generation]) -> None:
    _until(lambda: not designs.exclude(state=Generation.State.SUCCEEDED).exists())


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise RuntimeError(f"The workers did not get there in {PATIENCE_SECONDS} seconds.")
        time.sleep(0.01)


def _start(user: User) -> UUID:
    [design] = studio.start_designs(user=user, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")
    return design.pk
