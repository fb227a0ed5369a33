"""A photo of somebody's own yard, shown to them alone."""

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.models import User
from generations import photos
from generations.views.sending import send


@require_safe
def photo(request: HttpRequest, photo_id: UUID) -> HttpResponseBase:
    """Send the photo to its owner; 404 for anybody else's or one that is gone, 503 when the storage is away."""
    own = photos.own(cast(User, request.user), photo_id)
    if own is None:
        raise Http404
    return send(request, str(own.image), of=own.pk)
