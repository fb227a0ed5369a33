"""The real worker: a process that is killed while it paints."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from accounts.models import User
from generations.models import Generation
from tests.generations.conftest import Give, Start, held
from tokens.ledger import Type
from tokens.models import TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

PATIENCE_SECONDS = 40


@contextmanager
def worker(media: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on the test's database, with the engine that does what the prompt says."""
    url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = {
        **os.environ,
        "DATABASE_URL": url.geturl(),
        "LANDSCAPE_ENGINE": "tests.generations.engines.ObedientPainter",
        "ENGINE_TIMEOUT_SECONDS": "60",
        "MEDIA_ROOT": str(media),
    }
    command = [sys.executable, "manage.py", "procrastinate", "worker", "--concurrency", "2"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.1)


def state(generation: Generation) -> str:
    return Generation.objects.values_list("state", flat=True).get(pk=generation.pk)


class TestAWorkerKilledWhileItPaints:
    def test_another_worker_gives_the_token_back_once_and_paints_on(
        self, buyer: User, give: Give, start: Start, tmp_path: Path
    ) -> None:
        media = tmp_path / "media"
        give(buyer, 2)
        with worker(media) as first:
            doomed = start(buyer, prompt="hang")
            wait_for(lambda: state(doomed) == "running")
            first.kill()
            first.wait()
        Generation.objects.filter(pk=doomed.pk).update(lease_expires_at=timezone.now())
        with suppress(AlreadyEnqueued):  # the next sweep is due within 15 seconds; this one comes at once
            app.configure_task("generations.expire_overdue").defer(timestamp=0)
        with worker(media):
            fine = start(buyer)
            wait_for(lambda: state(doomed) == "failed" and state(fine) == "succeeded")
        doomed.refresh_from_db()
        fine.refresh_from_db()
        assert doomed.attempts == 1
        assert held(buyer) == (1, 0)
        assert TokenTransaction.objects.filter(type=Type.REFUND).count() == 1
        assert fine.image.size > 0
