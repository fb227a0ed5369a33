"""The pulse and the one stylesheet."""

from pathlib import Path

from django.http import FileResponse, HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from sandbox.models import Resource
from sandbox.stripe_package import API_VERSION

STYLESHEET = Path(__file__).parent / "static" / "sandbox.css"


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database file answers."""
    Resource.objects.exists()
    return JsonResponse({"ok": True, "api_version": API_VERSION, "livemode": False})


@require_safe
def stylesheet(request: HttpRequest) -> FileResponse:
    return FileResponse(STYLESHEET.open("rb"), content_type="text/css; charset=utf-8")
