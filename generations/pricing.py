"""What a design or a message costs, said before the click and explained after it.

Only words: which right really pays is decided by `tokens.ledger.charge`, under the account's lock.
"""

from dataclasses import dataclass
from typing import Final

from tokens.balance import Balance
from tokens.ledger import InsufficientTokens, Source

COST: Final = 1

_WHY = {
    Source.SUBSCRIPTION: "Covered by your subscription, which comes before free credits and tokens.",
    Source.TRIAL: "Paid with a free credit; free credits are used before tokens.",
    Source.TOKEN: "Paid with tokens, because no subscription was active and no free credit was left.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form says about `count` designs: on the button, beside it, and whether they could be paid."""

    count: int
    label: str
    note: str
    affordable: bool


def offers(held: Balance, most: int) -> list[Offer]:
    """Return the offers for none, one, two ... up to `most` designs, in that order."""
    return [
        Offer(count, button_label(held, max(count, 1)), note(held, count), affordable(held, max(count, 1)))
        for count in range(most + 1)
    ]


def note(held: Balance, count: int) -> str:
    """Return what `count` designs would take, e.g. "3 designs: 2 free + 1 token."; of none, what each costs."""
    if count == 0:
        each = "is included in your subscription" if held.unlimited else f"costs {tokens(COST)}"
        return f"Each place is a design of its own and {each}."
    return f"{designs(count)}: {_total(held, count)}."


def button_label(held: Balance, count: int = 1) -> str:
    """Return the words on the button: what `count` designs cost somebody who holds `held`."""
    return f"Generate - {cost_label(held, count)}"


def retry_label(held: Balance) -> str:
    """Return the words on the button that tries one design again; it is a new charge."""
    return f"Try again - {cost_label(held)}"


def cost_label(held: Balance, count: int = 1) -> str:
    """Return what `count` generations cost: "included", "1 free credit (2 left)", "3 tokens", "2 free + 1 token"."""
    if count == 1 and held.trial_balance >= COST and not held.unlimited:
        return f"{free_credits(COST)} ({held.trial_balance} left)"
    return _total(held, count)


def _total(held: Balance, count: int) -> str:
    if held.unlimited:
        return "included"
    free = min(held.trial_balance // COST, count)
    paid = tokens((count - free) * COST)
    if free == count:
        return f"{free} free"
    return f"{free} free + {paid}" if free else paid


def shortage(short: InsufficientTokens) -> str:
    """Return what was missing, e.g. "3 designs cost 3 tokens; you have 1 token and 1 free design."."""
    count = short.needed // COST
    paid = [tokens(short.available)] if short.available else []
    free = [f"{short.trial_available} free"] if short.trial_available else []
    verb = "costs" if count == 1 else "cost"
    return f"{designs(count)} {verb} {tokens(short.needed)}; you have {' and '.join(paid + free) or 'none'}."


def affordable(held: Balance, count: int = 1) -> bool:
    """Whether `count` could be paid by what was held a moment ago; the charge itself looks again."""
    free = min(held.trial_balance // COST, count)
    return held.unlimited or held.balance >= (count - free) * COST


def price(source: str, cost: int) -> str:
    """Return what was taken: "1 token", "1 free credit", or "Included"."""
    if source == Source.SUBSCRIPTION:
        return "Included"
    return free_credits(cost) if source == Source.TRIAL else tokens(cost)


def why(source: str) -> str:
    """Return the sentence of the receipt: which right paid, and why that one."""
    return _WHY[Source(source)]


def returned(source: str, cost: int) -> str:
    """Return the sentence that says what came back, e.g. "1 token returned."; of an included design, nothing did."""
    if source == Source.SUBSCRIPTION:
        return "It was included, so nothing was charged."
    return f"{price(source, cost)} returned."


def designs(count: int) -> str:
    """Return "1 design", "2 designs"."""
    return f"{count} design{'' if count == 1 else 's'}"


def tokens(count: int) -> str:
    """Return "1 token", "2 tokens"."""
    return f"{count} token{'' if count == 1 else 's'}"


def free_credits(count: int) -> str:
    """Return "1 free credit", "2 free credits"."""
    return f"{count} free credit{'' if count == 1 else 's'}"
