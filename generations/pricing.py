"""What a design costs, said before the click and explained after it.

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


def button_label(held: Balance) -> str:
    """Return the words on the button: what one design costs somebody who holds `held`."""
    if held.unlimited:
        return "Generate - included"
    if held.trial_balance >= COST:
        return f"Generate - free trial: {held.trial_balance} left"
    return f"Generate - {tokens(COST)}"


def affordable(held: Balance) -> bool:
    """Whether a design could be paid by what was held a moment ago; the charge itself looks again."""
    return held.unlimited or held.trial_balance >= COST or held.balance >= COST


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
