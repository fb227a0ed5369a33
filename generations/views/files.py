"""Pictures and archives, sent to their owners only. Somebody else's design, and a deleted one, does not exist: 404.

They go through the site, never by a signed link of the storage: such a link would outlive a sign-out and a deletion.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from typing import Final, cast
from urllib.parse import quote
from uuid import UUID

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from generations import archives, gallery, pictures
from generations.models import Generation
from generations.views.ownership import own_design

logger = structlog.get_logger(__name__)

# A browser keeps the picture and asks each time whether it may show it, so that a deleted one, or one of somebody who
# signed out, is gone at once. Tried: with an hour's max-age a deleted picture went on being shown.
ASK_EACH_TIME: Final = "private, max-age=0, must-revalidate"
RETRY_AFTER_SECONDS: Final = 30


@require_safe
def image(request: HttpRequest, generation_id: UUID) -> HttpResponseBase:
    """Send the picture; `?download=1` as a PNG to keep. 404 before there is one, 503 when the storage is away."""
    generation = own_design(request, generation_id)
    return _send(request, generation, str(generation.image), download="download" in request.GET)


@require_safe
def thumbnail(request: HttpRequest, generation_id: UUID) -> HttpResponseBase:
    """Send the small version, or the picture itself when it is older than small versions."""
    generation = own_design(request, generation_id)
    return _send(request, generation, str(generation.thumbnail or generation.image))


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
        return _away(request, error)
    name = f"designs-{str(order_id)[:8]}.zip"
    return StreamingHttpResponse(
        chunks, content_type="application/zip", headers={"Content-Disposition": _disposition(name)}
    )


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first chunk at once, so that a storage that is away is noticed before the answer begins."""
    return chain([next(chunks)], chunks)


def _send(request: HttpRequest, generation: Generation, name: str, *, download: bool = False) -> HttpResponseBase:
    """Answer with a stored file, or 304 to a browser that has it. The file is read only when it is to be sent."""
    if not name:
        raise Http404
    etag = f'"{sha256(f"{name} {download}".encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            response = _file(generation, name, download=download)
        except FileNotFoundError:
            logger.error("picture_missing", generation_id=str(generation.pk))
            raise Http404 from None
        except OSError as error:
            return _away(request, error)
    response["ETag"] = etag
    response["Cache-Control"] = ASK_EACH_TIME
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Cookie"])
    return response


def _file(generation: Generation, name: str, *, download: bool) -> HttpResponse:
    if download:
        png = pictures.as_png(pictures.read(name))
        headers = {"Content-Disposition": _disposition(archives.file_name(generation))}
        return HttpResponse(png, content_type="image/png", headers=headers)
    if settings.ACCEL_REDIRECT_PREFIX:
        return _handed_off(name)
    return HttpResponse(
        pictures.read(name),
        content_type=pictures.content_type(name),
        headers={"Content-Disposition": "inline"},
    )


def _handed_off(name: str) -> HttpResponse:
    """Ownership is checked; have the proxy in front send the file from the folder it shares with this process."""
    pictures.require_stored(name)
    headers = {"X-Accel-Redirect": settings.ACCEL_REDIRECT_PREFIX + quote(name), "Content-Disposition": "inline"}
    return HttpResponse(content_type=pictures.content_type(name), headers=headers)


def _disposition(name: str) -> str:
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"


def _away(request: HttpRequest, error: OSError) -> HttpResponse:
    logger.error("pictures_away", error=type(error).__name__)
    response = render(request, "generations/pictures_away.html", status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
