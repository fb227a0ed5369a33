"""Pages that belong to the whole site: the front page, health, and what every template may know."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe
from health_check.views import HealthCheckView

from billing import catalog


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every template the site's name, where local mail can be read, and the packages (read only if shown)."""
    return {
        "site_name": settings.SITE_NAME,
        "mailbox_url": settings.MAILBOX_URL,
        "packages": SimpleLazyObject(catalog.packages_on_sale),
    }


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what it costs, and how to start free."""
    return render(request, "home.html", {"trial_credits": settings.TRIAL_CREDITS})


readyz = login_not_required(HealthCheckView.as_view(checks=["health_check.Database"]))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a refused form: usually an old tab. Nothing was done."""
    return render(request, "403_csrf.html", status=403)
