"""What a remote model is told about a style. Staff read and edit it."""

from django.db import models

from generations.models.generation import Generation


class StylePrompt(models.Model):
    """The words of one style. What a person wishes is added by `generations.engines.wording`, never in here."""

    style = models.CharField(max_length=20, choices=Generation.Style, primary_key=True)
    plants = models.TextField(max_length=1000)
    materials = models.TextField(max_length=1000)
    structure = models.TextField(max_length=1000)
    keep = models.TextField(max_length=1000, help_text="What of the house and the photo has to stay as it is.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["style"]

    def __str__(self) -> str:
        return str(self.get_style_display())
