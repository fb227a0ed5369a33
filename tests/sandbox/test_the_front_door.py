"""Keys, versions, idempotency and errors, as the `stripe` package and a bare HTTP client meet them."""

import base64
import http.client
import json
import sqlite3
import threading
import urllib.error
import urllib.request
from email.message import Message
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from stripe._encode import _api_encode

from tests.sandbox.conftest import client
from tests.sandbox.things import open_session, session_params
from tests.sandbox_process import API_KEY, SandboxProcess


def ask(
    sandbox: SandboxProcess, path: str, headers: dict[str, str] | None = None, form: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any], Message]:
    data = None if form is None else urlencode(list(_api_encode(form))).encode()
    headers = {"Authorization": f"Bearer {API_KEY}", **(headers or {})}
    request = urllib.request.Request(f"{sandbox.url}{path}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), error.headers


class TestTheKey:
    def test_is_accepted_as_bearer_and_as_basic(self, sandbox: SandboxProcess) -> None:
        basic = base64.b64encode(f"{API_KEY}:".encode()).decode()
        assert ask(sandbox, "/v1/balance")[0] == 200
        assert ask(sandbox, "/v1/balance", {"Authorization": f"Basic {basic}"})[0] == 200

    @pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic !!!", "Digest x", "Basic /w=="])
    def test_is_asked_for_when_missing(self, sandbox: SandboxProcess, value: str) -> None:
        status, body, _ = ask(sandbox, "/v1/balance", {"Authorization": value})
        assert status == 401
        assert body["error"]["message"].startswith("You did not provide an API key.")

    def test_another_one_is_refused_and_not_repeated(self, sandbox: SandboxProcess) -> None:
        stranger = stripe.StripeClient("sk_test_of_somebody_else", base_addresses={"api": sandbox.url})
        with pytest.raises(stripe.AuthenticationError) as caught:
            stranger.v1.balance.retrieve()
        body: Any = caught.value.json_body
        assert body["error"]["code"] == "invalid_api_key"
        assert "of_somebody" not in str(caught.value)


class TestTheVersion:
    def test_of_the_package_is_served_and_named(self, sandbox: SandboxProcess) -> None:
        status, _, headers = ask(sandbox, "/v1/balance", {"Stripe-Version": stripe.api_version})
        assert (status, headers["Stripe-Version"]) == (200, stripe.api_version)
        assert headers["Request-Id"].startswith("req_")

    def test_another_one_is_refused(self, sandbox: SandboxProcess) -> None:
        status, body, _ = ask(sandbox, "/v1/balance", {"Stripe-Version": "2024-06-20"})
        assert status == 400
        assert "2024-06-20" in body["error"]["message"]


class TestErrors:
    def test_an_unknown_object_is_404_in_the_words_of_stripe(self, api: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            api.v1.checkout.sessions.retrieve("cs_test_nowhere")
        assert caught.value.http_status == 404
        assert caught.value.code == "resource_missing"
        assert caught.value.user_message == "No such checkout.session: 'cs_test_nowhere'"
        assert caught.value.request_id is not None

    def test_an_unknown_address_says_so(self, sandbox: SandboxProcess) -> None:
        status, body, _ = ask(sandbox, "/v1/nothing/here")
        assert status == 404
        assert body["error"]["message"].startswith("Unrecognized request URL (GET: /v1/nothing/here).")

    def test_a_body_that_is_not_a_form_is_refused(self, sandbox: SandboxProcess) -> None:
        status, body, _ = ask(sandbox, "/v1/customers", {"Content-Type": "application/json"}, {"email": "a@b.co"})
        assert status == 400
        assert "application/x-www-form-urlencoded" in body["error"]["message"]

    def test_a_body_that_is_not_utf8_is_refused(self, sandbox: SandboxProcess) -> None:
        request = urllib.request.Request(
            f"{sandbox.url}/v1/customers", data=b"\xff\xfe", headers={"Authorization": f"Bearer {API_KEY}"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=10)
        with caught.value:
            assert caught.value.code == 400

    def test_a_parameter_the_sandbox_does_not_serve_is_refused_not_ignored(self, api: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="does not serve the parameter tax_id_collection"):
            open_session(api, tax_id_collection={"enabled": True})


class TestTheIdempotencyKey:
    def test_replays_the_first_answer(self, sandbox: SandboxProcess, api: stripe.StripeClient) -> None:
        headers = {"Idempotency-Key": "purchase-1-checkout"}
        first = ask(sandbox, "/v1/checkout/sessions", headers, session_params())
        second = ask(sandbox, "/v1/checkout/sessions", headers, session_params())
        assert (first[0], first[1]) == (second[0], second[1])
        assert first[2]["Idempotent-Replayed"] is None
        assert second[2]["Idempotent-Replayed"] == "true"
        assert second[2]["Original-Request"] == first[2]["Request-Id"]
        assert len(api.v1.checkout.sessions.list().data) == 1

    def test_with_other_parameters_is_refused(self, sandbox: SandboxProcess, api: stripe.StripeClient) -> None:
        options: Any = {"idempotency_key": "k"}
        first: Any = session_params(4900)
        other: Any = session_params(8900)
        api.v1.checkout.sessions.create(params=first, options=options)
        with pytest.raises(stripe.IdempotencyError) as caught:
            api.v1.checkout.sessions.create(params=other, options=options)
        assert caught.value.http_status == 400

    def test_while_the_first_is_being_executed_is_a_conflict(self, own_sandbox: SandboxProcess) -> None:
        headers = {"Idempotency-Key": "k"}
        assert ask(own_sandbox, "/v1/customers", headers, {"name": "Ann"})[0] == 200
        with sqlite3.connect(own_sandbox.environment["SANDBOX_DATABASE"]) as database:
            database.execute("UPDATE sandbox_idempotentcall SET status = NULL")
        database.close()
        status, body, _ = ask(own_sandbox, "/v1/customers", headers, {"name": "Ann"})
        assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")

    def test_is_free_again_after_a_refused_request(self, sandbox: SandboxProcess) -> None:
        headers = {"Idempotency-Key": "k"}
        assert ask(sandbox, "/v1/customers", headers, {"email": "nonsense"})[0] == 400
        assert ask(sandbox, "/v1/customers", headers, {"email": "ann@example.com"})[0] == 200

    def test_longer_than_255_characters_is_refused(self, sandbox: SandboxProcess) -> None:
        assert ask(sandbox, "/v1/customers", {"Idempotency-Key": "k" * 255}, {"name": "Ann"})[0] == 200
        status, body, _ = ask(sandbox, "/v1/customers", {"Idempotency-Key": "k" * 256}, {"name": "Ann"})
        assert (status, body["error"]["type"]) == (400, "idempotency_error")

    def test_used_by_sixteen_callers_at_once_makes_one_session(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        statuses: list[int] = []

        def call() -> None:
            headers = {"Idempotency-Key": "crowd"}
            statuses.append(ask(sandbox, "/v1/checkout/sessions", headers, session_params())[0])

        threads = [threading.Thread(target=call) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 409}
        assert 200 in statuses
        assert len(api.v1.checkout.sessions.list().data) == 1


class TestFaults:
    def test_a_500_before_anything_is_survived_by_one_retry(self, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "error_500", "calls": 1})
        patient = client(sandbox, retries=2)
        assert open_session(patient).status == "open"
        assert len(patient.v1.checkout.sessions.list().data) == 1

    def test_a_500_after_the_fact_is_replayed_for_its_key(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        sandbox.control("faults", {"kind": "error_500_after", "calls": 1, "method": "post"})
        headers = {"Idempotency-Key": "k"}
        for _ in range(2):
            assert ask(sandbox, "/v1/checkout/sessions", headers, session_params())[0] == 500
        assert len(api.v1.checkout.sessions.list().data) == 1

    @pytest.mark.parametrize("kind", ["timeout_after", "cut"])
    def test_an_answer_that_never_arrives_is_found_again_by_its_key(
        self, sandbox: SandboxProcess, api: stripe.StripeClient, kind: str
    ) -> None:
        sandbox.control("faults", {"kind": kind, "calls": 1, "seconds": 0.2})
        headers = {"Idempotency-Key": "k"}
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(sandbox, "/v1/checkout/sessions", headers, session_params())
        status, body, answer_headers = ask(sandbox, "/v1/checkout/sessions", headers, session_params())
        assert (status, answer_headers["Idempotent-Replayed"]) == (200, "true")
        assert [session.id for session in api.v1.checkout.sessions.list().data] == [body["id"]]

    @pytest.mark.parametrize("kind", ["timeout", "down"])
    def test_no_answer_before_the_fact_leaves_nothing(
        self, sandbox: SandboxProcess, api: stripe.StripeClient, kind: str
    ) -> None:
        sandbox.control("faults", {"kind": kind, "calls": 1, "seconds": 0.2, "path": "/v1/checkout"})
        with pytest.raises(stripe.APIConnectionError):
            open_session(api)
        assert api.v1.checkout.sessions.list().data == []

    def test_a_429_is_a_rate_limit_and_a_409_is_retried(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        sandbox.control("faults", {"kind": "error_429", "calls": 1})
        with pytest.raises(stripe.RateLimitError):
            open_session(api)
        sandbox.control("faults", {"kind": "error_409", "calls": 1})
        assert open_session(client(sandbox, retries=2)).status == "open"

    def test_strike_only_the_named_calls_and_are_lifted(
        self, sandbox: SandboxProcess, api: stripe.StripeClient
    ) -> None:
        sandbox.control("faults", {"kind": "error_500", "calls": 50, "method": "GET", "path": "/v1/balance"})
        assert open_session(api).status == "open"
        with pytest.raises(stripe.APIError):
            api.v1.balance.retrieve()
        assert sandbox.control("state")["faults"][0]["remaining"] == 49
        assert sandbox.control("faults", {}) == {"faults": []}
        assert api.v1.balance.retrieve().livemode is False
