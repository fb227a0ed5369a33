"""A photo of somebody's own yard, shown to them alone."""

from typing import cast
from uuid import UUID

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from generations import photos

logger = structlog.get_logger(__name__)


@require_safe
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponse:
    """Send the photo to its owner; 404 for anybody else's or one that is gone, 503 when the storage is away."""
    own = photos.own(cast(User, request.user), photo_id)
    if own is None:
        raise Http404
    try:
        jpeg = photos.load(own)
    except FileNotFoundError:
        logger.error("photo_missing", photo_id=str(own.pk))
        raise Http404 from None
    except OSError as error:
        logger.error("photos_away", error=type(error).__name__)
        return _away(request)
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(jpeg, content_type="image/jpeg", headers=headers)


def _away(request: HttpRequest) -> HttpResponse:
    response = render(request, "generations/pictures_away.html", status=503)
    response["Retry-After"], response["Cache-Control"] = "30", "no-store"
    return response
