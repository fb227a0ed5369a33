"""/v1/disputes: https://docs.stripe.com/api/disputes"""

from sandbox import disputes
from sandbox.calls import Call
from sandbox.lists import listed
from sandbox.records import Body, find, load


def retrieve(call: Call) -> Body:
    return load("dispute", call.key)


def list_disputes(call: Call) -> Body:
    return listed("dispute", "/v1/disputes", call.params)


def update(call: Call) -> Body:
    """Keep evidence as a draft with `submit=false`, else send it to the bank, which is possible once."""
    call.only({"evidence", "metadata", "submit"})
    return disputes.give_evidence(find("dispute", call.key), call.params)


def close(call: Call) -> Body:
    """Accept the dispute as lost: https://docs.stripe.com/api/disputes/close"""
    dispute = find("dispute", call.key)
    inquiry = dispute.body["status"].startswith("warning")
    return disputes.close(dispute, "warning_closed" if inquiry else "lost")
