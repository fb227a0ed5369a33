from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Selling"

    def ready(self) -> None:
        """Fill the shelves after every `migrate`, and let every audit compare the sales with the books."""
        from billing import audit, catalog  # noqa: F401

        post_migrate.connect(catalog.put_first_offer, sender=self)
