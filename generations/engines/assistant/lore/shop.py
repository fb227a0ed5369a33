"""How this site works, as far as it is the same in every shop: no prices, which staff can change."""

from generations.engines.assistant.hearing import each
from generations.engines.assistant.lore.topic import Topic

SHOP = (
    Topic(
        "what a design costs",
        each(
            "cost token, how many token for, how many token per, how many token need, token cost, "
            "price of design, design cost, cost of design, what doe it cost, "
            "how much doe it cost, how much is a design, how much doe a design, token per design"
        ),
        "A design costs 1 token for each area you choose, and a message to me costs 1 token. Free credits are used "
        "first, and while a subscription is active nothing is taken. The button says the price before you press "
        "it.",
    ),
    Topic(
        "buying tokens",
        each(
            "buy token, buying token, package, token package, more token, pay, payment, credit card, price list, "
            "price of token"
        ),
        "To buy tokens, press your balance at the top of the page. Staff can change the prices, so I do not quote "
        "them; the page shows the price of each package and of each token. Tokens never expire.",
    ),
    Topic(
        "refunds",
        each("refund, money back, failed design, design failed, token back, lost token, charged for nothing"),
        "If a design or a reply fails, its token comes back by itself at once, and your statement shows both lines. "
        "A design you cancel while it is waiting is returned too. Unused tokens you bought are refunded on request "
        "within 14 days.",
    ),
    Topic(
        "free credits",
        each("free credit, free trial, trial, trial credit, for free, free design"),
        "Everybody starts with a few free credits, without a card. Each pays for one design or one message, and they "
        "are used before the tokens you buy; the balance at the top shows how many are left.",
    ),
    Topic(
        "subscriptions",
        each("subscription, subscribe, unlimited, monthly plan"),
        "Where a subscription is offered, designs and messages cost nothing while it is active, within its fair-use "
        "limit. Your tokens stay yours. Look under Tokens.",
    ),
    Topic(
        "auto-reload",
        each("auto reload, autoreload, automatic reload, top up"),
        "Auto-reload buys a package by itself when your balance falls below a number you choose. It is off until you "
        "switch it on, has a monthly cap, and stops after three declined payments. Look under Tokens.",
    ),
    Topic(
        "a photo of your yard",
        each("photo, picture of my yard, upload, photo of my"),
        "On the Generate page you can add a photo of your own yard (JPEG, PNG or WebP, up to 10 MB). It is kept "
        "private. Here in the conversation I cannot see pictures.",
    ),
    Topic(
        "your gallery",
        each(
            "gallery, all my design, see my design, find my design, where are my design, where my design, download, "
            "download design, earlier design, delete design"
        ),
        "All your designs wait under My designs: look at them, download them, use their settings again or delete "
        "them. Only you can see them.",
    ),
    Topic(
        "making a design",
        each(
            "how do i use, how to use, how doe this work, how doe it work, make a design, how to make design, how do "
            "i make, how do i start, get started"
        ),
        "To make a design, open Generate, choose one or more areas and a style, add a few words of your own and "
        "press the button. Or tell me your idea: I make three proposals, and each link fills in the form for you.",
    ),
    Topic(
        "words a design understands",
        each("which word, what word, what can i write, write in the prompt, prompt tip, good prompt, prompt"),
        "Useful words for a design: a season (spring, autumn, snow), a time (dawn, sunset, night), weather (mist, "
        "rain), water (pond, pool, stream, fountain), a path (brick, gravel, stone, winding), trees, flowers and "
        "their colours, and things such as a bench, a fire pit, a pergola or string lights. “no roses” works, too.",
    ),
    Topic(
        "waiting",
        each("how long take, how long doe, waiting, still waiting, queue, cancel, stuck"),
        "A design says on its page whether it waits or is being made. You may leave the page; it goes on. While it "
        "still waits you can cancel it, and its token comes back.",
    ),
    Topic(
        "your account and data",
        each(
            "delete my account, my account, my data, privacy policy, export, change password, change email, two factor"
        ),
        "Address, password and two-factor sign-in are in the Account menu at the top. I have no access to your "
        "account, your balance or your payments; I only see this conversation.",
    ),
)
