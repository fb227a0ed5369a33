"""The words of the five styles, and when a provider that is tried was asked."""

from django.db import migrations, models

import tokens.plain_text

KEEP = (
    "Keep the house as it is: its walls, roof, windows, doors, colours and position, and the neighbours' buildings. "
    "Keep the shape of the ground, large trees, the viewpoint, the horizon and the direction of the light. "
    "Change only what grows, lies and stands in the garden."
)

STYLES = {
    "modern-minimalist": {
        "plants": "Few kinds in large groups: clipped box and yew, feather reed grass, white hydrangea, one "
        "multi-stemmed birch or Japanese maple. Green and white, little else.",
        "materials": "Large pale concrete or porcelain slabs with narrow joints, dark steel edging, grey gravel, "
        "smooth rendered walls, cedar slats.",
        "structure": "Straight lines and right angles, wide steps, one long bench or a still water basin as the only "
        "feature, hedges as walls, empty space left empty.",
    },
    "california-native": {
        "plants": "California poppy, Cleveland sage, manzanita, ceanothus, deer grass, buckwheat, coast live oak or "
        "western redbud. Soft greys and greens with orange and blue flowers; nothing that needs a lawn sprinkler.",
        "materials": "Decomposed granite, sandstone boulders, river cobbles, weathered redwood.",
        "structure": "Gentle mounds and a dry stream bed that leads rain away, a winding path, plants in natural "
        "drifts with open mulch between them, space for bees and birds.",
    },
    "japanese-zen": {
        "plants": "Japanese maple, cloud-pruned pine, azalea clipped into low domes, bamboo behind, moss and mondo "
        "grass as ground cover. Many greens, one accent of red or pink.",
        "materials": "Raked pale gravel, mossy boulders, stepping stones, bamboo fence, dark timber, a stone lantern.",
        "structure": "Asymmetric balance, groups of three stones, gravel as water, a path that shows the garden bit by "
        "bit, calm surfaces around one focal point.",
    },
    "english-garden": {
        "plants": "Deep mixed borders: shrub and climbing roses, delphinium, foxglove, lavender, catmint, peonies, "
        "geranium, clipped yew between them, an old apple tree. Pinks, blues, purples and white.",
        "materials": "Weathered brick, York stone, gravel paths, a painted wooden bench, an iron arch.",
        "structure": "A lawn with a crisp edge between generous borders, tall plants behind and low ones in front, a "
        "path that ends at a seat, climbers on the walls, everything full and slightly overflowing.",
    },
    "desert-landscape": {
        "plants": "Saguaro, golden barrel cactus, agave, prickly pear, ocotillo, red yucca, palo verde. Sculptural "
        "shapes with air around each of them.",
        "materials": "Warm crushed granite, rust-coloured boulders, corten steel, adobe-coloured walls, flagstone.",
        "structure": "Open gravel with plants set singly or in threes, boulders sunk by a third, low walls, a shaded "
        "seat under a tree, no lawn.",
    },
}


def write(apps, schema_editor):
    """Write each style's words once; what staff have edited stays as it is."""
    style_prompt = apps.get_model("generations", "StylePrompt")
    for style, words in STYLES.items():
        style_prompt.objects.get_or_create(style=style, defaults={**words, "keep": KEEP})


def _text(help_text):
    return models.TextField(help_text=help_text, max_length=1000, validators=[tokens.plain_text.require_plain_text])


class Migration(migrations.Migration):
    dependencies = [("generations", "0003_yards_and_conversations")]

    operations = [
        migrations.AlterModelOptions(name="providerhealth", options={"ordering": ["name"], "verbose_name": "provider"}),
        migrations.AddField(
            model_name="providerhealth",
            name="asked_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the one request that tries it was sent; empty when none is under way.",
                null=True,
            ),
        ),
        migrations.AlterField("styleprompt", "plants", _text("What grows there, the main plants first.")),
        migrations.AlterField("styleprompt", "materials", _text("Paving, walls, wood, metal, and their colours.")),
        migrations.AlterField(
            "styleprompt", "structure", _text("How the place is laid out and what holds it together.")
        ),
        migrations.AlterField(
            "styleprompt",
            "keep",
            _text("What of the house and the photo has to stay as it is. Said only when a photo is given."),
        ),
        migrations.RunPython(write, migrations.RunPython.noop),
    ]
