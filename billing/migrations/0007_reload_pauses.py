from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_names_for_staff"),
    ]

    operations = [
        migrations.AddField(
            model_name="autoreload",
            name="paused_until",
            field=models.DateTimeField(
                blank=True, help_text="Nothing is charged before: the bank could not be reached.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="reloadskip",
            name="reason",
            field=models.CharField(
                choices=[
                    ("throttled", "Less than a minute after the last one"),
                    ("daily_limit", "Enough reloads for one day"),
                    ("cap", "It would pass the monthly cap"),
                    ("no_card", "No card is saved"),
                    ("card_expired", "The saved card has expired"),
                    ("in_flight", "Another reload is not finished"),
                    ("stripe_away", "Stripe did not answer"),
                    ("bank_away", "The bank could not be reached; tried again after an hour"),
                    ("our_fault", "Stripe refused our question"),
                ],
                max_length=12,
            ),
        ),
    ]
