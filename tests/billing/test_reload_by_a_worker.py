"""The real worker of the billing queue: a crossing is answered within seconds, also behind a queue of designs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from generations import studio
from tests.billing.reloading import balance, charged_at_stripe, give, order_reloads, save_card, states
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

START_SECONDS = 40
RELOAD_SECONDS = 5


@pytest.fixture
def worker(sandbox: SandboxProcess, tmp_path: Path) -> Iterator[Path]:
    """A running worker for the billing queue alone; the folder is where its mails arrive."""
    url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
        "LOCAL_DIR": str(tmp_path),
    }
    command = [sys.executable, "manage.py", "procrastinate", "worker", "--queues", "billing"]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        wait_for(is_listening, START_SECONDS)
        yield tmp_path / "mail"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def is_listening() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        return bool(cursor.fetchone()[0])


def wait_for(happened: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)


def test_a_design_that_crosses_the_threshold_is_followed_by_tokens_and_a_mail(
    buyer: User, staff: User, sandbox: SandboxProcess, worker: Path
) -> None:
    give(buyer, 10, staff)
    save_card(buyer)
    order_reloads(buyer)
    for _ in range(5):
        studio.start_designs(user=buyer, form_key=uuid4(), areas=["front-yard"], style="english-garden", prompt="")[0]
    wait_for(lambda: states(buyer) == ["paid"], RELOAD_SECONDS)
    wait_for(lambda: worker.exists() and len(list(worker.iterdir())) == 1, RELOAD_SECONDS)
    [letter] = worker.iterdir()
    assert f"You have {balance(buyer)} tokens now." in letter.read_text()
    assert (balance(buyer), charged_at_stripe(sandbox)) == (55, [("succeeded", 4900)])
