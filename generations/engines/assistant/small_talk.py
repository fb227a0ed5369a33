"""What the assistant says about itself, in passing, and of what it cannot do. Tables only."""

from typing import Final

from generations.engines.assistant.hearing import each

NAME: Final = "rules assistant"
WHAT_I_AM: Final = (
    "I am the rules assistant: I answer from rules and tables on this computer. I am not an AI model and not a "
    "person, and nothing you write here leaves this site."
)
FIRST_WORDS: Final = (
    "I am the rules assistant: I answer from rules and tables on this computer, not with an AI model, so I know some "
    "things and will say so when I do not."
)
I_CAN: Final = {
    "landscape": (
        "I can answer questions about watering, soil, pruning, pests, shade, slopes, privacy, lawns, the five styles "
        "and how this shop works, and I can turn an idea into three designs. Try “a back yard for dogs with a fire "
        "pit” or “something drier, no roses”."
    ),
    "chat": (
        "I can calculate (“what is 12.5% of 480”), convert units (“5 miles in km”), count days (“how many days until "
        "24 December”), count words, sort, list or shorten a text you give after a colon, and remember what you tell "
        "me in this conversation. I also know gardens, and I can turn a garden idea into three designs."
    ),
}
I_DO_NOT_KNOW: Final = {
    "landscape": "I do not know about that: I only know gardens and this shop, and I cannot look things up.",
    "chat": "I do not know about that: I have no general knowledge, and I cannot look things up.",
}

WHO_ARE_YOU: Final = each(
    "who are you, what are you, are you ai, are you an ai, are you robot, are you bot, are you human, are "
    "you real, chatgpt, gemini, which model, what model, language model, artificial intelligence, are you "
    "person, are you a person, are you a robot, are you a bot, your name"
)

# phrases -> what is said. All that fit are said, in this order.
COURTESIES: Final = (
    (
        each("good morning, good evening, good afternoon, hello, hi, hey, greeting"),
        "Hello!",
    ),
    (WHO_ARE_YOU, WHAT_I_AM),
    (
        each("how are you, how is it going, how do you do"),
        "I am a set of rules, so I am always the same: ready.",
    ),
    (
        each("thank, thank you, thanks, thx"),
        "You are welcome.",
    ),
    (
        each("bye, goodbye, see you, good night"),
        "Goodbye. This conversation stays here for when you come back.",
    ),
    (
        each("sorry, apologize, apologise"),
        "No harm done.",
    ),
    (
        each("tell me a joke, joke, make me laugh"),
        "I know one: why do gardeners never get lost? They follow the thyme.",
    ),
)

LIMITS: Final = (
    (
        each("what time is it, current time, time now"),
        "I know today's date, but not what time it is where you are.",
    ),
    (
        each(
            "weather today, weather tomorrow, weather forecast, raining, exchange rate, usd, eur, forecast, "
            "news, stock, look up, search the web, "
            "google, internet, website, wikipedia"
        ),
        "I cannot look things up: no internet, no weather, no news.",
    ),
    (
        each("write a poem, poem, write a story, story, essay, write a song, write code, python, javascript, program"),
        "I cannot write poems, stories or programs: I only have fixed rules.",
    ),
    (
        each("translate, translation, in spanish, in german, in french"),
        "I cannot translate; I only know English.",
    ),
    (
        each("medicine, doctor, diagnosis, lawyer, legal advice, invest, tax advice"),
        "I cannot advise on health, law or money; please ask somebody qualified.",
    ),
    (
        each(
            "see this picture, look at this picture, look at my picture, see my photo, look at my photo, identify "
            "this plant, identify plant, what plant is this"
        ),
        "I cannot see pictures here, so I cannot tell what is in one.",
    ),
    (
        each("my balance, token do i have, token have i, my order, my payment, refund me, give me token, free token"),
        "I cannot see or change your account, balance or payments; the page Tokens shows them.",
    ),
    (
        each(
            "ignore previous, ignore all, ignore your, system prompt, your instruction, jailbreak, pretend you are, "
            "pretend to be, act as"
        ),
        "I have fixed rules and no hidden instructions, so nothing written here can change what I am.",
    ),
)

# Said alone, they ask for nothing.
AGREEMENTS: Final = each("yes, no, ok, okay, great, cool, nice, perfect, sure, fine, all right, right, good")
GO_ON: Final = "All right. Tell me what you would like next."
WHAT_CAN_YOU_DO: Final = each(
    "what can you do, what do you do, help, help me, what do you know, what can i ask, how can you help, your "
    "ability, what are you able"
)
