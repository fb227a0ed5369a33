"""Refuse to start with settings that would lose money or leak it. Each message says what to do."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from billing.catalog import CATALOGS
from config.database import TIMEOUTS_MILLISECONDS
from config.provider_checks import providers

STRIPE_HOST = "api.stripe.com"
STRIPE_JS_HOST = "js.stripe.com"
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105 - known to everybody, hence the checks


@register()
def settings_make_sense(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Run at every start (also by `manage.py check`); any Error stops the command."""
    return [*_site(), *_stripe(), *_card_form(), *_sandbox(), *_catalog(), *_pictures(), *providers()]


def _site() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        yield Error(f"SITE_URL is {settings.SITE_URL!r}.", hint="Set it like https://shop.example.com", id="shop.E001")
    local = parts.hostname in LOCAL_HOSTS
    if not local and not settings.HTTPS:
        yield Error("SITE_URL is public but not https.", hint="Passwords would travel in clear.", id="shop.E002")
    if not local and settings.SECRET_KEY == settings.LOCAL_SECRET_KEY:
        yield Error("SECRET_KEY is the local one.", hint="Set SECRET_KEY to 50 random characters.", id="shop.E003")
    if not local and settings.TRIAL_PEPPER == "local pepper":
        yield Error("TRIAL_PEPPER is the local one.", hint="Set it once to 50 random characters.", id="shop.E005")
    if not local and settings.DEBUG:
        yield Error("DEBUG is on at a public address.", hint="Unset DEBUG.", id="shop.E004")


def _stripe() -> Iterator[CheckMessage]:
    key, base = settings.STRIPE_SECRET_KEY, urlsplit(settings.STRIPE_API_BASE)
    if not key.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        yield Error("STRIPE_SECRET_KEY is not a secret key.", hint="It starts with sk_ or rk_.", id="shop.E010")
    if "_live_" in key and (base.scheme, base.hostname) != ("https", STRIPE_HOST):
        yield Error(
            "A live Stripe key with a STRIPE_API_BASE that is not Stripe.",
            hint="Unset STRIPE_API_BASE, or use a test key: a live key is only ever sent to Stripe.",
            id="shop.E011",
        )
    if not settings.STRIPE_WEBHOOK_SECRETS or not all(
        secret.startswith("whsec_") for secret in settings.STRIPE_WEBHOOK_SECRETS
    ):
        yield Error("STRIPE_WEBHOOK_SECRET is missing or odd.", hint="It starts with whsec_.", id="shop.E012")
    if base.hostname == STRIPE_HOST and SANDBOX_WEBHOOK_SECRET in settings.STRIPE_WEBHOOK_SECRETS:
        yield Error("The sandbox's webhook secret with the real Stripe.", hint="Anybody knows it.", id="shop.E013")
    if not 30 <= settings.CHECKOUT_LIFETIME_MINUTES <= 1440:
        yield Error("CHECKOUT_LIFETIME_MINUTES must be 30 to 1440.", hint="Stripe's own limits.", id="shop.E014")


def _card_form() -> Iterator[CheckMessage]:
    key, script = settings.STRIPE_PUBLISHABLE_KEY, urlsplit(settings.STRIPE_JS_URL)
    if not key.startswith(("pk_test_", "pk_live_")):
        yield Error("STRIPE_PUBLISHABLE_KEY is missing or odd.", hint="It starts with pk_.", id="shop.E016")
    elif ("_live_" in key) is not ("_live_" in settings.STRIPE_SECRET_KEY):
        yield Error(
            "STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of two modes.",
            hint="Take both from the test mode of Stripe's Dashboard, or both from the live mode.",
            id="shop.E017",
        )
    from_stripe = (script.scheme, script.hostname) == ("https", STRIPE_JS_HOST)
    if "_live_" in settings.STRIPE_SECRET_KEY and not from_stripe:
        yield Error(
            "A live Stripe key with a STRIPE_JS_URL that is not Stripe's.",
            hint="Unset STRIPE_JS_URL: card numbers are typed into what this script shows.",
            id="shop.E018",
        )


def _sandbox() -> Iterator[CheckMessage]:
    """Nothing of the sandbox at a public address: who knows its secret writes themselves tokens."""
    if urlsplit(settings.SITE_URL).hostname in LOCAL_HOSTS:
        return
    in_force = {
        "STRIPE_SECRET_KEY": settings.STRIPE_SECRET_KEY == settings.SANDBOX_KEY,
        "STRIPE_PUBLISHABLE_KEY": settings.STRIPE_PUBLISHABLE_KEY == settings.SANDBOX_PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRET": SANDBOX_WEBHOOK_SECRET in settings.STRIPE_WEBHOOK_SECRETS,
        "STRIPE_API_BASE": urlsplit(settings.STRIPE_API_BASE).hostname in LOCAL_HOSTS,
        "STRIPE_JS_URL": urlsplit(settings.STRIPE_JS_URL).hostname in LOCAL_HOSTS,
    }
    if any(in_force.values()):
        names = ", ".join(name for name, is_sandbox in in_force.items() if is_sandbox)
        yield Error(
            f"SITE_URL is public, but of the sandbox: {names}.",
            hint="Set STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRET from Stripe's Dashboard, "
            "and unset STRIPE_API_BASE.",
            id="shop.E015",
        )


def _catalog() -> Iterator[CheckMessage]:
    if settings.CATALOG not in CATALOGS:
        yield Error(f"CATALOG is {settings.CATALOG!r}.", hint="Set it to landscape or chat.", id="shop.E020")
    if not 1 <= settings.ENGINE_TIMEOUT_SECONDS <= 900:
        yield Error("ENGINE_TIMEOUT_SECONDS must be 1 to 900.", id="shop.E021")


def _pictures() -> Iterator[CheckMessage]:
    prefix = settings.ACCEL_REDIRECT_PREFIX
    if settings.S3_BUCKET and not all(find_spec(package) for package in ("storages", "boto3")):
        yield Error(
            "S3_BUCKET is set, but what speaks to S3 is not installed.",
            hint="Run `pip install --require-hashes -r requirements-s3.txt`, or unset S3_BUCKET.",
            id="shop.E040",
        )
    if prefix and not (prefix.startswith("/") and prefix.endswith("/")):
        yield Error(f"ACCEL_REDIRECT_PREFIX is {prefix!r}.", hint="Set it like /protected/", id="shop.E041")
    if prefix and settings.S3_BUCKET:
        yield Error(
            "ACCEL_REDIRECT_PREFIX together with S3_BUCKET.",
            hint="The proxy can only send files from a folder; unset one of the two.",
            id="shop.E042",
        )


@register(Tags.database)
def timeouts_hold(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Run by `migrate` and `check --database default`: without time-outs one stuck lock would stop the whole shop.

    Behind PgBouncer no connection can carry them, so the role has to.
    """
    return [error for alias in databases or () for error in _timeouts(alias)]


def _timeouts(alias: str) -> Iterator[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0' ORDER BY name",
            [[name for name in TIMEOUTS_MILLISECONDS if name != "idle_session_timeout"]],
        )
        missing = [name for (name,) in cursor.fetchall()]
    for name in missing:
        seconds = TIMEOUTS_MILLISECONDS[name] // 1000
        yield Error(
            f"PostgreSQL has no {name}.",
            hint=f"Behind PgBouncer set it on the role: ALTER ROLE <role> SET {name} = '{seconds}s';",
            id="shop.E030",
        )
