"""The webhook endpoint as an API object: what the control panel says about deliveries, under an id of its own."""

from sandbox.events import behaviour
from sandbox.models import Behaviour, Resource
from sandbox.records import Body, keep, new_key, now, save, writing
from sandbox.shapes import shaped
from sandbox.stripe_package import API_VERSION


def shown() -> Resource | None:
    """The endpoint as it is now, or None when events go nowhere. It gets its id the first time it is looked at."""
    mood = behaviour()
    if not mood.webhook_url:
        return None
    with writing():
        row = Resource.objects.filter(kind="webhook_endpoint").first() or _new(mood)
        row.body.update(_state(mood))
        save(row)
        return row


def _state(mood: Behaviour) -> Body:
    return {
        "api_version": mood.webhook_api_version or API_VERSION,
        "enabled_events": mood.enabled_events or ["*"],
        "status": "disabled" if mood.webhook_disabled else "enabled",
        "url": mood.webhook_url,
    }


def _new(mood: Behaviour) -> Resource:
    body = shaped(
        "webhook_endpoint",
        id=new_key("webhook_endpoint"),
        created=now(),
        livemode=False,
        metadata={},
        **_state(mood),
    )
    return keep(body)
