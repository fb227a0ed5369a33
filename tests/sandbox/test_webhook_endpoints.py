"""The endpoint the API shows is the one events are delivered to; and events that are never delivered."""

import pytest
import stripe

from tests.sandbox.conftest import client
from tests.sandbox.listener import Listener
from tests.sandbox.shape_check import problems
from tests.sandbox.test_objects_have_the_shape_of_the_api_version import fetch
from tests.sandbox.things import open_session
from tests.sandbox_process import SandboxProcess


def endpoints(sandbox: SandboxProcess) -> list[stripe.WebhookEndpoint]:
    return client(sandbox).v1.webhook_endpoints.list().data


def pay(sandbox: SandboxProcess) -> None:
    sandbox.control(f"pay/{open_session(client(sandbox)).id}", {})


class TestTheEndpoint:
    def test_is_the_one_of_the_control_panel(self, sandbox: SandboxProcess, shop: Listener) -> None:
        (one,) = endpoints(sandbox)
        assert (one.url, one.enabled_events, one.status) == (shop.url, ["*"], "enabled")
        assert (one.api_version, "secret" in one) == (stripe.api_version, False)
        assert client(sandbox).v1.webhook_endpoints.retrieve(one.id).id == one.id == endpoints(sandbox)[0].id
        sandbox.control("settings", {"enabled_events": ["checkout.*"], "webhook_api_version": "2024-06-20"})
        (changed,) = endpoints(sandbox)
        assert (changed.enabled_events, changed.api_version) == (["checkout.*"], "2024-06-20")

    def test_labels_events_with_the_version_it_was_created_with(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"webhook_api_version": "2024-06-20"})
        pay(sandbox)
        assert shop.wait_for("checkout.session.completed")[0].event["api_version"] == "2024-06-20"

    def test_without_patterns_gets_everything(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"enabled_events": []})
        assert endpoints(sandbox)[0].enabled_events == ["*"]
        pay(sandbox)
        assert len(shop.wait_for("checkout.session.completed")) == 1

    def test_disabled_gets_nothing_until_it_is_enabled(self, sandbox: SandboxProcess, shop: Listener) -> None:
        api, key = client(sandbox), endpoints(sandbox)[0].id
        assert api.v1.webhook_endpoints.update(key, params={"disabled": True}).status == "disabled"
        pay(sandbox)
        assert (sandbox.control("wait", {"seconds": 1}), shop.types()) == ({"undelivered": 0}, [])
        assert api.v1.webhook_endpoints.update(key, params={"disabled": False}).status == "enabled"
        pay(sandbox)
        assert len(shop.wait_for("checkout.session.completed")) == 1

    def test_is_deleted_and_made_anew_with_a_secret_of_its_own(self, sandbox: SandboxProcess, shop: Listener) -> None:
        api, key = client(sandbox), endpoints(sandbox)[0].id
        api.v1.webhook_endpoints.delete(key)
        assert endpoints(sandbox) == []
        pay(sandbox)
        assert (sandbox.control("wait", {"seconds": 1}), shop.types()) == ({"undelivered": 0}, [])
        made = api.v1.webhook_endpoints.create(
            params={"url": shop.url, "enabled_events": ["checkout.session.completed"], "metadata": {"shop": "1"}}
        )
        assert (made.id != key, made.metadata.to_dict()) == (True, {"shop": "1"})
        pay(sandbox)
        heard = shop.wait_for("checkout.session.completed")[0]
        assert stripe.Webhook.construct_event(heard.body, heard.signature, str(made.secret)).id == heard.event["id"]
        assert shop.types() == ["checkout.session.completed"]

    def test_is_one_and_knows_its_events(self, sandbox: SandboxProcess, shop: Listener) -> None:
        api, key = client(sandbox), endpoints(sandbox)[0].id
        with pytest.raises(stripe.InvalidRequestError, match="maximum of 1"):
            api.v1.webhook_endpoints.create(params={"url": shop.url, "enabled_events": ["*"]})
        for change in ({"enabled_events": ["checkout.session.paid"]}, {"url": "nonsense"}):
            with pytest.raises(stripe.InvalidRequestError) as caught:
                api.v1.webhook_endpoints.update(key, params=change)  # type: ignore[arg-type]  # wrong on purpose
            assert caught.value.http_status == 400
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.webhook_endpoints.retrieve("we_unknown")
        assert caught.value.http_status == 404

    def test_and_the_account_have_the_shape_of_the_version(self, sandbox: SandboxProcess) -> None:
        bodies = [*fetch(sandbox, "webhook_endpoints")["data"], fetch(sandbox, "account")]
        assert [problem for body in bodies for problem in problems(body)] == []
        assert client(sandbox).v1.accounts.retrieve_current().charges_enabled is True


class TestLostEvents:
    def test_are_made_and_never_delivered(self, sandbox: SandboxProcess, shop: Listener) -> None:
        sandbox.control("settings", {"mode": "drop"})
        pay(sandbox)
        assert sandbox.control("wait", {"seconds": 1}) == {"undelivered": 0}
        sandbox.control("settings", {"mode": "auto"})
        assert (sandbox.control("wait", {"seconds": 1}), shop.types()) == ({"undelivered": 0}, [])
        listed = [event.type for event in client(sandbox).v1.events.list().data]
        assert listed.count("checkout.session.completed") == 1
