from django.db import migrations, models
from django.db.models import F, Q


def what_was_settled_by_hand_stays_settled(apps, schema_editor):
    settled = apps.get_model("billing", "Difference").objects.filter(settled_by__isnull=False)
    refunded = Q(outcome__regex=r" refunded \(re_[^ ]*\)\.$")
    settled.filter(refunded).update(repair_begun_at=F("settled_at"))
    settled.exclude(refunded | Q(outcome__startswith="Taken over as ")).update(stays_settled=True)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_reload_pauses"),
    ]

    operations = [
        migrations.AddField(
            model_name="difference",
            name="repair_begun_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Whoever began keeps others from it for a few minutes.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="difference",
            name="stays_settled",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The very same is not listed again, though it is still found.",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="paid_until",
            field=models.DateTimeField(
                blank=True,
                help_text="End of the last period whose invoice is paid, as far as Stripe has said.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="difference",
            name="amount_cents",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="dispute",
            name="amount_cents",
            field=models.PositiveBigIntegerField(),
        ),
        migrations.AlterField(
            model_name="refund",
            name="amount_cents",
            field=models.PositiveBigIntegerField(),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="asked_at",
            field=models.DateTimeField(
                blank=True, help_text="When Stripe was last asked about it, by PostgreSQL's clock.", null=True
            ),
        ),
        migrations.RunPython(what_was_settled_by_hand_stays_settled, migrations.RunPython.noop),
    ]
