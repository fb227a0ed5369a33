"""Every address of the site, by app."""

from django.contrib import admin
from django.urls import include, path

from config import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("readyz", pages.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("tokens.urls")),
    path("", include("billing.urls")),
    path("", include("generations.urls")),
]
