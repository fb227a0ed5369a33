"""What a design or a message costs, said before the click and explained after it.

Only words: which right really pays is decided by `tokens.ledger.charge`, under the account's lock.
"""

from typing import Final

from tokens.balance import Balance
from tokens.ledger import Source

COST: Final = 1

_WHY = {
    Source.SUBSCRIPTION: "Covered by your subscription, which comes before trial credits and tokens.",
    Source.TRIAL: "Paid from your free trial, which is used before tokens.",
    Source.TOKEN: "Paid with tokens, because no subscription was active and no free trial was left.",
}


def button_label(held: Balance, count: int = 1) -> str:
    """Return the words on the button: what `count` designs cost somebody who holds `held`."""
    return f"Generate - {cost_label(held, count)}"


def cost_label(held: Balance, count: int = 1) -> str:
    """Return what `count` generations cost: "included", "free trial: 2 left", "3 tokens", "2 free + 1 token"."""
    if held.unlimited:
        return "included"
    free = min(held.trial_balance // COST, count)
    if free == count:
        return f"free trial: {held.trial_balance} left" if count == 1 else f"{count} free"
    paid = tokens((count - free) * COST)
    return f"{free} free + {paid}" if free else paid


def affordable(held: Balance, count: int = 1) -> bool:
    """Whether `count` could be paid by what was held a moment ago; the charge itself looks again."""
    free = min(held.trial_balance // COST, count)
    return held.unlimited or held.balance >= (count - free) * COST


def price(source: str, cost: int) -> str:
    """Return what was taken: "1 token", "1 trial credit", or "Included"."""
    if source == Source.SUBSCRIPTION:
        return "Included"
    return trial_credits(cost) if source == Source.TRIAL else tokens(cost)


def why(source: str) -> str:
    """Return the sentence of the receipt: which right paid, and why that one."""
    return _WHY[Source(source)]


def returned(source: str, cost: int) -> str:
    """Return the sentence that says what came back, e.g. "1 token returned."; of an included design, nothing did."""
    if source == Source.SUBSCRIPTION:
        return "It was included, so nothing was charged."
    return f"{price(source, cost)} returned."


def tokens(count: int) -> str:
    """Return "1 token", "2 tokens"."""
    return f"{count} token{'' if count == 1 else 's'}"


def trial_credits(count: int) -> str:
    """Return "1 trial credit", "2 trial credits"."""
    return f"{count} trial credit{'' if count == 1 else 's'}"
