from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"
    verbose_name = "Spending"

    def ready(self) -> None:
        """Keep the rules about designs in the audit, and have the statement lead to those that can be seen."""
        from generations import audit, statement_links
        from tokens import statement

        audit.keep()
        statement.lead("generation", statement_links.addresses)
