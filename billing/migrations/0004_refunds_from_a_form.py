from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_consents_are_final"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="refund",
            options={"ordering": ["-created_at"], "permissions": [("refund_purchase", "Can give money back")]},
        ),
        migrations.AddField(
            model_name="refund",
            name="form_key",
            field=models.UUIDField(
                blank=True,
                editable=False,
                help_text="One form makes one refund, however often sent.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=["form_key"], name="refund_form_sent_once"),
        ),
        migrations.AlterField(
            model_name="refund",
            name="requested_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty when it was made at Stripe.",
                null=True,
                on_delete=models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
