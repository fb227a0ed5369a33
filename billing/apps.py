from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Selling"

    def ready(self) -> None:
        """Fill the shelves after every `migrate`, let every audit compare the sales with the books, and listen."""
        from billing import audit, catalog, low_balance  # noqa: F401
        from tokens.signals import balance_fell

        post_migrate.connect(catalog.put_first_offer, sender=self)
        balance_fell.connect(low_balance.note_fall, dispatch_uid="billing.low_balance")
