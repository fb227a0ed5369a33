"""What is on sale: rows that staff can edit, of the catalog this installation runs."""

from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.conf import settings

from billing.models import TokenPackage

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


def put_first_offer(*, using: str, apps: Apps = installed_apps, **_: Any) -> None:
    """Add the packages of both catalogs that are missing; runs after every `migrate` and `flush`.

    A package that is there, edited or withdrawn by staff, stays as it is.
    """
    try:
        model = apps.get_model("billing", "TokenPackage")
    except LookupError:  # migrated back to before the shop sold anything
        return
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
