"""What the sandbox caught itself, or its caller, doing that the installed `stripe` package does not describe.

An answer or an event that differs from the description is the sandbox's own fault; a request refused for its
parameters is the caller's. Neither stops anything: tests look here at their end.
"""

from sandbox.errors import ApiError
from sandbox.models import Resource
from sandbox.promises import problems
from sandbox.records import Body, now, random_letters, writing

MOST = 1_000


def check_answer(route: str, body: Body) -> None:
    _note("answer", route, problems(body))


def check_event(kind: str, body: Body) -> None:
    _note("event", kind, problems(body))


def check_refusal(request: str, refusal: ApiError) -> None:
    """Remember a request that the API version does not know: an unknown, missing or ill-typed parameter."""
    code = str(refusal.facts.get("code", ""))
    if code.startswith("parameter_") or code.endswith("_no_longer_supported"):
        _note("request", request, [str(refusal)])


def _note(about: str, where: str, found: list[str]) -> None:
    if not found:
        return
    with writing():
        known = {(row["where"], row["problem"]) for row in _all()}
        for problem in found:
            if (where, problem) not in known and len(known) < MOST:
                key = f"finding_{random_letters(24)}"
                body = {"about": about, "where": where, "problem": problem, "at": now()}
                Resource.objects.create(key=key, kind="finding", created=now(), body=body)


def _all() -> list[Body]:
    rows = Resource.objects.filter(kind="finding").order_by("number").values_list("body", flat=True)
    return [dict(body) for body in rows]


def findings() -> Body:
    """`findings`: how answers and events differ from the description; `refused`: requests the description has not."""
    rows = _all()
    return {
        "findings": [row for row in rows if row["about"] != "request"],
        "refused": [row for row in rows if row["about"] == "request"],
    }
