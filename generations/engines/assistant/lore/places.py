"""The parts of a yard, its troubles, and what is built in it."""

from generations.engines.assistant.hearing import each
from generations.engines.assistant.lore.topic import Topic

PLACES = (
    Topic(
        "front yards",
        each("front yard idea, front yard tip, curb appeal, kerb appeal, front garden, entrance"),
        "A front yard is seen from the street and walked in seconds: one clear path at least 4 feet (1.2 m) wide, "
        "one small tree off the middle, and three kinds of plants repeated look better than twenty kinds.",
    ),
    Topic(
        "back yards",
        each(
            "back yard idea, backyard idea, back yard tip, plan back yard, plan my yard, where start, how start, "
            "where do i start"
        ),
        "Plan a back yard from what you do in it: mark where you sit (near the house, shade in the afternoon), where "
        "children or dogs run, and what you see from the kitchen. Then the paths between, and plants last.",
    ),
    Topic(
        "walkways",
        each("walkway idea, walkway wide, garden path, path material, stepping stone, how wide path, path wide"),
        "A main path should be 4 feet (1.2 m) wide for two people, a side path 2 feet (60 cm). Brick and stone last, "
        "gravel is quickest and drains, stepping stones sit 24 inches (60 cm) apart from middle to middle. Curves "
        "need a reason: a tree, a bed, a pond.",
    ),
    Topic(
        "side yards",
        each("side yard idea, side yard tip, narrow, narrow yard, passage, along the wall"),
        "A narrow side yard works with one line of tall, slim plants (bamboo in a root barrier, climbers on wires) "
        "on one side, a path that shifts, and something to walk toward: a pot, a lamp, a gate.",
    ),
    Topic(
        "patios",
        each("patio idea, patio size, terrace, deck, decking, seating area, outdoor living"),
        "A table for six wants 12 by 12 feet (3.6 m), chairs pushed back included. Let the floor fall away from the "
        "house by about 1 in 50, put shade to the west, and let plants stand close: a patio feels large when it is "
        "enclosed a little.",
    ),
    Topic(
        "small yards",
        each("small yard, small garden, tiny, small space, tiny garden, tiny yard, courtyard"),
        "Small yards gain from few, large things: one good tree, one floor material, big pots instead of many small "
        "ones. Lay paving or paths on the diagonal, use the walls, and hide the far end so that the eye does not "
        "find it.",
    ),
    Topic(
        "slopes",
        each("slope, hill, hillside, steep, retaining wall, erosion, terracing"),
        "Hold a slope with roots and steps: deep-rooted shrubs and grasses across it, boulders set a third deep, "
        "terraces of no more than 3 feet (90 cm). Retaining walls above that need an engineer and often a permit.",
    ),
    Topic(
        "privacy",
        each("privacy, private, screen, overlooked, neighbor, neighbour, hide"),
        "For privacy, screen where the looks come from, not all around: a tree in the line of sight, a pergola with "
        "vines over the seat, or a hedge of bamboo (clumping kinds), laurel or privet. Check how high a fence may be "
        "where you live.",
    ),
    Topic(
        "noise",
        each("noise, noisy, street noise, traffic"),
        "Plants hardly stop noise; a solid wall does some, and a fountain near the seat hides the rest. Put the seat "
        "low and behind the wall.",
    ),
    Topic(
        "children",
        each("kid, child, children, toddler, family, play area, playground, swing set"),
        "For children: a piece of tough lawn or bark under the swing, 6 feet (1.8 m) clear all round, in sight of "
        "the kitchen. Fence or cover every pond and pool, and keep foxglove, oleander and spiny agaves out.",
    ),
    Topic(
        "dogs",
        each("dog, puppy, dog friendly, pet, dog run"),
        "Dogs patrol the fence, so leave them a track there and plant behind it. Clover stands more than lawn does; "
        "raise beds or edge them. Avoid sago palm, oleander, lilies and cocoa mulch: all are poisonous to dogs.",
    ),
    Topic(
        "cats",
        each("cat, kitten, litter"),
        "Cats like dry, bare soil: mulch with coarse bark, plant closely and offer them a sandy corner with catmint. "
        "Lilies are deadly to them.",
    ),
    Topic(
        "bees and butterflies",
        each("bee, butterfly, pollinator, hummingbird, bumblebee"),
        "Lavender, salvia, catmint, asters, poppies and herbs in flower feed bees and butterflies; red tubes such as "
        "penstemon bring hummingbirds. Plant each in drifts, let something bloom from March to October, spray "
        "nothing.",
    ),
    Topic(
        "wildlife",
        each("wildlife, bird, frog, hedgehog, birdbath, bird feeder"),
        "Water, cover and seed bring wildlife: a shallow bowl or pond with a sloping edge, one dense evergreen, a "
        "heap of logs, and stems left standing in winter.",
    ),
    Topic(
        "ponds and water",
        each("build pond, pond care, koi, pond depth, algae, water feature, build fountain, pond safe, pond deep"),
        "A pond with fish should be 3 feet (90 cm) deep, one for frogs 18 inches (45 cm) with a shallow side. Half "
        "shade and plants keep algae down. A fountain needs only a socket with a safety switch. Fence any pond where "
        "children play.",
    ),
    Topic(
        "pools",
        each("build pool, pool cost, swimming pool, hot tub, pool plant, around pool, pool fence"),
        "Around a pool use plants that drop little and do not sting: palms, grasses, agaves set well back. A pool "
        "needs a fence, a permit and a contractor nearly everywhere.",
    ),
    Topic(
        "lighting",
        each("lighting, garden light, path light, solar light, outdoor light, light up"),
        "Light what you walk on and two or three things you look at, not everything. Warm white, shielded, low: path "
        "lights 8 feet (2.5 m) apart, one lamp up into a tree. Ask for a design “at night” to see the mood.",
    ),
    Topic(
        "fire pits",
        each("build fire pit, fire pit safe, fire pit distance, fire pit rule, fire pit cost"),
        "Keep a fire pit 10 feet (3 m) from the house, from fences and from branches, on stone or gravel, with seats "
        "3 feet (90 cm) from its rim. Where fires are restricted, a gas bowl or lanterns do.",
    ),
    Topic(
        "wildfire",
        each("wildfire, fire safe, defensible space, firewise"),
        "Keep the first 5 feet (1.5 m) around the house free of anything that burns: gravel, stone, pots. Then 30 "
        "feet (9 m) of spaced, watered, low plants, branches cut up to 6 feet (1.8 m). Your fire district has the "
        "binding rules.",
    ),
    Topic(
        "low maintenance",
        each("low maintenance, easy care, little work, least work, no time, easy garden, less work, lazy"),
        "The least work: shrubs and grasses instead of flowers and lawn, one drip line, 3 inches (8 cm) of mulch, "
        "gravel where nobody plays. Expect a day in early spring, and an hour a month after that.",
    ),
    Topic(
        "costs of a garden",
        each("budget, landscaping cost, cheap, cheaper, landscaper cost, contractor, cost to build, installation cost"),
        "I do not know the prices where you live, so I name none. What saves money everywhere: do it in stages, "
        "floor and trees first; buy small plants; use gravel before stone; reuse what is there. Get three written "
        "quotes.",
    ),
    Topic(
        "permits",
        each("permit, hoa, regulation, legal, allowed, code"),
        "Walls over 3 feet, fences, pools, decks and gas lines often need a permit, and an owners' association may "
        "have its own rules. I cannot look yours up; the town's planning office can.",
    ),
)
