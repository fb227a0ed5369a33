"""What the sandbox remembers. One SQLite file, so the outside world goes on while the shop's database is down."""

from typing import Any

from django.db import models


class Resource(models.Model):
    """One API object. `body` is what the API shows; `inner` is what Stripe knows but does not show.
    `number` orders lists: the newest has the highest."""

    number = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=40)
    created = models.BigIntegerField()
    customer = models.CharField(max_length=60, blank=True, db_index=True)
    payment_intent = models.CharField(max_length=60, blank=True, db_index=True)
    body: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    inner: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["kind", "number"], name="resource_kind_number")]

    def __str__(self) -> str:
        return self.key


class IdempotentCall(models.Model):
    """The first use of an Idempotency-Key. `status` is null while that first call is still being executed."""

    key = models.CharField(max_length=255, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    request_id = models.CharField(max_length=40)
    status = models.IntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.FloatField()

    def __str__(self) -> str:
        return self.key


class Delivery(models.Model):
    """One event on its way to the webhook endpoint, until a 2xx. Times are seconds since the epoch."""

    class State(models.TextChoices):
        WAITING = "waiting"
        TAKEN = "taken"
        DELIVERED = "delivered"
        GIVEN_UP = "given_up"

    event = models.CharField(max_length=60, db_index=True)
    due_at = models.FloatField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    created_at = models.FloatField()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_state_due")]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"


class Attempt(models.Model):
    """One POST to the webhook endpoint and what came of it. `status` is null when no answer came."""

    event = models.CharField(max_length=60, db_index=True)
    delivery = models.ForeignKey(Delivery, null=True, on_delete=models.SET_NULL, related_name="tries")
    at = models.FloatField()
    status = models.IntegerField(null=True)
    took_ms = models.IntegerField()
    signature = models.CharField(max_length=10)
    excerpt = models.TextField(blank=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.event} {self.status or self.error}"


class Timer(models.Model):
    """Something the outside world does later of itself: a session expires, a bank debit settles. `due_at` is in the
    sandbox's own time, see sandbox/clock.py."""

    due_at = models.FloatField(db_index=True)
    verb = models.CharField(max_length=30)
    subject = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


class Clock(models.Model):
    """How far the sandbox's time is ahead of the machine's. One row, or none while it was never moved."""

    ahead_seconds = models.FloatField()

    def __str__(self) -> str:
        return f"{self.ahead_seconds} s ahead"


class Behaviour(models.Model):
    """How webhooks behave from now on. One row; changed on the control panel."""

    class Mode(models.TextChoices):
        AUTO = "auto", "Deliver at once"
        HOLD = "hold", "Hold: deliver nothing"
        DROP = "drop", "Drop: events are made and never delivered"
        LATE = "late", "Late"
        TWICE = "twice", "Everything twice"
        REVERSED = "reversed", "Out of order, newest first"
        BAD_SIGNATURE = "bad_signature", "Signed with another secret"
        OLD_SIGNATURE = "old_signature", "Signed ten minutes ago"

    class ReturnOrder(models.TextChoices):
        FREE = "free", "Whichever is faster"
        WEBHOOK_FIRST = "webhook_first", "The webhook first"
        BROWSER_FIRST = "browser_first", "The browser first"

    mode = models.CharField(max_length=20, choices=Mode.choices, default=Mode.AUTO)
    late_seconds = models.FloatField(default=10)
    return_order = models.CharField(max_length=20, choices=ReturnOrder.choices, default=ReturnOrder.FREE)
    browser_first_seconds = models.FloatField(default=3)
    enabled_events: "models.JSONField[list[str], list[str]]" = models.JSONField(default=list)
    webhook_url = models.CharField(max_length=500)
    webhook_secret = models.CharField(max_length=200)
    webhook_disabled = models.BooleanField(default=False)
    # The version the endpoint was created with and events are labelled with; empty means the installed package's.
    webhook_api_version = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return self.mode


class Fault(models.Model):
    """The API misbehaves for the next `remaining` matching calls; see sandbox/faults.py."""

    class Kind(models.TextChoices):
        ERROR_500 = "error_500", "Answer 500, nothing done"
        ERROR_500_AFTER = "error_500_after", "Do it, answer 500"
        ERROR_429 = "error_429", "Answer 429, nothing done"
        ERROR_409 = "error_409", "Answer 409 lock timeout, nothing done"
        TIMEOUT = "timeout", "No answer, nothing done"
        TIMEOUT_AFTER = "timeout_after", "Do it, no answer"
        DOWN = "down", "Hang up at once"
        CUT = "cut", "Do it, hang up in the middle of the answer"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    remaining = models.IntegerField()
    method = models.CharField(max_length=10, blank=True)
    path = models.CharField(max_length=200, blank=True)
    seconds = models.FloatField(default=30)

    def __str__(self) -> str:
        return f"{self.kind} x {self.remaining}"
