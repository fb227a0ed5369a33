"""Yards of several areas, photos, conversations; ended generations change no more, except to be emptied.

There is no way back once somebody has cancelled, deleted or sent a message: the tables before cannot hold that.
"""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

ENDS_ONCE = """
CREATE OR REPLACE FUNCTION generation_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('queued', 'running') AND (NEW.state IS DISTINCT FROM OLD.state
            OR OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL
            OR NEW.deleted_at IS NULL AND (NEW.image, NEW.reply) IS DISTINCT FROM (OLD.image, OLD.reply))
        OR NEW.charge_id IS DISTINCT FROM OLD.charge_id
        OR (NEW.user_id, NEW.kind, NEW.source, NEW.cost) IS DISTINCT FROM (OLD.user_id, OLD.kind, OLD.source, OLD.cost)
        OR OLD.refund_id IS NOT NULL AND NEW.refund_id IS DISTINCT FROM OLD.refund_id
    THEN
        RAISE EXCEPTION 'generation_ends_once: generation % is %', OLD.id, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> 'running' THEN
        NEW.progress := '';  -- the release before this one does not know the column, and ends generations
    END IF;
    RETURN NEW;
END $$
"""

ENDS_ONCE_BEFORE = """
CREATE OR REPLACE FUNCTION generation_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('succeeded', 'failed') AND NEW.state IS DISTINCT FROM OLD.state
        OR NEW.charge_id IS DISTINCT FROM OLD.charge_id
        OR OLD.refund_id IS NOT NULL AND NEW.refund_id IS DISTINCT FROM OLD.refund_id
    THEN
        RAISE EXCEPTION 'generation_ends_once: generation % is %', OLD.id, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0002_guards"),
        ("tokens", "0004_guards_count_debt"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Conversation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When the last message was sent.",
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Photo",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("image", models.FileField(max_length=200, upload_to="photos/")),
                ("width", models.PositiveIntegerField(help_text="Pixels.")),
                ("height", models.PositiveIntegerField(help_text="Pixels.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="ProviderHealth",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("closed", "Answers"), ("open", "Is left alone"), ("half-open", "Is tried once")],
                        default="closed",
                        max_length=9,
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row.")),
                ("successes", models.PositiveIntegerField(default=0, help_text="In a row, while it is tried.")),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                (
                    "probed_at",
                    models.DateTimeField(blank=True, help_text="When somebody was last let through to try.", null=True),
                ),
            ],
            options={
                "verbose_name_plural": "Provider health",
            },
        ),
        migrations.CreateModel(
            name="StylePrompt",
            fields=[
                (
                    "style",
                    models.CharField(
                        choices=[
                            ("modern-minimalist", "Modern Minimalist"),
                            ("california-native", "California Native"),
                            ("japanese-zen", "Japanese Zen"),
                            ("english-garden", "English Garden"),
                            ("desert-landscape", "Desert Landscape"),
                        ],
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("plants", models.TextField(max_length=1000)),
                ("materials", models.TextField(max_length=1000)),
                ("structure", models.TextField(max_length=1000)),
                (
                    "keep",
                    models.TextField(
                        help_text="What of the house and the photo has to stay as it is.", max_length=1000
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["style"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="generation",
            name="generation_refunded_if_and_only_if_failed",
        ),
        migrations.RemoveConstraint(
            model_name="generation",
            name="generation_picture_if_and_only_if_succeeded",
        ),
        migrations.RemoveConstraint(
            model_name="generation",
            name="generation_lease_if_and_only_if_running",
        ),
        migrations.RemoveConstraint(
            model_name="generation",
            name="generation_ended_has_a_time",
        ),
        migrations.RemoveIndex(
            model_name="generation",
            name="generation_by_user",
        ),
        migrations.AddField(
            model_name="generation",
            name="deleted_at",
            field=models.DateTimeField(blank=True, help_text="When its owner deleted words and result.", null=True),
        ),
        migrations.AddField(
            model_name="generation",
            name="input_tokens",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="As the provider counts."),
        ),
        migrations.AddField(
            model_name="generation",
            name="kind",
            field=models.CharField(
                choices=[("design", "Design"), ("message", "Message")],
                db_default="design",
                default="design",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="order_id",
            field=models.UUIDField(blank=True, help_text="The same for all designs of one form.", null=True),
        ),
        migrations.AddField(
            model_name="generation",
            name="output_tokens",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="As the provider counts."),
        ),
        migrations.AddField(
            model_name="generation",
            name="progress",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="What the engine has reported so far: its step, or its words.",
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="provider_cost_microdollars",
            field=models.PositiveIntegerField(
                blank=True, help_text="What the provider bills us, in millionths of a US dollar.", null=True
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="reply",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="generation",
            name="retry_of",
            field=models.OneToOneField(
                blank=True,
                help_text="Tried again once.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="retry",
                to="generations.generation",
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="suggestions",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Designs that the reply proposes: area, style, prompt.",
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="thumbnail",
            field=models.FileField(blank=True, db_default="", default="", max_length=200, upload_to="generations/"),
        ),
        migrations.AlterField(
            model_name="generation",
            name="area",
            field=models.CharField(
                blank=True,
                choices=[
                    ("front-yard", "Front yard"),
                    ("back-yard", "Back yard"),
                    ("walkway", "Walkway"),
                    ("side-yard", "Side yard"),
                    ("patio", "Patio"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="generation",
            name="prompt",
            field=models.CharField(blank=True, max_length=2000),
        ),
        migrations.AlterField(
            model_name="generation",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting"),
                    ("running", "Being made"),
                    ("succeeded", "Done"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="queued",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="generation",
            name="style",
            field=models.CharField(
                blank=True,
                choices=[
                    ("modern-minimalist", "Modern Minimalist"),
                    ("california-native", "California Native"),
                    ("japanese-zen", "Japanese Zen"),
                    ("english-garden", "English Garden"),
                    ("desert-landscape", "Desert Landscape"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conversations",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="conversation",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="generations.conversation",
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="photos", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="photo",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="generations.photo",
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True), ("kind", "design")),
                fields=["user", "-created_at", "-id"],
                name="generation_in_gallery",
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("source", "subscription")),
                fields=["user", "-created_at"],
                name="generation_covered",
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("order_id__isnull", False)), fields=["order_id"], name="generation_of_order"
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("photo__isnull", False)), fields=["photo"], name="generation_from_photo"
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("conversation__isnull", False)),
                fields=["conversation", "created_at"],
                name="generation_in_conversation",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=("conversation",),
                name="generation_one_reply_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("conversation__isnull", True),
                        ("kind", "design"),
                        models.Q(("area", ""), _negated=True),
                        models.Q(("style", ""), _negated=True),
                    ),
                    models.Q(
                        ("area", ""),
                        ("conversation__isnull", False),
                        ("kind", "message"),
                        ("photo__isnull", True),
                        ("style", ""),
                    ),
                    _connector="OR",
                ),
                name="generation_is_a_design_or_a_message",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ["failed", "cancelled"]),
                        models.Q(("charge__isnull", True), ("refund__isnull", False), _connector="OR"),
                    ),
                    models.Q(models.Q(("state__in", ["failed", "cancelled"]), _negated=True), ("refund__isnull", True)),
                    _connector="OR",
                ),
                name="generation_refunded_if_and_only_if_without_result",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("deleted_at__isnull", True),
                        ("kind", "design"),
                        ("reply", ""),
                        ("state", "succeeded"),
                        models.Q(("image", ""), _negated=True),
                    ),
                    models.Q(
                        ("deleted_at__isnull", True),
                        ("image", ""),
                        ("kind", "message"),
                        ("state", "succeeded"),
                        models.Q(("reply", ""), _negated=True),
                    ),
                    models.Q(
                        ("image", ""),
                        ("reply", ""),
                        models.Q(
                            models.Q(("state", "succeeded"), _negated=True),
                            ("deleted_at__isnull", False),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="generation_result_if_and_only_if_succeeded",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lease_expires_at__isnull", False), ("state", "running")),
                    models.Q(
                        models.Q(("state", "running"), _negated=True),
                        ("lease_expires_at__isnull", True),
                        ("progress", ""),
                    ),
                    _connector="OR",
                ),
                name="generation_lease_if_and_only_if_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("state__in", ["queued", "running"]), _negated=True), ("ended_at__isnull", False)
                    ),
                    models.Q(("ended_at__isnull", True), ("state__in", ["queued", "running"])),
                    _connector="OR",
                ),
                name="generation_ended_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="generation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deleted_at__isnull", True),
                    models.Q(
                        models.Q(("state__in", ["queued", "running"]), _negated=True),
                        ("alt_text", ""),
                        ("prompt", ""),
                        ("suggestions", []),
                        ("thumbnail", ""),
                    ),
                    _connector="OR",
                ),
                name="generation_deleted_has_no_words",
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["user", "-updated_at", "-id"], name="conversation_by_user"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("deleted_at__isnull", True), ("title", ""), _connector="OR"),
                name="conversation_deleted_has_no_words",
            ),
        ),
        migrations.RunSQL(ENDS_ONCE, ENDS_ONCE_BEFORE),
    ]
