"""What a remote model is told about a style. Staff read and edit it."""

from typing import ClassVar

from django.db import models

from generations.models.generation import Generation
from tokens.plain_text import require_plain_text


class StylePrompt(models.Model):
    """The words of one style. What a person wishes is added by `generations.engines.wording`, never in here."""

    style = models.CharField(max_length=20, choices=Generation.Style, primary_key=True)
    plants = models.TextField(
        max_length=1000, validators=[require_plain_text], help_text="What grows there, the main plants first."
    )
    materials = models.TextField(
        max_length=1000, validators=[require_plain_text], help_text="Paving, walls, wood, metal, and their colours."
    )
    structure = models.TextField(
        max_length=1000,
        validators=[require_plain_text],
        help_text="How the place is laid out and what holds it together.",
    )
    keep = models.TextField(
        max_length=1000,
        validators=[require_plain_text],
        help_text="What of the house and the photo has to stay as it is. Said only when a photo is given.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["style"]

    def __str__(self) -> str:
        return str(self.get_style_display())
