"""/v1/webhook_endpoints: https://docs.stripe.com/api/webhook_endpoints

The sandbox delivers to one address, the one of its control panel, and shows it here as one endpoint. Deleting it leaves
none; only then can one be created.
"""

from sandbox.calls import Call, check_url
from sandbox.endpoint import shown
from sandbox.errors import invalid_request, no_such, other_version
from sandbox.events import behaviour
from sandbox.lists import whole_list
from sandbox.metadata import merged
from sandbox.models import Behaviour, Resource
from sandbox.records import Body, random_letters, save
from sandbox.stripe_package import API_VERSION


def list_endpoints(call: Call) -> Body:
    return whole_list([row.body for row in [shown()] if row], "/v1/webhook_endpoints")


def retrieve(call: Call) -> Body:
    return _found(call.key).body


def _found(key: str) -> Resource:
    row = shown()
    if row is None or row.key != key:
        raise no_such("webhook endpoint", key)
    return row


def create(call: Call) -> Body:
    """The answer alone carries the secret that deliveries are signed with from now on."""
    call.only({"api_version", "description", "enabled_events", "metadata", "url"})
    given = call.params
    if shown():
        raise invalid_request("You have reached the maximum of 1 test webhook endpoint: the sandbox delivers to one.")
    _check_events(given["enabled_events"])
    check_url(given, "url")
    if given.get("api_version", API_VERSION) != API_VERSION:
        raise other_version(given["api_version"], API_VERSION)
    mood = behaviour()
    mood.webhook_url, mood.enabled_events = given["url"], given["enabled_events"]
    mood.webhook_secret = f"whsec_{random_letters(32)}"
    mood.webhook_disabled = False
    mood.save()
    return {**_noted(given).body, "secret": mood.webhook_secret}


def update(call: Call) -> Body:
    call.only({"description", "disabled", "enabled_events", "metadata", "url"})
    _found(call.key)
    given, mood = call.params, behaviour()
    check_url(given, "url")
    if "enabled_events" in given:
        _check_events(given["enabled_events"])
        mood.enabled_events = given["enabled_events"]
    mood.webhook_url = given.get("url", mood.webhook_url)
    mood.webhook_disabled = given.get("disabled", mood.webhook_disabled)
    mood.save()
    return _noted(given).body


def delete(call: Call) -> Body:
    """Nothing is delivered any more."""
    row = _found(call.key)
    Behaviour.objects.update(webhook_url="", webhook_disabled=False)
    Resource.objects.filter(pk=row.pk).delete()
    return {"id": call.key, "object": "webhook_endpoint", "deleted": True}


def _check_events(events: list[str]) -> None:
    if not events:
        raise invalid_request("You must specify at least one event.", param="enabled_events")


def _noted(given: Body) -> Resource:
    row = shown()
    if row is None:
        raise RuntimeError("The endpoint that was just set is not there.")
    if "description" in given:
        row.body["description"] = given["description"]
    if "metadata" in given:
        row.body["metadata"] = merged(row.body["metadata"], given["metadata"])
    save(row)
    return row
