"""Whether a provider answers: the state of its circuit breaker, shared by every process on every host."""

from typing import ClassVar

from django.db import models


class ProviderHealth(models.Model):
    """One provider. Open means: nobody is asked, and nobody is charged. Written only by `generations.availability`."""

    class State(models.TextChoices):
        CLOSED = "closed", "Answers"
        OPEN = "open", "Is left alone"
        HALF_OPEN = "half-open", "Is tried once"

    name = models.CharField(max_length=60, primary_key=True)
    state = models.CharField(max_length=9, choices=State, default=State.CLOSED)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    successes = models.PositiveIntegerField(default=0, help_text="In a row, while it is tried.")
    opened_at = models.DateTimeField(null=True, blank=True)
    probed_at = models.DateTimeField(null=True, blank=True, help_text="When somebody was last let through to try.")
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the one request that tries it was sent; empty when none is under way."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = "provider"

    def __str__(self) -> str:
        return f"{self.name}: {self.get_state_display()}"
