"""POST /v1/payment_methods: a card by one of Stripe's test tokens, as its command line tool makes it.

Card numbers are not taken here: https://docs.stripe.com/testing asks for tokens in code, and so does the sandbox.
"""

import re

from sandbox.calls import Call
from sandbox.errors import invalid_request, missing_parameter, no_such
from sandbox.metadata import merged
from sandbox.payment_methods import named_method
from sandbox.records import Body, save


def create_method(call: Call) -> Body:
    call.only({"billing_details", "card", "metadata", "type"})
    given = call.params
    if given.get("type") != "card":
        raise invalid_request("This sandbox makes payment methods of type card only.", param="type")
    if "token" not in given.get("card", {}):
        raise missing_parameter("card[token]")
    name = given["card"]["token"]
    method = named_method(re.sub("^tok_", "pm_card_", name))  # tok_visa is the card pm_card_visa
    if method is None:
        raise no_such("token", name, param="card[token]", status=400)
    method.body["billing_details"] = _billing(method.body["billing_details"], given.get("billing_details") or {})
    method.body["metadata"] = merged({}, given.get("metadata", {}))
    save(method)
    return method.body


def _billing(empty: Body, given: Body) -> Body:
    return {**empty, **given, "address": {**empty["address"], **(given.get("address") or {})}}
