"""Second thoughts about a design: cancel it while it waits, or try again what came to nothing."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from generations import drafts, orders, pricing, studio
from generations.models import Generation
from generations.views import designs, refusals
from generations.views import orders as order_pages
from generations.views.ownership import own_design
from generations.views.seeing import place_of, see

TOO_LATE: Final = "It has been begun and cannot be cancelled any more. If it fails, what it cost comes back by itself."
FINISHED: Final = "It was finished before it could be cancelled."
NOTHING_TO_RETRY: Final = "There is nothing to try again here. Nothing was charged."
PHOTO_GONE: Final = "Its photo was just deleted, so it was not tried again. Nothing was charged."
DELETED_SINCE: Final = "It was tried again already, and you deleted that design. Nothing was charged."


@require_POST
def cancel(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Cancel a design that waits, give back what it cost, and go back to it: 303. Too late, or twice, it is said."""
    design = own_design(request, generation_id)
    if studio.cancel(design.pk):
        messages.success(request, f"Cancelled. {pricing.returned(design.source, design.cost)}")
        return see(design)
    design.refresh_from_db()
    if design.state != Generation.State.CANCELLED:
        messages.info(request, FINISHED if design.has_ended else TOO_LATE)
    return see(design)


@require_POST
def retry(request: HttpRequest, generation_id: UUID) -> HttpResponse:
    """Order a design that came to nothing again, and go to the new one: 303. Twice is once.

    402, 429 and 503 show the page it was on, with the reason; the button there is the way to try once more.
    """
    design = own_design(request, generation_id)
    try:
        again = studio.retry(design)
    except studio.NothingToRetry:
        messages.info(request, NOTHING_TO_RETRY)
        return see(design)
    except studio.PhotoGone:
        messages.info(request, PHOTO_GONE)
        return see(design)
    except refusals.REFUSED as refusal:
        return _refused(request, design, refusal)
    several = orders.has_several(design)
    drafts.forget(request.session, place_of(design, several=several))
    if again.deleted_at:
        messages.info(request, DELETED_SINCE)
        return see(design, several=several)
    return see(again, several=several)


def _refused(request: HttpRequest, design: Generation, refusal: Exception) -> HttpResponse:
    several, status = orders.has_several(design), refusals.STATUS[type(refusal)]
    drafts.keep(request.session, place_of(design, several=several), {})
    why = refusals.explained(request, refusal)
    if several and design.order_id:
        return refusals.with_retry_after(order_pages.show(request, design.order_id, why, status=status))
    return refusals.with_retry_after(designs.show(request, design, why, status=status))
