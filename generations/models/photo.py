"""A photo of somebody's own yard, encoded anew by this site and shown to nobody else."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Photo(models.Model):
    """One photo. It lives as long as a design that was made from it; without any, for a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="photos")
    image = models.FileField(upload_to="photos/", max_length=200)
    width = models.PositiveIntegerField(help_text="Pixels.")
    height = models.PositiveIntegerField(help_text="Pixels.")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"
