"""What a conversation says when a message was not sent. Nothing was started, nothing taken."""

from dataclasses import dataclass, field
from typing import Final

from generations import studio
from generations.views import refusals
from tokens.ledger import InsufficientTokens

PENDING: Final = (
    "The assistant is still answering your last message. Wait for the reply, then send this one. "
    "Nothing was charged, and what you wrote is kept."
)
REFUSED: Final = (*refusals.REFUSED, studio.ReplyPending)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer's status, and what stands above the box. `exhausted` offers packages in a dialog."""

    status: int
    sentences: list[str] = field(default_factory=list)

    @property
    def exhausted(self) -> bool:
        """Whether nothing was left to pay with."""
        return self.status == refusals.STATUS[InsufficientTokens]


def explained(refusal: Exception) -> Refusal:
    """Return the words for one of REFUSED."""
    if isinstance(refusal, studio.ReplyPending):
        return Refusal(409, [PENDING])
    status = refusals.STATUS[type(refusal)]
    if isinstance(refusal, studio.FairUseReached):
        return Refusal(status, [_fair_use(refusal)])
    if isinstance(refusal, studio.EngineUnavailable):
        return Refusal(status, [refusal.sentence, "Nothing was charged, and what you wrote is kept."])
    return Refusal(status)


def _fair_use(reached: studio.FairUseReached) -> str:
    again = reached.free_again_at
    return (
        f"You have used your subscription {reached.per_day} times in 24 hours, which is what it includes. "
        f"The next message is included again at {again:%H:%M} UTC on {again.day} {again:%B}. "
        "Nothing was charged, and what you wrote is kept."
    )
