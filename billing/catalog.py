"""What is on sale: rows that staff can edit, of the catalog this installation runs."""

from django.conf import settings

from billing.models import TokenPackage


def packages_on_sale() -> list[TokenPackage]:
    """Return this installation's packages in the order in which they are shown."""
    return list(TokenPackage.objects.filter(catalog=settings.CATALOG, on_sale=True).order_by("position", "code"))
