"""Generations, for staff who answer questions about them; the words of the styles; and how the providers are.

Generations can not be changed here: the studio ends them. What people write to the assistant, and what it answers,
is not shown to anybody but them.
"""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from generations import costs
from generations.models import Generation, ProviderHealth, StylePrompt

if TYPE_CHECKING:
    _GenerationAdmin = admin.ModelAdmin[Generation]
    _StylePromptAdmin = admin.ModelAdmin[StylePrompt]
    _ProviderHealthAdmin = admin.ModelAdmin[ProviderHealth]
else:
    _GenerationAdmin = _StylePromptAdmin = _ProviderHealthAdmin = admin.ModelAdmin

COST_DAYS: Final = 30
# Shown of every generation ...
FACTS: Final = [
    *("id", "user", "kind", "state", "source", "cost", "charge", "refund", "failure"),
    *("engine", "note", "input_tokens", "output_tokens", "provider_cost"),
    *("job_id", "attempts", "lease_expires_at", "retry_of", "form_key", "order_id"),
    *("created_at", "started_at", "ended_at", "deleted_at"),
]
# ... and of designs alone. A message's words, and its conversation's title, stay with the person who wrote them.
OF_DESIGNS: Final = ["area", "style", "prompt", "photo", "picture", "alt_text"]


class _ReadOnly:
    """Nothing here is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It comes into being by itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is changed by the shop alone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays on record."""
        return False


@admin.register(Generation)
class GenerationAdmin(_ReadOnly, _GenerationAdmin):
    """Read-only, searchable by e-mail address and id."""

    list_display = ["created_at", "user", "title", "state", "source", "cost", "engine", "provider_cost", "ended_at"]
    list_filter = ["kind", "state", "source", "style", "area"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"
    search_fields = ["user__email__iexact", "id__iexact", "job_id__iexact"]
    search_help_text = "A whole e-mail address, or the id of a generation or of its job."
    show_full_result_count = False
    actions = None

    def get_fields(self, request: HttpRequest, obj: Generation | None = None) -> Any:
        """Leave out what was written to the assistant and what it answered."""
        is_design = obj is not None and obj.kind == Generation.Kind.DESIGN
        return [*FACTS, *OF_DESIGNS] if is_design else FACTS

    @admin.display(description="Image")
    def picture(self, generation: Generation) -> str:
        """Name the file. It is no link: only its owner is sent it."""
        return str(generation.image)

    @admin.display(description="Provider's price", ordering="provider_cost_microdollars")
    def provider_cost(self, generation: Generation) -> str:
        """Say in US dollars what the provider bills us for it."""
        return costs.in_dollars(generation.provider_cost_microdollars)


@admin.register(StylePrompt)
class StylePromptAdmin(_StylePromptAdmin):
    """The words of each style, edited in place. There is one for each style, so none is added or deleted."""

    list_display = ["__str__", "plants", "updated_at"]
    fields = ["style", "plants", "materials", "structure", "keep", "updated_at"]
    readonly_fields = ["style", "updated_at"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The styles are the shop's."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A style without words would only be named."""
        return False


@admin.register(ProviderHealth)
class ProviderHealthAdmin(_ReadOnly, _ProviderHealthAdmin):
    """Which providers answer, which are left alone, and what all of them cost."""

    list_display = ["name", "state", "failures", "opened_at", "probed_at"]
    list_display_links = None
    change_list_template = "generations/admin/providers.html"
    show_full_result_count = False
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the costs of the last days above the providers."""
        context = {"title": "Providers", "costs": costs.of_the_last(COST_DAYS), "cost_days": COST_DAYS}
        return super().changelist_view(request, {**context, **(extra_context or {})})
