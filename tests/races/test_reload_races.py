"""Reloads at the same moment, and a worker that dies between the charge and its own commit."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from time import sleep
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing import auto_reload, reconcile, saved_cards, standing_order, tasks
from billing.fulfilment import settle
from billing.models import AutoReload, Purchase
from generations import studio
from tests.billing.conftest import _sandbox, sandbox  # noqa: F401
from tests.billing.reloading import (
    a_minute_later,
    balance,
    charged_at_stripe,
    give,
    jobs,
    keep_card,
    letters,
    order_of,
    order_reloads,
    save_card,
    skips,
    states,
)
from tests.sandbox_process import SandboxProcess
from tests.together import dawdling, together
from tokens import notices
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)

RELOAD = "billing.reload"


@pytest.fixture
def ready(buyer: User, staff: User, sandbox: SandboxProcess) -> User:  # noqa: F811
    """Somebody with exactly as many tokens as their threshold, and a card that pays."""
    give(buyer, 10, staff)
    save_card(buyer)
    order_reloads(buyer)
    return buyer


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the account and the order as a reload does, but without their locks, and dawdle before writing."""

    def read(user_id: UUID) -> tuple[TokenAccount, AutoReload | None]:
        return TokenAccount.objects.get(pk=user_id), AutoReload.objects.filter(pk=user_id, enabled=True).first()

    write_down = auto_reload._write_down

    def slowly(order: Any, terms: Any, now: Any) -> auto_reload.Attempt:
        sleep(0.2)
        return write_down(order, terms, now)

    monkeypatch.setattr(auto_reload, "_lock", read)
    monkeypatch.setattr(auto_reload, "_write_down", slowly)


@pytest.fixture
def no_constraint(transactional_db: None) -> Iterator[None]:
    """Take away the rule that one reload is in flight per person."""
    rule = next(rule for rule in Purchase._meta.constraints if rule.name == "purchase_one_reload_in_flight")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Purchase, rule)
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE billing_purchase, tokens_tokentransaction CASCADE")
    with connection.schema_editor() as editor:
        editor.add_constraint(Purchase, rule)


def dawdle(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let what is called `name` take its time after it has looked."""
    look = getattr(module, name)

    def slowly(*given: Any) -> Any:
        found = look(*given)
        sleep(0.3)
        return found

    monkeypatch.setattr(module, name, slowly)


def spend(user: User) -> None:
    studio.start_designs(user=user, form_key=uuid4(), areas=["front-yard"], style="english-garden", prompt="")[0]


class TestTwoChargesCrossTheThresholdAtOnce:
    def test_one_reload_is_made(self, ready: User, sandbox: SandboxProcess) -> None:  # noqa: F811
        together(partial(spend, ready), partial(spend, ready))
        assert jobs(RELOAD) == [{"user_id": str(ready.pk)}]
        together(*[partial(tasks.reload, str(ready.pk)) for _ in range(6)])
        assert (states(ready), balance(ready)) == (["paid"], 58)
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]

    def test_without_the_lock_the_constraint_still_refuses(
        self,
        ready: User,
        staff: User,
        sandbox: SandboxProcess,  # noqa: F811
        no_lock: None,
    ) -> None:
        give(ready, -1, staff)
        results = together(*[partial(auto_reload.reload, ready.pk) for _ in range(3)])
        assert sum(isinstance(result, IntegrityError) for result in results) == 2
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]

    @pytest.mark.breaks_the_books
    def test_without_lock_and_constraint_the_card_is_charged_again(
        self,
        ready: User,
        staff: User,
        sandbox: SandboxProcess,  # noqa: F811
        no_lock: None,
        no_constraint: None,
    ) -> None:
        give(ready, -1, staff)
        together(*[partial(auto_reload.reload, ready.pk) for _ in range(3)])
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)] * 3


class TestTheCapHoldsForManyAtOnce:
    def test_the_last_one_that_fits_is_made_once(self, ready: User, staff: User, sandbox: SandboxProcess) -> None:  # noqa: F811
        order_reloads(ready, threshold=100, cap=100_00)
        for _ in range(3):
            together(*[partial(auto_reload.reload, ready.pk) for _ in range(4)])
            a_minute_later()
        assert (states(ready), charged_at_stripe(sandbox)) == (["paid"] * 2, [("succeeded", 4900)] * 2)


class TestACrossingWhileAnotherReloadIsDecided:
    def test_a_job_that_waits_already_waits_for_the_charge_as_well(self, ready: User, staff: User) -> None:
        """The second crossing queues no second job; the first job must not look before that crossing commits."""
        standing_order.reload_soon(ready.pk)

        def cross_and_dawdle() -> None:
            with transaction.atomic():
                give(ready, -1, staff)
                sleep(0.5)

        def look_meanwhile() -> Purchase | None:
            sleep(0.2)
            return auto_reload.reload(ready.pk)

        _, made = together(cross_and_dawdle, look_meanwhile)
        assert len(jobs(RELOAD)) == 1
        assert isinstance(made, Purchase), made
        assert (states(ready), balance(ready)) == (["paid"], 59)

    def test_a_crossing_while_the_job_runs_queues_another_job(self, ready: User, staff: User) -> None:
        standing_order.reload_soon(ready.pk)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = %s", [RELOAD])
        give(ready, -1, staff)
        assert jobs(RELOAD) == [{"user_id": str(ready.pk)}]


def everything_at_once(user: User, staff: User) -> list[Exception]:
    """Credit a reload while its owner switches on and off and staff move the balance; return what went wrong."""
    give(user, -1, staff)
    attempt = auto_reload._begin(user.pk)
    assert attempt is not None
    told = auto_reload._told_by_the_bank(attempt)
    results = together(
        partial(settle, told),
        *[partial(order_reloads, user, threshold=20) for _ in range(3)],
        *[partial(standing_order.switch_off, user.pk) for _ in range(3)],
        *[partial(give, user, 1, staff) for _ in range(3)],
    )
    return [result for result in results if isinstance(result, Exception)]


class TestSwitchingAndReloadingAtOnce:
    def test_nobody_waits_for_each_other_in_a_circle(self, ready: User, staff: User) -> None:
        """Charges, settings, declines and payments lock the account first and the order second."""
        assert everything_at_once(ready, staff) == []
        assert (states(ready), balance(ready)) == (["paid"], 62)
        mark = TokenAccount.objects.get(pk=ready.pk).low_mark
        assert mark == (20 if order_of(ready).enabled else 5)

    def test_without_the_account_first_somebody_is_the_victim_of_a_deadlock(
        self, ready: User, staff: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notices, "held_still", lambda user_id: TokenAccount.objects.get(pk=user_id))
        # What comes just before the account is locked, while the order is held.
        monkeypatch.setattr(AutoReload, "save", dawdling(AutoReload.save, 0.1))
        victims = everything_at_once(ready, staff)
        assert {str(victim).partition("\n")[0] for victim in victims} == {"deadlock detected"}


class TestTheLastCardsRemoved:
    @pytest.fixture
    def two_cards(self, buyer: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Two cards of somebody whose auto-reload is on; whoever looks what cards are left dawdles over it."""
        give(buyer, 100, staff)
        cards = [keep_card(buyer).pk, keep_card(buyer).pk]
        order_reloads(buyer)
        dawdle(monkeypatch, saved_cards, "kept")
        return cards

    def test_both_at_once_switch_it_off(self, buyer: User, two_cards: list[str]) -> None:
        results = together(*[partial(saved_cards.note_removed, card) for card in two_cards])
        assert (sorted(results), order_of(buyer).enabled) == ([False, True], False)
        assert letters() == ["reload_off_without_card"]

    def test_without_the_account_locked_it_stays_on_with_no_card(
        self, buyer: User, two_cards: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notices, "held_still", lambda user_id: None)
        results = together(*[partial(saved_cards.note_removed, card) for card in two_cards])
        assert (results, order_of(buyer).enabled) == ([False, False], True)

    def switch_on_meanwhile(self, user: User, card: str) -> tuple[Any, Any]:
        def remove_meanwhile() -> bool:
            sleep(0.1)
            return saved_cards.note_removed(card)

        on, removed = together(partial(order_reloads, user), remove_meanwhile)
        return on, removed

    @pytest.fixture
    def a_card(self, buyer: User, staff: User, monkeypatch: pytest.MonkeyPatch) -> str:
        """The one card of somebody who is about to switch on, and dawdles after the look for it."""
        give(buyer, 100, staff)
        dawdle(monkeypatch, standing_order, "_require_card")
        return str(keep_card(buyer).pk)

    def test_while_it_is_being_switched_on_it_ends_off(self, buyer: User, a_card: str) -> None:
        on, removed = self.switch_on_meanwhile(buyer, a_card)
        assert (type(on), removed, order_of(buyer).enabled) == (AutoReload, True, False)

    def test_without_the_locks_it_is_on_with_no_card(
        self, buyer: User, a_card: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notices, "held_still", lambda user_id: None)
        monkeypatch.setattr(standing_order, "_require_card", lambda user_id: sleep(0.3))
        _, removed = self.switch_on_meanwhile(buyer, a_card)
        assert (removed, order_of(buyer).enabled) == (False, True)


KILLED = """
import os, signal, sys
from uuid import UUID
import django
django.setup()
from billing import auto_reload
auto_reload.settle_now = lambda told: os.kill(os.getpid(), signal.SIGKILL)
auto_reload.reload(UUID(sys.argv[1]))
"""


class TestAWorkerKilledBetweenTheChargeAndItsCommit:
    @pytest.fixture
    def killed(self, ready: User, staff: User, sandbox: SandboxProcess, live_server: LiveServer) -> User:  # noqa: F811
        sandbox.control("settings", {"webhook_url": f"{live_server.url}/webhooks/stripe/"})
        give(ready, -1, staff)
        url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
        environment = {**os.environ, "DATABASE_URL": url, "STRIPE_API_BASE": sandbox.url}
        environment |= {"STRIPE_SECRET_KEY": "sk_test_sandbox", "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "-c", KILLED, str(ready.pk)]
        worker = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, timeout=60, check=False)
        assert worker.returncode == -signal.SIGKILL
        assert (states(ready), charged_at_stripe(sandbox)) == (["created"], [("succeeded", 4900)])
        a_minute_later()
        return ready

    @pytest.mark.parametrize("turns", [["webhook"], ["sweep"], ["webhook", "sweep"], ["sweep", "webhook"], ["both"]])
    def test_it_is_credited_once_in_every_order(
        self,
        killed: User,
        sandbox: SandboxProcess,  # noqa: F811
        turns: list[str],
    ) -> None:
        def webhook() -> None:
            sandbox.control("settings", {"mode": "twice"})
            assert sandbox.control("wait", {"seconds": 20})["undelivered"] == 0

        def sweep() -> None:
            reconcile.reconcile(everything=True)

        def both() -> None:
            together(webhook, sweep)

        ways: dict[str, Callable[[], None]] = {"webhook": webhook, "sweep": sweep, "both": both}
        for turn in turns:
            ways[turn]()
        auto_reload.reload(killed.pk)
        assert (states(killed), balance(killed), skips(killed)) == (["paid"], 59, [])
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]
        assert letters() == ["reload_made"]
