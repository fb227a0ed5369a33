"""Designs, for staff who answer questions about them. Nothing can be changed here: the studio ends designs."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from generations.models import Generation

if TYPE_CHECKING:
    _GenerationAdmin = admin.ModelAdmin[Generation]
else:
    _GenerationAdmin = admin.ModelAdmin


@admin.register(Generation)
class GenerationAdmin(_GenerationAdmin):
    """Read-only, searchable by e-mail address and id."""

    list_display = ["created_at", "user", "title", "state", "source", "cost", "ended_at"]
    list_filter = ["state", "source", "style", "area"]
    list_select_related = ["user"]
    search_fields = ["user__email__iexact", "id__iexact", "job_id__iexact"]
    search_help_text = "A whole e-mail address, or the id of a design or of its job."
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Designs are started by the people who pay for them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Designs are ended by the studio."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was charged stays on record."""
        return False
