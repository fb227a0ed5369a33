"""The queue takes turns: everybody's first waiting generation goes before anybody's second."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("generations", "0004_style_prompts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="turn",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="How many of the same person waited before it: the queue takes turns.",
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=["user"],
                name="generation_unfinished_of",
            ),
        ),
    ]
