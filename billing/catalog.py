"""What is on sale: rows that staff can edit, of the catalog this installation runs."""

from contextlib import suppress
from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.conf import settings

from billing.models import Plan, TokenPackage

CATALOGS = ("landscape", "chat")
LEAST_CENTS = 50  # https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts

# What every installation starts with: (code, catalog, name, tokens, price in cents, badge).
_FIRST_OFFER = [
    ("package_50", "landscape", "50 tokens", 50, 49_00, ""),
    ("package_100", "landscape", "100 tokens", 100, 89_00, "Most Popular"),
    ("package_250", "landscape", "250 tokens", 250, 199_00, ""),
    ("package_500", "landscape", "500 tokens", 500, 349_00, "Best Value"),
    ("starter", "chat", "Starter", 100, 5_00, ""),
    ("standard", "chat", "Standard", 500, 20_00, "25% bonus"),
    ("premium", "chat", "Premium", 1500, 50_00, "50% bonus"),
]
# (code, catalog, name, price in cents a month, generations a day that are fair use).
_FIRST_PLANS = [
    ("pro", "landscape", "Pro", 99_00, 100),
    ("chat-pro", "chat", "Pro", 99_00, 500),
]


class NotOnSale(Exception):
    """Nothing with this code is on sale here: it never was, or staff withdrew it. Nothing changed."""


def packages_on_sale() -> list[TokenPackage]:
    """Return this installation's packages in the order in which they are shown."""
    return list(TokenPackage.objects.filter(catalog=settings.CATALOG, on_sale=True).order_by("position", "code"))


def package_on_sale(code: str) -> TokenPackage:
    """Return the package with this code as it is offered now. Raises NotOnSale."""
    package = TokenPackage.objects.filter(pk=code, catalog=settings.CATALOG, on_sale=True).first()
    if package is None:
        raise NotOnSale(code)
    return package


def currency() -> str:
    """Return the currency of what is on sale; usd when nothing is."""
    return next((package.currency for package in packages_on_sale()), "usd")


def plans_on_sale() -> list[Plan]:
    """Return this installation's plans in the order in which they are shown."""
    return list(Plan.objects.filter(catalog=settings.CATALOG, on_sale=True).order_by("position", "code"))


def plan_on_sale(code: str) -> Plan:
    """Return the plan with this code as it is offered now. Raises NotOnSale."""
    plan = Plan.objects.filter(pk=code, catalog=settings.CATALOG, on_sale=True).first()
    if plan is None:
        raise NotOnSale(code)
    return plan


def price_of(tokens: int) -> tuple[int, str]:
    """Return what so many tokens cost in cents, and the currency: at the rate of the largest package not larger.

    Fewer than the smallest package has cost that package's rate. A part of a cent is a whole one. Exactly a
    package's size costs exactly its price. Raises NotOnSale when nothing is on sale.
    """
    packages = sorted(packages_on_sale(), key=lambda package: package.tokens)
    if not packages:
        raise NotOnSale("packages")
    rate = next((package for package in reversed(packages) if package.tokens <= tokens), packages[0])
    return max(-(-tokens * rate.price_cents // rate.tokens), LEAST_CENTS), rate.currency


def put_first_offer(*, using: str, apps: Apps = installed_apps, **_: Any) -> None:
    """Add the packages and plans of both catalogs that are missing; runs after every `migrate` and `flush`.

    One that is there, edited or withdrawn by staff, stays as it is.
    """
    with suppress(LookupError):  # migrated back to before the shop sold any
        _put_packages(apps.get_model("billing", "TokenPackage"), using)
        _put_plans(apps.get_model("billing", "Plan"), using)


def _put_packages(model: Any, using: str) -> None:
    model._default_manager.using(using).bulk_create(
        [
            model(
                code=code,
                catalog=catalog,
                name=name,
                tokens=tokens,
                price_cents=price_cents,
                badge=badge,
                position=position,
            )
            for position, (code, catalog, name, tokens, price_cents, badge) in enumerate(_FIRST_OFFER)
        ],
        ignore_conflicts=True,
    )


def _put_plans(model: Any, using: str) -> None:
    model._default_manager.using(using).bulk_create(
        [
            model(code=code, catalog=catalog, name=name, price_cents=price_cents, per_day=per_day, position=position)
            for position, (code, catalog, name, price_cents, per_day) in enumerate(_FIRST_PLANS)
        ],
        ignore_conflicts=True,
    )
