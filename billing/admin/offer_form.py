"""What staff may put on sale: only what can be shown and charged, and never what was sold before."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.db import models
from django.http import HttpRequest

from billing import catalog
from billing.amounts import WholeNumberField
from billing.currencies import CURRENCIES
from billing.models import Plan, TokenPackage
from billing.templatetags.money import money

_WHOLE_NUMBER: Final[dict[str, Any]] = {"form_class": WholeNumberField, "widget": AdminIntegerFieldWidget}
# For `formfield_overrides`. The rules of each number are the model's; these keep within its column.
WHOLE_NUMBERS: Final[dict[type[models.Field[Any, Any]], dict[str, Any]]] = {
    models.PositiveIntegerField: {**_WHOLE_NUMBER, "max_value": 999_999_999},
    models.PositiveSmallIntegerField: {**_WHOLE_NUMBER, "max_value": 32_767},
}


class OfferForm(forms.ModelForm):  # type: ignore[type-arg]
    """A package or a plan: its catalog is one that an installation can run, its currency one that Stripe charges in."""

    catalog = forms.ChoiceField(
        choices=[(name, name) for name in catalog.CATALOGS], help_text="Shown while CATALOG has this value."
    )
    currency = forms.ChoiceField(choices=[(code, code.upper()) for code in CURRENCIES])


class OfferAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Packages and plans: edited freely, because a sale remembers its own terms."""

    list_filter = ["catalog", "on_sale"]
    form = OfferForm
    formfield_overrides = WHOLE_NUMBERS

    @admin.display(ordering="price_cents")
    def price(self, offer: TokenPackage | Plan) -> str:
        return money(offer.price_cents, offer.currency)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let nobody rename what sales point at."""
        return ["code"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is on offer is withdrawn with `on sale`, not deleted: sales remember it."""
        return False
