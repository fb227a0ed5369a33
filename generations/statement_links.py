"""Which lines of the statement lead to a design or a message that can still be seen."""

from collections.abc import Collection
from uuid import UUID

from django.urls import reverse

from generations.models import Generation

_PAGES = {Generation.Kind.DESIGN: "generations:generation", Generation.Kind.MESSAGE: "generations:message"}


def addresses(generation_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the page of each generation that was not deleted; one query."""
    rows = Generation.objects.filter(pk__in=generation_ids, deleted_at=None).values_list("pk", "kind")
    return {pk: reverse(_PAGES[Generation.Kind(kind)], args=[pk]) for pk, kind in rows}
