from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"
    verbose_name = "Spending"

    def ready(self) -> None:
        """Keep the rules about designs in the audit."""
        from generations import audit

        audit.keep()
