from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_refunds_from_a_form"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="savedcard",
            name="expiry_noticed_on",
            field=models.DateField(
                blank=True,
                help_text="First day of the month in which its owner was last told that it expires.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="DeclinedAttempt",
            fields=[
                ("stripe_charge_id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("declined_at", models.DateTimeField(db_default=Now())),
                (
                    "purchase",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT,
                        related_name="declined_attempts",
                        to="billing.purchase",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT,
                        related_name="declined_attempts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-declined_at"],
                "indexes": [models.Index(fields=["user", "-declined_at"], name="declined_attempt_by_user")],
            },
        ),
    ]
