"""Pages that belong to the whole site: the front page, health, and what every template may know."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe
from health_check.views import HealthCheckView

from billing import catalog
from billing import health as stripe_health
from config.words import Work, work_to_go_on_with


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every template the site's name and words, where local mail can be read, and, looked up only if shown,
    the packages and where to go on after buying one.
    """
    return {
        "site_name": settings.SITE_NAME,
        "words": settings.WORDS,
        "work": SimpleLazyObject(lambda: _work(request)),
        "mailbox_url": settings.MAILBOX_URL,
        "packages": SimpleLazyObject(catalog.packages_on_sale),
    }


def _work(request: HttpRequest) -> Work:
    session = getattr(request, "session", {})  # an error page may come before there is a session
    return work_to_go_on_with(session.get("draft"), settings.WORDS)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, what it costs, and how to start free."""
    page = "home_chat.html" if settings.WORDS.catalog == "chat" else "home.html"
    return render(request, page, {"trial_credits": settings.TRIAL_CREDITS})


class ReadyView(HealthCheckView):  # type: ignore[misc]
    """Ready when the database answers. What is known about Stripe stands beside it and never makes it fail."""

    checks = ("health_check.Database",)
    template_name = "readyz.html"

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.stripe = await sync_to_async(_stripe_facts)()
        return await super().get(request, *args, **kwargs)  # type: ignore[no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "stripe": self.stripe}

    def render_to_response_json(self, status: int) -> HttpResponse:
        answer = json.loads(super().render_to_response_json(status).content)
        return JsonResponse({**answer, "stripe": self.stripe}, status=status)

    def render_to_response_text(self, status: int) -> HttpResponse:
        response: HttpResponse = super().render_to_response_text(status)
        response.write("".join(f"{name}: {value}\n" for name, value in self.stripe.items()))
        return response


def _stripe_facts() -> dict[str, Any]:
    """Return what was found at the last look at Stripe; nothing when the database cannot be asked."""
    try:
        return stripe_health.facts().as_json()
    except DatabaseError:
        return {}


readyz = login_not_required(ReadyView.as_view())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a refused form: usually an old tab. Nothing was done."""
    return render(request, "403_csrf.html", status=403)
