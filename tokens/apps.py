from django.apps import AppConfig


class TokensConfig(AppConfig):
    name = "tokens"
    verbose_name = "The books"

    def ready(self) -> None:
        """Listen for confirmed addresses and keep the shop's own facts about the books in the audit."""
        from tokens import trial  # noqa: F401
