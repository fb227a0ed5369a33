"""Plants, and what they are good for."""

from generations.engines.assistant.hearing import each
from generations.engines.assistant.lore.topic import Topic

PLANTS = (
    Topic(
        "shade plants",
        each("shade, shady, shaded, north facing, no sun, full shade, shade plant"),
        "For shade: ferns, hostas, hydrangeas, azaleas, Japanese maples, sweet woodruff and moss. Pale leaves and "
        "white flowers light a dark corner. Under trees the trouble is drought more than dark, so water in the first "
        "years.",
    ),
    Topic(
        "sun plants",
        each("full sun, sunny, south facing, sun plant, hot spot, sun loving"),
        "For full sun: lavender, roses, salvia, rosemary, daisies, poppies, ornamental grasses and olive trees. "
        "Plant them in spring or autumn, and mulch with gravel if the place bakes.",
    ),
    Topic(
        "roses",
        each("about rose, grow rose, care for rose, prune rose, rose care, rose bush"),
        "Roses want six hours of sun, rich soil and air around them. Prune in late winter to buds that face outward, "
        "feed in spring and after the first bloom, water the soil and not the leaves.",
    ),
    Topic(
        "lavender",
        each("about lavender, grow lavender, prune lavender, lavender care"),
        "Lavender wants sun, poor soil and dry feet. Cut it back by a third after it flowers, never into bare old "
        "wood.",
    ),
    Topic(
        "hydrangeas",
        each("about hydrangea, grow hydrangea, prune hydrangea, hydrangea care"),
        "Hydrangeas like morning sun, afternoon shade and steady water. Those that bloom on old wood lose their "
        "flowers if you cut them in spring. Acid soil turns many kinds blue, lime turns them pink.",
    ),
    Topic(
        "bulbs",
        each("bulb, when plant tulip, daffodil bulb, tulip bulb, crocus bulb"),
        "Plant spring bulbs in autumn, three times as deep as they are high, tip up, in groups of seven or more. Let "
        "the leaves yellow before you cut them: they feed next year's flower.",
    ),
    Topic(
        "trees",
        each("tree for, plant tree, small tree, best tree, which tree, what tree, tree near house"),
        "For a small yard: Japanese maple, crape myrtle, olive, birch or an ornamental cherry. Plant small trees at "
        "least 10 feet (3 m) and big ones 20 feet (6 m) from the house, and ask for the pipes before you dig.",
    ),
    Topic(
        "fruit trees",
        each("fruit, fruit tree, apple tree, lemon tree, orchard, citrus tree"),
        "Fruit trees want sun and a partner: most apples and pears need a second variety nearby. On dwarf stock they "
        "stay 8 feet (2.5 m) high. Thin the fruit in early summer, prune in winter; citrus needs a place without "
        "hard frost.",
    ),
    Topic(
        "vegetables",
        each("vegetable, veggie, kitchen garden, raised bed, grow food, edible, tomato, lettuce"),
        "Vegetables need six to eight hours of sun. Raised beds 4 feet (1.2 m) wide and 12 inches (30 cm) deep are "
        "easy to reach and warm early. Start with tomatoes, beans, salad, courgettes and herbs, near a tap.",
    ),
    Topic(
        "herbs",
        each("herb, rosemary, thyme, basil, mint, herb garden"),
        "Rosemary, thyme, sage and oregano want sun and poor, dry soil; basil, parsley and chives want more water. "
        "Keep mint in a pot, or it takes the bed. Put herbs where you cook.",
    ),
    Topic(
        "natives",
        each("native plant, native garden, local plant"),
        "Natives are used to your rain and your soil, need little care once rooted and feed the local wildlife. In "
        "California think of poppies, sage, ceanothus, manzanita, toyon and oaks. Elsewhere your native plant "
        "society has the list; I only know the Californian one.",
    ),
    Topic(
        "ground cover",
        each("ground cover, groundcover, creeping, between stepping stone, clover"),
        "Creeping thyme and sedum for sun, sweet woodruff, pachysandra and ferns for shade, clover where feet go. "
        "Plant about a foot (30 cm) apart and weed for the first two years; then it closes.",
    ),
    Topic(
        "lawns",
        each("lawn, turf, mow, mowing, grass seed, lawn care, brown grass"),
        "Mow high, 3 inches (8 cm), never more than a third at once, and leave the clippings. Water an inch (25 mm) "
        "a week in one or two goes, sow bare spots in early autumn. A brown lawn in summer mostly sleeps and comes "
        "back.",
    ),
    Topic(
        "lawn alternatives",
        each(
            "lawn alternative, no lawn, replace lawn, replace my lawn, instead lawn, without lawn, no grass, "
            "artificial grass, no mow"
        ),
        "Instead of a lawn: clover or creeping thyme to walk on, a meadow to look at, gravel with grasses and "
        "lavender, or larger beds around a small terrace. Gravel and thyme take a tenth of a lawn's work. Artificial "
        "turf gets hot in the sun and feeds nothing.",
    ),
    Topic(
        "hedges",
        each("hedge, privet, boxwood, topiary, evergreen hedge, hedging"),
        "Plant hedges 18 to 24 inches (45 to 60 cm) apart, in autumn, and cut them from the first year so that they "
        "close at the foot. Keep them wider below than above. Yew, privet and laurel for height; boxwood, if you "
        "watch for blight, for edging.",
    ),
    Topic(
        "climbers",
        each("climber, climbing plant, vine, ivy, wisteria, clematis, jasmine, trellis"),
        "Clematis likes its head in the sun and its feet in the shade; jasmine and climbing roses like both in the "
        "sun. Give wires 2 inches (5 cm) off the wall. Ivy and wisteria are strong: keep them off roofs and gutters.",
    ),
    Topic(
        "grasses",
        each("ornamental grass, fountain grass, sedge"),
        "Ornamental grasses move, need no feeding and look good dead: leave them standing through winter and cut "
        "them to a hand's height in early spring. Fountain grass and feather grass suit sun, sedges suit shade. "
        "Pampas grass is a weed in California; choose another.",
    ),
    Topic(
        "succulents and cacti",
        each("succulent, cactus, cacti, agave, aloe, yucca"),
        "Sun, grit and restraint: water only when the soil is dry all the way down, hardly at all in winter. Keep "
        "agaves and cacti an arm's length from paths and children.",
    ),
    Topic(
        "pots",
        each("pot plant, potted plant, container, container garden, planter, balcony, window box"),
        "Bigger pots dry out more slowly; all need a hole. Use potting mix, not garden soil, feed from six weeks on, "
        "and water until it runs out below: daily in a hot summer. One tall, one full and one trailing plant make a "
        "pot.",
    ),
    Topic(
        "flowers all year",
        each("flower all year, all year, four season, year round, long bloom, when bloom"),
        "Plan four layers: bulbs for spring, roses and lavender for summer, asters and grasses for autumn, "
        "evergreens and bark for winter. If something blooms in each month, few beds ever look empty.",
    ),
    Topic(
        "poisonous plants",
        each("poisonous, toxic, poison"),
        "Poisonous garden plants include oleander, foxglove, lily of the valley, yew, castor bean and sago palm; "
        "lilies are deadly to cats. If somebody has eaten a plant, call poison control or a vet at once; do not wait "
        "for me.",
    ),
)
