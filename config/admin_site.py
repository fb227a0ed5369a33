"""The admin site: stock Django, signed in through the shop's own login page (so its limits hold there too)."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class ShopAdminSite(AdminSite):
    site_header = f"{settings.SITE_NAME} staff"
    site_title = settings.SITE_NAME
    index_title = "The books and the shop"
    site_url = "/"

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send whoever is not signed in as staff to the shop's login; 403 for a signed-in non-staff user."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Leave out "view on site", which nothing here uses: it answers an odd address with a 500."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]
