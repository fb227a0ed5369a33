"""The sandbox watches itself and its caller: what is not as the stripe package describes it is remembered."""

import pytest
import stripe

from sandbox.promises import problems
from tests.sandbox.things import open_session
from tests.sandbox_process import SandboxProcess


class TestAFinding:
    def test_tells_of_an_answer_and_an_event_that_are_not_as_described(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        session = open_session(api)
        sandbox.control(f"pay/{session.id}", {"currency": 5, "authentication": "leave"})
        found = sandbox.control("findings")["findings"]
        assert {(row["about"], row["where"], row["problem"]) for row in found} >= {
            ("event", "checkout.session.completed", "checkout.session.currency is 5, of another type than promised"),
            ("event", "charge.succeeded", "charge.currency is 5, of another type than promised"),
        }
        api.v1.checkout.sessions.retrieve(session.id)
        wheres = [row["where"] for row in sandbox.control("findings")["findings"]]
        assert wheres.count("GET checkout/session_retrieve") == 1
        sandbox.control("reset", {})

    def test_is_not_made_of_a_good_payment(self, api: stripe.StripeClient, sandbox: SandboxProcess) -> None:
        sandbox.control(f"pay/{open_session(api).id}", {})
        assert sandbox.control("findings") == {"findings": [], "refused": []}


class TestTheCheck:
    def test_sees_a_field_too_much_one_missing_a_wrong_type_and_a_wrong_value_at_any_depth(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        sandbox.control(f"pay/{open_session(api).id}", {})
        charge = api.v1.charges.list(params={"expand": ["data.payment_intent"]}).data[0].to_dict(for_json=True)
        assert problems(charge) == []
        del charge["amount"]
        charge["captured"] = "yes"
        charge["payment_intent"]["status"] = "perhaps"
        charge["payment_method_details"]["card"]["brand"] = None
        charge["payment_method_details"]["colour"] = "red"
        assert sorted(problem.split(", ")[0] for problem in problems({"object": "list", "data": [charge]})) == [
            "charge.amount is missing",
            "charge.captured is 'yes'",
            "charge.payment_intent.status is 'perhaps'",
            "charge.payment_method_details.colour does not exist",
        ]


class TestARefusedRequest:
    def test_is_remembered_apart_because_the_caller_made_it(
        self, api: stripe.StripeClient, sandbox: SandboxProcess
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError):
            open_session(api, colour="red")
        told = sandbox.control("findings")
        assert [(row["where"], row["problem"]) for row in told["refused"]] == [
            ("POST /v1/checkout/sessions", "Received unknown parameter: colour")
        ]
        assert told["findings"] == []
