"""The five styles of the shop, told apart."""

from generations.engines.assistant.hearing import each
from generations.engines.assistant.lore.topic import Topic

STYLES = (
    Topic(
        "Modern Minimalist",
        each("modern minimalist, modern style, minimalist style, modern garden, what is minimalist, what is modern"),
        "Modern Minimalist is few materials in straight lines: concrete pavers, gravel, clipped boxwood, one "
        "sculptural tree, grasses in rows. It needs crisp edges more than many plants, and little water if the lawn "
        "is small.",
    ),
    Topic(
        "California Native",
        each("california native, californian, native style, what is california"),
        "California Native is oaks or olives over ceanothus, manzanita, sage and poppies, with gold grasses, warm "
        "gravel and a dry stream. Hardly any summer water once rooted; it is at its best in spring and golden in "
        "summer.",
    ),
    Topic(
        "Japanese Zen",
        each("japanese zen, zen garden, japanese garden, japanese style, what is zen"),
        "Japanese Zen is raked gravel, mossy rocks in odd numbers, a maple, a pine, ferns and a stone lantern, with "
        "a lot left empty. It suits shade and small yards; the work is pruning and raking.",
    ),
    Topic(
        "English Garden",
        each("english garden, english style, cottage garden, cottage style, what is english"),
        "English Garden is full borders, roses, foxglove, delphinium and lavender around a lawn, with a brick path "
        "and a picket fence. It is the most colourful of the five and asks for the most water and care.",
    ),
    Topic(
        "Desert Landscape",
        each("desert landscape, desert garden, desert style, southwest style, what is desert"),
        "Desert Landscape is golden gravel, boulders, saguaro, agave, barrel cactus and aloe against warm walls. It "
        "takes the least water and work of the five, and wants sun and fast drainage.",
    ),
    Topic(
        "choosing a style",
        each(
            "which style, what style, compare style, best style, choose style, difference between style, your style, "
            "five style"
        ),
        "The five styles here: Modern Minimalist (clear lines, few plants), California Native (little water, poppies "
        "and oaks), Japanese Zen (calm, stone and maple, good in shade), English Garden (flowers, the most work), "
        "Desert Landscape (cacti and gravel, the least water). Tell me your light, your water and how much time you "
        "have, and I choose three.",
    ),
    Topic(
        "colours",
        each(
            "colour scheme, color scheme, colour combination, color combination, which colour, which color, what "
            "colour, what color"
        ),
        "Two colours and white are easier than five. Purple with yellow is lively, blue with white is cool, reds and "
        "oranges look near, blues look far. Leaves last longer than flowers, so choose those first.",
    ),
)
