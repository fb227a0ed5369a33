"""One request, from the click to the picture or reply, or to the refund.

How a generation ended and how it was paid are held together by the constraints below, so that a result without
a charge, or a failure without a refund, cannot be written. That is why designs and messages share a table.
"""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

from generations.models.conversation import Conversation
from generations.models.photo import Photo
from tokens.ledger import Source
from tokens.models import TokenTransaction

UNFINISHED = ["queued", "running"]
WITHOUT_RESULT = ["failed", "cancelled"]


class Generation(models.Model):
    """One design or one message. Ends exactly once: succeeded with a result, or refunded without one."""

    class Kind(models.TextChoices):
        DESIGN = "design", "Design"
        MESSAGE = "message", "Message"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being made"
        SUCCEEDED = "succeeded", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Area(models.TextChoices):
        FRONT_YARD = "front-yard", "Front yard"
        BACK_YARD = "back-yard", "Back yard"
        WALKWAY = "walkway", "Walkway"
        SIDE_YARD = "side-yard", "Side yard"
        PATIO = "patio", "Patio"

    class Style(models.TextChoices):
        MODERN_MINIMALIST = "modern-minimalist", "Modern Minimalist"
        CALIFORNIA_NATIVE = "california-native", "California Native"
        JAPANESE_ZEN = "japanese-zen", "Japanese Zen"
        ENGLISH_GARDEN = "english-garden", "English Garden"
        DESERT_LANDSCAPE = "desert-landscape", "Desert Landscape"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    form_key = models.UUIDField(help_text="One-time key of the form: the same form sent twice is one generation.")
    # Defaults in the database let the release before this one go on writing while this one is rolled out.
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.DESIGN, db_default=Kind.DESIGN)
    area = models.CharField(max_length=20, choices=Area, blank=True)
    style = models.CharField(max_length=20, choices=Style, blank=True)
    prompt = models.CharField(max_length=2000, blank=True)
    photo = models.ForeignKey(Photo, on_delete=models.SET_NULL, null=True, blank=True, db_index=False, related_name="+")
    order_id = models.UUIDField(null=True, blank=True, help_text="The same for all designs of one form.")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="messages"
    )
    retry_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="retry", help_text="Tried again once."
    )
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)

    source = models.CharField(max_length=12, choices=Source, help_text="Which right paid.")
    cost = models.PositiveSmallIntegerField(help_text="Tokens or trial credits; 0 when a subscription covers it.")
    charge = models.OneToOneField(
        TokenTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="generation"
    )
    refund = models.OneToOneField(
        TokenTransaction, on_delete=models.PROTECT, null=True, blank=True, related_name="refunded_generation"
    )

    job_id = models.BigIntegerField(help_text="The queue's job that makes it.")
    turn = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many of the same person waited before it: the queue takes turns."
    )
    engine = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Leases taken; the last one's fencing token.")
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    progress = models.TextField(
        blank=True, default="", db_default="", help_text="What the engine has reported so far: its step, or its words."
    )

    image = models.FileField(upload_to="generations/", blank=True, max_length=200)
    thumbnail = models.FileField(upload_to="generations/", blank=True, max_length=200, default="", db_default="")
    alt_text = models.CharField(max_length=300, blank=True)
    reply = models.TextField(blank=True, default="", db_default="")
    suggestions: models.JSONField[list[dict[str, str]], Any] = models.JSONField(
        blank=True, default=list, db_default=[], help_text="Designs that the reply proposes: area, style, prompt."
    )
    note = models.CharField(max_length=300, blank=True, help_text="How it was made, said honestly.")
    failure = models.CharField(max_length=300, blank=True, help_text="What the user is told.")

    input_tokens = models.PositiveIntegerField(default=0, db_default=0, help_text="As the provider counts.")
    output_tokens = models.PositiveIntegerField(default=0, db_default=0, help_text="As the provider counts.")
    provider_cost_microdollars = models.PositiveIntegerField(
        null=True, blank=True, help_text="What the provider bills us, in millionths of a US dollar."
    )

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When its owner deleted words and result.")

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes = [
            models.Index(
                fields=["user", "-created_at", "-id"],
                name="generation_in_gallery",
                condition=Q(kind="design", deleted_at__isnull=True),
            ),
            models.Index(fields=["user", "-created_at"], name="generation_covered", condition=Q(source="subscription")),
            models.Index(fields=["user"], name="generation_unfinished_of", condition=Q(state__in=UNFINISHED)),
            models.Index(fields=["created_at"], name="generation_unfinished", condition=Q(state__in=UNFINISHED)),
            models.Index(fields=["order_id"], name="generation_of_order", condition=Q(order_id__isnull=False)),
            models.Index(fields=["photo"], name="generation_from_photo", condition=Q(photo__isnull=False)),
            models.Index(
                fields=["conversation", "created_at"],
                name="generation_in_conversation",
                condition=Q(conversation__isnull=False),
            ),
        ]
        constraints = [
            UniqueConstraint(fields=["user", "form_key"], name="generation_form_sent_once"),
            UniqueConstraint(
                fields=["conversation"],
                name="generation_one_reply_at_a_time",
                condition=Q(state__in=UNFINISHED),
            ),
            CheckConstraint(
                condition=Q(kind="design", conversation__isnull=True) & ~Q(area="") & ~Q(style="")
                | Q(kind="message", conversation__isnull=False, area="", style="", photo__isnull=True),
                name="generation_is_a_design_or_a_message",
            ),
            CheckConstraint(
                condition=Q(source="subscription", charge__isnull=True, cost=0)
                | Q(source__in=["trial", "token"], charge__isnull=False, cost__gte=1),
                name="generation_charged_or_covered",
            ),
            CheckConstraint(
                condition=(Q(state__in=WITHOUT_RESULT) & (Q(charge__isnull=True) | Q(refund__isnull=False)))
                | (~Q(state__in=WITHOUT_RESULT) & Q(refund__isnull=True)),
                name="generation_refunded_if_and_only_if_without_result",
            ),
            CheckConstraint(
                condition=(Q(state="succeeded", deleted_at__isnull=True, kind="design", reply="") & ~Q(image=""))
                | (Q(state="succeeded", deleted_at__isnull=True, kind="message", image="") & ~Q(reply=""))
                | (Q(image="", reply="") & (~Q(state="succeeded") | Q(deleted_at__isnull=False))),
                name="generation_result_if_and_only_if_succeeded",
            ),
            CheckConstraint(
                condition=Q(state="running", lease_expires_at__isnull=False)
                | (~Q(state="running") & Q(lease_expires_at__isnull=True, progress="")),
                name="generation_lease_if_and_only_if_running",
            ),
            CheckConstraint(
                condition=(~Q(state__in=UNFINISHED) & Q(ended_at__isnull=False))
                | Q(state__in=UNFINISHED, ended_at__isnull=True),
                name="generation_ended_has_a_time",
            ),
            CheckConstraint(
                condition=Q(deleted_at__isnull=True)
                | (~Q(state__in=UNFINISHED) & Q(prompt="", alt_text="", thumbnail="", suggestions=[])),
                name="generation_deleted_has_no_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.state}"

    @property
    def title(self) -> str:
        """What it is, without the prompt: "English Garden, front yard"."""
        if self.kind == self.Kind.MESSAGE:
            return "Message to the assistant"
        return f"{self.get_style_display()}, {self.get_area_display().lower()}"

    @property
    def has_ended(self) -> bool:
        """Whether it has succeeded, failed or was cancelled; it changes no more then, except to be deleted."""
        return self.state not in UNFINISHED
