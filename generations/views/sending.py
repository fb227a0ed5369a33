"""How a private file reaches its owner, once a view has made sure that it is theirs.

Files go through the site, never by a signed link of the storage: such a link would outlive a sign-out and a deletion.
"""

from hashlib import sha256
from typing import Final
from urllib.parse import quote
from uuid import UUID

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import content_disposition_header

from generations import pictures

logger = structlog.get_logger(__name__)

# A browser keeps the file and asks each time whether it may show it, so that a deleted one, or one of somebody who
# signed out, is gone at once. Tried: with an hour's max-age a deleted picture went on being shown.
ASK_EACH_TIME: Final = "private, max-age=0, must-revalidate"
RETRY_AFTER_SECONDS: Final = 30


def send(request: HttpRequest, name: str, *, of: UUID, download_as: str = "") -> HttpResponseBase:
    """Answer with a stored file, or 304 to a browser that has it. The file is read only when it is to be sent.

    With `download_as`, it is sent as a PNG to keep under that name. 404 when there is no file, 503 when the storage
    is away. `of` is whose file it is in the log: a generation or a photo.
    """
    if not name:
        raise Http404
    etag = f'"{sha256(f"{name} {bool(download_as)}".encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            response = _download(name, download_as) if download_as else _inline(name)
        except FileNotFoundError:
            logger.error("picture_missing", of=str(of))
            raise Http404 from None
        except OSError as error:
            return away(request, error)
    response["ETag"] = etag
    response["Cache-Control"] = ASK_EACH_TIME
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Cookie"])
    return response


def disposition(name: str) -> str:
    """Return the header that has a browser keep the answer under this name."""
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"


def away(request: HttpRequest, error: OSError) -> HttpResponse:
    """Answer 503: the storage does not answer just now; and when to come again."""
    logger.error("pictures_away", error=type(error).__name__)
    response = render(request, "generations/pictures_away.html", status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response


def _download(name: str, kept_as: str) -> HttpResponse:
    png = pictures.as_png(pictures.read(name))
    return HttpResponse(png, content_type="image/png", headers={"Content-Disposition": disposition(kept_as)})


def _inline(name: str) -> HttpResponse:
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
