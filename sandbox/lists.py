"""Cursors and filters of the list addresses: https://docs.stripe.com/api/pagination"""

from typing import Any

from django.db.models import QuerySet

from sandbox.errors import invalid_request, no_such
from sandbox.models import Resource
from sandbox.records import SPOKEN, Body

DEFAULT_LIMIT = 10
LARGEST_LIMIT = 100

# A filter whose name is not the name of the field it looks at.
FILTERED = {"ids": "key", "lookup_keys": "body__lookup_key", "customer": "customer", "payment_intent": "payment_intent"}


def listed(kind: str, url: str, params: dict[str, Any], *, within: QuerySet[Resource] | None = None) -> Body:
    """Return one page, newest first. Filters are equality on the field of the same name, and ranges on `created`."""
    found = Resource.objects.filter(kind=kind) if within is None else within
    for name, value in params.items():
        if name not in ("limit", "starting_after", "ending_before"):
            found = _narrowed(found, name, value)
    return _page(kind, url, found, params)


def _narrowed(found: QuerySet[Resource], name: str, value: Any) -> QuerySet[Resource]:
    field = FILTERED.get(name, f"body__{name}")
    if name == "created":
        bounds = value if isinstance(value, dict) else {"exact": value}
        return found.filter(**{f"created__{bound}": moment for bound, moment in bounds.items()})
    if isinstance(value, dict):
        return found.filter(**{f"{field}__{part}": one for part, one in value.items()})
    if isinstance(value, list):
        return found.filter(**{f"{field}__in": value})
    return found.filter(**{field: value})


def _page(kind: str, url: str, found: QuerySet[Resource], params: dict[str, Any]) -> Body:
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= LARGEST_LIMIT:
        raise invalid_request(
            f"Invalid integer: limit must be between 1 and {LARGEST_LIMIT}.",
            param="limit",
            code="parameter_invalid_integer",
        )
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid_request("You may only specify one of these parameters: starting_after, ending_before.")
    if before:
        newer = found.filter(number__gt=_cursor(kind, before, "ending_before")).order_by("number")
        rows = list(newer[: limit + 1])
        data = rows[:limit][::-1]
    else:
        older = found.filter(number__lt=_cursor(kind, after, "starting_after")) if after else found
        rows = list(older.order_by("-number")[: limit + 1])
        data = rows[:limit]
    return {"object": "list", "data": [row.body for row in data], "has_more": len(rows) > limit, "url": url}


def _cursor(kind: str, key: str, param: str) -> int:
    number = Resource.objects.filter(kind=kind, key=key).values_list("number", flat=True).first()
    if number is None:
        raise no_such(SPOKEN.get(kind, kind), key, param=param, status=400)
    return number


def whole_list(data: list[Body], url: str) -> Body:
    """A list that is always sent in full."""
    return {"object": "list", "data": data, "has_more": False, "url": url}
