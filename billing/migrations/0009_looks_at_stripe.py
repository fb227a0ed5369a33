from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_repairs_one_at_a_time"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="stripecheck",
            options={
                "ordering": ["-checked_at"],
                "verbose_name": "look at Stripe",
                "verbose_name_plural": "looks at Stripe (webhook health)",
            },
        ),
    ]
