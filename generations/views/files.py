"""Pictures and archives, sent to their owners only. Somebody else's design, and a deleted one, does not exist: 404."""

from collections.abc import Iterator
from itertools import chain
from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from generations import archives, gallery
from generations.views.ownership import own_design
from generations.views.sending import away, disposition, send


@require_safe
def image(request: HttpRequest, generation_id: UUID) -> HttpResponseBase:
    """Send the picture; `?download=1` as a PNG to keep. 404 before there is one, 503 when the storage is away."""
    design = own_design(request, generation_id)
    kept_as = archives.file_name(design) if "download" in request.GET else ""
    return send(request, str(design.image), of=design.pk, download_as=kept_as)


@require_safe
def thumbnail(request: HttpRequest, generation_id: UUID) -> HttpResponseBase:
    """Send the small version, or the picture itself when it is older than small versions."""
    design = own_design(request, generation_id)
    return send(request, str(design.thumbnail or design.image), of=design.pk)


@require_safe
@never_cache
def order_zip(request: HttpRequest, order_id: UUID) -> HttpResponseBase:
    """Stream all finished designs of an order as PNGs in a ZIP; 404 when none is finished."""
    finished = gallery.finished_of_order(cast(User, request.user).pk, order_id)
    if not finished:
        raise Http404
    try:
        chunks = _begun(archives.zipped(finished))
    except OSError as error:
        return away(request, error)
    name = f"designs-{str(order_id)[:8]}.zip"
    return StreamingHttpResponse(
        chunks, content_type="application/zip", headers={"Content-Disposition": disposition(name)}
    )


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first chunk at once, so that a storage that is away is noticed before the answer begins."""
    return chain([next(chunks)], chunks)
