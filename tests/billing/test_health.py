"""Whether events reach us and Stripe's side is set up as expected; and that nobody waits for Stripe to be told."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import gateway, health
from billing.effects import ACTED_ON
from billing.models import Purchase, ReconcileRun, StripeCheck, StripeEvent
from tests import stripe_events
from tests.billing.conftest import post_event
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db

GOOD = gateway.Endpoint(
    url="http://localhost:8000/webhooks/stripe/",
    enabled=True,
    api_version=gateway.API_VERSION,
    event_types=ACTED_ON,
    live=False,
)


@pytest.fixture(autouse=True)
def _the_site_is_this_one(settings: Any) -> None:
    settings.SITE_URL = "http://localhost:8000"


def problems(monkeypatch: pytest.MonkeyPatch, *endpoints: gateway.Endpoint, skew: float = 0.0) -> list[str]:
    """Look at an account that is set up like this, and return what is wrong with it."""
    account = gateway.AccountSnapshot(list(endpoints), skew)
    monkeypatch.setattr(gateway, "look_at_account", lambda: account)
    found: list[str] = health.look().problems
    return found


class TestTheEndpoint:
    @pytest.mark.parametrize(
        "url",
        [
            "http://localhost:8000/webhooks/stripe/",
            "http://localhost:8000/api/payment/webhook/",
            "http://127.0.0.1:8000/webhooks/stripe/",
        ],
    )
    def test_one_under_either_name_is_good(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        assert problems(monkeypatch, replace(GOOD, url=url)) == []

    @pytest.mark.parametrize(
        "url",
        ["http://localhost:8001/webhooks/stripe/", "https://localhost:8000/webhooks/stripe/", "http://localhost:8000/"],
    )
    def test_without_one_for_this_site_it_is_missing(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        assert problems(monkeypatch, replace(GOOD, url=url)) == [
            "No webhook endpoint for http://localhost:8000/webhooks/stripe/ exists at Stripe. "
            "Create it; docs/stripe.md says how."
        ]

    def test_a_disabled_one_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [found] = problems(monkeypatch, replace(GOOD, enabled=False))
        assert "is disabled" in found

    def test_the_types_that_do_not_come_are_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fewer = ACTED_ON - {"refund.failed", "invoice.paid"}
        assert problems(monkeypatch, replace(GOOD, event_types=fewer)) == [
            "The webhook endpoint does not get invoice.paid, refund.failed. Add them to it in the Dashboard."
        ]

    def test_one_that_gets_everything_gets_these_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert problems(monkeypatch, replace(GOOD, event_types=frozenset({"*"}))) == []

    def test_another_api_version_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [found] = problems(monkeypatch, replace(GOOD, api_version="2024-06-20"))
        assert ("2024-06-20" in found, gateway.API_VERSION in found) == (True, True)

    def test_another_mode_than_the_keys_is_named(self, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
        settings.STRIPE_PUBLISHABLE_KEY = "pk_live_1"
        found = problems(monkeypatch, replace(GOOD, live=True))
        assert [one.split(" are of")[0] for one in found] == [
            "STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY",
            "The webhook endpoint and STRIPE_SECRET_KEY",
        ]


def test_the_runbook_names_exactly_the_events_that_are_acted_on() -> None:
    runbook = (Path(__file__).parents[2] / "docs" / "stripe.md").read_text()
    named = re.findall(r"^- `([a-z_.]+)`$", runbook, re.MULTILINE)
    assert sorted(named) == sorted(ACTED_ON)


class TestTheClock:
    @pytest.mark.parametrize(("skew", "words"), [(61.0, "61 seconds ahead of"), (-300.0, "300 seconds behind")])
    def test_one_that_is_wrong_is_named(self, monkeypatch: pytest.MonkeyPatch, skew: float, words: str) -> None:
        [found] = problems(monkeypatch, GOOD, skew=skew)
        assert words in found

    @pytest.mark.parametrize("skew", [0.0, 60.0, -60.0])
    def test_one_that_is_nearly_right_is_not(self, monkeypatch: pytest.MonkeyPatch, skew: float) -> None:
        assert problems(monkeypatch, GOOD, skew=skew) == []


class TestTheEvents:
    def test_those_that_failed_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        StripeEvent.objects.create(stripe_event_id="evt_1", type="refund.created", payload={}, state="failed")
        [found] = problems(monkeypatch, GOOD)
        assert ("failed: 1." in found, health.facts().events_waiting) == (True, 1)

    def test_a_purchase_that_was_paid_long_after_the_last_event_is_told(
        self, monkeypatch: pytest.MonkeyPatch, purchase: Purchase
    ) -> None:
        post_event(stripe_events.completed(purchase))
        assert problems(monkeypatch, GOOD) == []
        StripeEvent.objects.update(received_at=timezone.now() - timedelta(hours=1))
        [found] = problems(monkeypatch, GOOD)
        assert "Do events reach us?" in found

    def test_the_last_one_of_another_version_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        StripeEvent.objects.create(
            stripe_event_id="evt_1", type="x", payload={}, api_version="2024-06-20", state="ignored"
        )
        [found] = problems(monkeypatch, GOOD)
        assert found.startswith("The last event is of API version 2024-06-20")

    def test_three_hours_without_a_complete_walk_are_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        long_ago = timezone.now() - timedelta(hours=4)
        run = ReconcileRun.objects.create(since=long_ago, started_at=long_ago)
        [found] = problems(monkeypatch, GOOD)
        assert "for three hours" in found
        run.started_at = run.ended_at = timezone.now()
        run.save()
        assert problems(monkeypatch, GOOD) == []


class TestLookingAtTheSandbox:
    def set_up(self, sandbox: SandboxProcess, **changes: Any) -> None:
        good = {"webhook_url": "http://localhost:8000/webhooks/stripe/", "enabled_events": sorted(ACTED_ON)}
        sandbox.control("settings", {**good, **changes})

    def test_a_good_account_has_no_problems_and_tells_the_time(self, sandbox: SandboxProcess) -> None:
        self.set_up(sandbox)
        check = health.look()
        assert (check.problems, check.clock_skew_seconds is not None) == ([], True)
        assert abs(check.clock_skew_seconds or 0) < 3

    def test_the_command_names_each_missing_thing(
        self, sandbox: SandboxProcess, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.set_up(sandbox, enabled_events=sorted(ACTED_ON - {"invoice.paid"}))
        with pytest.raises(SystemExit) as ended:
            call_command("check_stripe")
        said = "- The webhook endpoint does not get invoice.paid. Add them to it in the Dashboard.\n"
        assert (ended.value.code, capsys.readouterr().out) == (1, said)

    def test_the_command_says_when_all_is_well(
        self, sandbox: SandboxProcess, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.set_up(sandbox)
        call_command("check_stripe")
        assert capsys.readouterr().out.startswith("Stripe is set up as expected")

    def test_an_outage_is_a_problem_too(self, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 50})
        [found] = health.look().problems
        sandbox.control("faults", {})
        assert found.startswith("Stripe does not answer.")


class TestReadyz:
    """What is known is told; nothing is asked, and nothing of it makes the site unready."""

    @pytest.fixture(autouse=True)
    def _nobody_asks_stripe(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gateway, "look_at_account", None)

    def test_the_stored_facts_stand_in_the_body(self, client: Client) -> None:
        StripeCheck.objects.create(problems=["One.", "Two."], clock_skew_seconds=1.5)
        StripeEvent.objects.create(stripe_event_id="evt_1", type="x", payload={}, state="failed")
        answer = client.get("/readyz", headers={"Accept": "application/json"})
        told = answer.json()["stripe"]
        assert (answer.status_code, told["stripe_problems"], told["clock_skew_seconds"]) == (200, 2, 1.5)
        assert (told["events_waiting"], told["last_event_age_seconds"] < 60, told["last_walk_at"]) == (1, True, None)

    def test_before_the_first_look_it_is_ready_all_the_same(self, client: Client) -> None:
        answer = client.get("/readyz", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["stripe"]["stripe_checked_at"]) == (200, None)

    @pytest.mark.parametrize(("accept", "words"), [("text/plain", "stripe_problems: 0"), ("*/*", "stripe_problems")])
    def test_people_can_read_it(self, client: Client, accept: str, words: str) -> None:
        assert words in client.get("/readyz", headers={"Accept": accept}).content.decode()


class TestTheAdminPage:
    def test_it_shows_what_is_wrong_and_looks_again_on_a_click(
        self, client: Client, staff: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client.force_login(staff)
        assert "Nobody has looked yet" in client.get("/admin/billing/stripecheck/").content.decode()
        problems(monkeypatch)
        page = client.get("/admin/billing/stripecheck/").content.decode()
        assert "No webhook endpoint for http://localhost:8000/webhooks/stripe/ exists" in page
        problems(monkeypatch, GOOD)
        assert client.post("/admin/billing/stripecheck/look/").status_code == 302
        page = client.get("/admin/billing/stripecheck/").content.decode()
        assert ("Nothing was wrong at the last look" in page, StripeCheck.objects.count()) == (True, 3)

    @pytest.mark.parametrize(
        ("skew", "said"),
        [(-0.12, "0.1 s behind Stripe&#x27;s"), (3.0, "3.0 s ahead of Stripe&#x27;s"), (None, "not known")],
    )
    def test_it_says_how_our_clock_goes(self, client: Client, staff: User, skew: float | None, said: str) -> None:
        StripeCheck.objects.create(clock_skew_seconds=skew)
        client.force_login(staff)
        assert f"<td>{said}</td>" in client.get("/admin/billing/stripecheck/").content.decode()

    def test_looks_are_forgotten_after_thirty_days(self, monkeypatch: pytest.MonkeyPatch) -> None:
        StripeCheck.objects.create(checked_at=timezone.now() - timedelta(days=31))
        problems(monkeypatch, GOOD)
        assert StripeCheck.objects.count() == 1

    def test_an_onlooker_cannot_have_it_looked(self, client: Client) -> None:
        onlooker = User.objects.create_user("onlooker@example.com", "a-long-passphrase", is_staff=True)
        client.force_login(onlooker)
        assert client.post("/admin/billing/stripecheck/look/").status_code == 403
