"""The Django admin, with the shop's name on it and the shop's own login in front of it."""

from django.contrib.admin.apps import AdminConfig


class ShopAdminConfig(AdminConfig):
    default_site = "config.admin_site.ShopAdminSite"

    def ready(self) -> None:
        """Register the system checks."""
        super().ready()
        from config import checks  # noqa: F401
