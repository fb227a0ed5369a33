"""/v1/billing_portal: https://docs.stripe.com/api/customer_portal"""

from django.conf import settings

from sandbox.calls import Call, check_url
from sandbox.errors import invalid_request, missing_parameter
from sandbox.events import record
from sandbox.lists import listed
from sandbox.metadata import merged
from sandbox.models import Resource
from sandbox.records import Body, find, keep, load, new_key, now, writing
from sandbox.shapes import shaped

REASONS = ["customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex"]


def create_session(call: Call) -> Body:
    """A way into the portal for one customer. The address is the only key to it."""
    call.only({"configuration", "customer", "locale", "return_url"})
    if "customer" not in call.params:
        raise missing_parameter("customer")
    check_url(call.params, "return_url")
    find("customer", call.params["customer"], param="customer", status=400)
    configuration = _configuration(call.params.get("configuration"))
    key = new_key("billing_portal.session")
    session = shaped(
        "billing_portal.session",
        id=key,
        configuration=configuration["id"],
        created=now(),
        customer=call.params["customer"],
        livemode=False,
        locale=call.params.get("locale"),
        return_url=call.params.get("return_url") or configuration["default_return_url"],
        url=f"{settings.SITE}/portal/{key}",
    )
    keep(session)
    record("billing_portal.session.created", session)
    return session


def _configuration(key: str | None) -> Body:
    if key is None:
        return default_configuration()
    configuration = find("billing_portal.configuration", key, param="configuration", status=400).body
    if not configuration["active"]:
        raise invalid_request("You can only use an active portal configuration.", param="configuration")
    return configuration


def default_configuration() -> Body:
    """The one in force when none is named; made on first use, as if saved in the Dashboard."""
    with writing():
        found = Resource.objects.filter(kind="billing_portal.configuration", body__is_default=True).first()
        return found.body if found else _new_configuration({}, is_default=True)


def create_configuration(call: Call) -> Body:
    """Features of the portal are accepted and shown; the sandbox's own page always offers the same four things."""
    call.only({"business_profile", "default_return_url", "features", "metadata", "name"})
    check_url(call.params, "default_return_url")
    return _new_configuration(call.params, is_default=False)


def list_configurations(call: Call) -> Body:
    call.only({"active", "ending_before", "is_default", "limit", "starting_after"})
    default_configuration()
    return listed("billing_portal.configuration", "/v1/billing_portal/configurations", call.params)


def retrieve_configuration(call: Call) -> Body:
    return load("billing_portal.configuration", call.key)


def _new_configuration(given: Body, *, is_default: bool) -> Body:
    profile = dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url"))
    configuration = shaped(
        "billing_portal.configuration",
        id=new_key("billing_portal.configuration"),
        active=True,
        business_profile={**profile, **(given.get("business_profile") or {})},
        created=now(),
        default_return_url=given.get("default_return_url"),
        features=_features(given.get("features") or {}),
        is_default=is_default,
        livemode=False,
        login_page={"enabled": False, "url": None},
        metadata=merged({}, given.get("metadata", {})),
        name=given.get("name"),
        updated=now(),
    )
    keep(configuration)
    record("billing_portal.configuration.created", configuration)
    return configuration


def _features(given: Body) -> Body:
    offered: Body = {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "feedback_options": None, "options": REASONS},
            "enabled": True,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": False,
            "products": None,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
    return {name: {**feature, **(given.get(name) or {})} for name, feature in offered.items()}
