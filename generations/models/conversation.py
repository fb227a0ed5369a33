"""A conversation with the assistant. Its messages are generations: each is paid and settled by itself."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.functions import Now


class Conversation(models.Model):
    """What holds messages together. Deleted, it keeps neither a title nor words, only what the books need."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conversations", db_index=False
    )
    title = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now(), help_text="When the last message was sent.")
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-updated_at", "-id"], name="conversation_by_user")]
        constraints = [
            CheckConstraint(
                condition=Q(deleted_at__isnull=True) | Q(title=""), name="conversation_deleted_has_no_words"
            )
        ]

    def __str__(self) -> str:
        return f"Conversation {self.pk}"
