"""/v1/events: https://docs.stripe.com/api/events"""

import fnmatch

from django.db.models import QuerySet

from sandbox.calls import Call, one_of
from sandbox.lists import listed
from sandbox.models import Delivery, Resource
from sandbox.records import Body, load


def retrieve(call: Call) -> Body:
    return _with_pending(load("event", call.key))


def list_events(call: Call) -> Body:
    """`type` may end in a wildcard; `delivery_success` looks at the deliveries as they are now."""
    one_of(call.params, "type", "types")
    params = dict(call.params)
    found = Resource.objects.filter(kind="event")
    found = _of_type(found, params.pop("type", None), params.pop("types", None))
    if (success := params.pop("delivery_success", None)) is not None:
        undelivered = Delivery.objects.exclude(state=Delivery.State.DELIVERED).values("event")
        found = found.exclude(key__in=undelivered) if success else found.filter(key__in=undelivered)
    page = listed("event", "/v1/events", params, within=found)
    page["data"] = [_with_pending(body) for body in page["data"]]
    return page


def _of_type(found: QuerySet[Resource], pattern: str | None, names: list[str] | None) -> QuerySet[Resource]:
    if names:
        return found.filter(body__type__in=names)
    if pattern and "*" in pattern:
        kinds = {str(kind) for kind in found.values_list("body__type", flat=True).distinct()}
        return found.filter(body__type__in=[kind for kind in kinds if fnmatch.fnmatchcase(kind, pattern)])
    return found.filter(body__type=pattern) if pattern else found


def _with_pending(body: Body) -> Body:
    waiting = Delivery.objects.filter(event=body["id"]).exclude(state=Delivery.State.DELIVERED)
    return {**body, "pending_webhooks": waiting.count()}
