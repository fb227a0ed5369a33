"""Looking after a garden: water, soil, cutting, feeding, pests, and the year."""

from generations.engines.assistant.hearing import each
from generations.engines.assistant.lore.topic import Topic

CARE = (
    Topic(
        "watering",
        each("watering, how much water, how often water, when to water, water, thirsty"),
        "Water deeply and seldom rather than a little every day: about an inch (25 mm) a week, rain included, makes "
        "roots go down. Early morning is best. Push a finger 2 inches (5 cm) into the soil; water only if it is dry "
        "there. New plants need it two or three times a week in their first summer.",
    ),
    Topic(
        "irrigation",
        each("irrigation, drip, drip line, sprinkler, hose, timer, soaker hose"),
        "Drip lines or a soaker hose under the mulch lose far less to wind and sun than sprinklers do. Put plants "
        "with the same thirst on the same line, run it before sunrise, and check the emitters once a season.",
    ),
    Topic(
        "drought",
        each("drought, drought tolerant, water wise, waterwise, xeriscape, xeriscaping, less water, low water"),
        "For little water: lavender, rosemary, sage, yarrow, agave, ornamental grasses and olive trees. Group plants "
        "by thirst, mulch 3 inches (8 cm) deep, swap lawn for gravel or a meadow, and water well through the first "
        "two summers; drought-proof plants are only drought-proof once rooted.",
    ),
    Topic(
        "overwatering",
        each("overwatering, overwatered, too much water, root rot, soggy"),
        "Yellow, limp leaves on wet soil usually mean too much water, not too little. Let the top 2 inches (5 cm) "
        "dry out, clear saucers and blocked drains, and mix in grit or raise the bed if water stands for hours.",
    ),
    Topic(
        "soil",
        each("soil, dirt, topsoil, loam, soil test"),
        "Most soil gets better with one thing: 2 inches (5 cm) of compost on top each year, not dug in. Squeeze a "
        "damp handful: if it stays a ball it is clay, if it falls apart it is sand. A cheap pH test tells you the "
        "rest; most plants like 6 to 7.",
    ),
    Topic(
        "clay soil",
        each("clay, clay soil, heavy soil"),
        "Clay is rich but closed. Never work it wet, keep feet off the beds, add compost every year, and plant a "
        "little high. Roses, asters, hydrangeas, dogwood and many grasses do well in it.",
    ),
    Topic(
        "sandy soil",
        each("sand, sandy, sandy soil"),
        "Sand drains fast and holds little food. Compost and mulch help it hold both; feed little and often. "
        "Lavender, rosemary, sea holly, broom, grasses and most succulents prefer it.",
    ),
    Topic(
        "drainage",
        each("drainage, standing water, puddle, waterlogged, wet soil, wet ground, flooding, french drain"),
        "First see where the water comes from: a downspout can be led away in a day. Then loosen the soil, lay a "
        "French drain along the low line, or make the low spot a rain garden with sedges, irises and ferns that like "
        "wet feet. Ground must fall away from the house.",
    ),
    Topic(
        "rain barrels",
        each("rain barrel, rainwater, water butt, rain garden, cistern"),
        "An inch (25 mm) of rain on 1,000 square feet of roof is about 620 gallons, so a barrel fills quickly: fit a "
        "lid, a tap and an overflow that leads away from the house. Some places regulate it; look up your own rules.",
    ),
    Topic(
        "mulch",
        each("mulch, mulching, bark, wood chip, bark chip"),
        "Mulch 2 to 3 inches (5 to 8 cm) deep in spring, on damp soil, and keep it a hand's width from stems and "
        "trunks. Bark and wood chips suit shrubs, compost suits flowers, gravel suits dry gardens.",
    ),
    Topic(
        "compost",
        each("compost, composting, compost heap, leaf mold, leaf mould"),
        "Mix about two parts dry brown (leaves, cardboard, straw) with one part green (clippings, kitchen scraps), "
        "keep it as damp as a wrung sponge and turn it each month. No meat, no dairy, no diseased plants. It is "
        "ready when it smells of forest: six to twelve months.",
    ),
    Topic(
        "feeding",
        each("fertilizer, fertiliser, fertilizing, feeding, feed my, plant food, manure, nitrogen"),
        "Feed in spring when growth starts and stop by late summer, so that new shoots harden before frost. Compost "
        "is enough for most beds; roses, vegetables and pots want more. Native and desert plants want none.",
    ),
    Topic(
        "pruning",
        each("prune, pruning, cut back, trim, trimming, deadhead, deadheading"),
        "Take out the dead, the diseased and the crossing first. Shrubs that bloom in spring are cut right after "
        "they flower, those that bloom in summer in late winter. Never take more than a third in a year, and leave a "
        "tree's big limbs to a professional.",
    ),
    Topic(
        "pests",
        each("pest, aphid, bug, insect, whitefly, caterpillar, spider mite, mite, beetle"),
        "Look under the leaves first. Aphids go with a hard jet of water, or soapy water on the third day; ladybirds "
        "do the rest if nothing is sprayed. Pick caterpillars by hand in the evening. Strong poisons kill the "
        "helpers too and are the last resort.",
    ),
    Topic(
        "slugs",
        each("slug, snail"),
        "Water in the morning, not at night; lay a board out and lift it at dawn to collect them; protect seedlings "
        "with copper rings or wool pellets. Ferns, lavender, geraniums and grasses are hardly touched.",
    ),
    Topic(
        "deer and rabbits",
        each("deer, rabbit, gopher, squirrel, mole, deer resistant"),
        "Nothing is safe from a hungry deer, but lavender, sage, ornamental grasses, boxwood and foxglove are mostly "
        "left alone; roses, tulips and hostas are not. A fence must be 8 feet (2.4 m) high for deer; for rabbits 2 "
        "feet (60 cm) will do, with its foot buried.",
    ),
    Topic(
        "plant diseases",
        each("disease, mildew, fungus, black spot, blight, rust, yellow leaf, brown leaf, wilting"),
        "Most fungus needs wet leaves: water the soil, not the plant, give air between plants and clear fallen "
        "leaves. Cut off what is ill and bin it, do not compost it. From words alone I cannot tell which disease it "
        "is; a local nursery can, from a leaf.",
    ),
    Topic(
        "weeds",
        each("weed, weeding, dandelion, bindweed, crabgrass"),
        "Pull weeds after rain, before they seed, and close the gap: bare soil grows weeds, mulch and ground cover "
        "do not. For a whole bed, cover it with cardboard and 4 inches (10 cm) of mulch for a season.",
    ),
    Topic(
        "planting",
        each("planting, when to plant, how to plant, transplant, transplanting, how plant, dig hole"),
        "Autumn and early spring are best: cool air, warm soil. Dig twice as wide as the pot and no deeper, loosen "
        "circling roots, set the plant level with the ground, water it in and mulch. Desert plants go in during "
        "spring.",
    ),
    Topic(
        "spring work",
        each("in spring, spring job, spring work, early spring"),
        "In spring: cut back grasses and last year's stems, spread compost, mulch, divide summer perennials, start "
        "the lawn, and wait with tender plants until the last frost is past.",
    ),
    Topic(
        "summer work",
        each("in summer, summer job, heat wave, heatwave, hot summer, summer heat"),
        "In summer: water early and deep, mow high, deadhead for more flowers, and give new plants shade cloth in a "
        "heat wave. Do not feed or transplant in the heat.",
    ),
    Topic(
        "autumn work",
        each("in autumn, in fall, autumn job, fall job, fallen leaf"),
        "In autumn: plant trees, shrubs and bulbs, rake leaves off the lawn and onto the beds, leave seed heads for "
        "the birds, and drain hoses before frost.",
    ),
    Topic(
        "winter work",
        each("in winter, winter job, frost, frost protection, overwinter, freeze, freezing"),
        "In winter: wrap pots, fleece tender plants before the first hard frost, water evergreens on mild days, "
        "prune fruit trees while they sleep and plan the next year. Cover only by night; plants need light.",
    ),
    Topic(
        "climate zones",
        each("hardiness, hardiness zone, zone, climate zone, usda zone"),
        "A hardiness zone says how cold your winters get, in steps of 10 °F. A plant for a lower number than yours "
        "survives your winter. I do not know where you live and cannot look your zone up; the plant's label has the "
        "number.",
    ),
)
