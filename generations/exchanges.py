"""A message and what came of it, ready to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from generations import progress
from generations.forms import style_picture
from generations.models import Generation
from generations.receipts import Receipt, receipt

Area, State, Style = Generation.Area, Generation.State, Generation.Style


@dataclass(frozen=True, slots=True)
class Proposal:
    """A design the assistant proposes. `settings` is what fills in the form, ready for an address."""

    name: str
    prompt: str
    picture: str
    settings: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One message. `ahead` counts the messages, of anybody, that will be answered before it.

    `shown` is a short text that changes if and only if something shown changes; the fragment polls with it.
    `retried_as` is the message that tried it again, None when nobody did.
    """

    message: Generation
    receipt: Receipt
    proposals: list[Proposal]
    ahead: int
    shown: str
    retried_as: UUID | None

    @property
    def gave_nothing(self) -> bool:
        """Whether it failed or was cancelled."""
        return self.message.state in (State.FAILED, State.CANCELLED)


def exchange(message: Generation) -> Exchange:
    """Return one message, read together with its charge and refund, as an exchange."""
    return exchanges([message])[0]


def exchanges(messages: Sequence[Generation]) -> list[Exchange]:
    """Return messages as exchanges, in their order; a query more when some wait, and one when some failed."""
    retries = _retries([message.pk for message in messages if message.state in (State.FAILED, State.CANCELLED)])
    return [
        Exchange(
            message=how_far.generation,
            receipt=receipt(how_far.generation),
            proposals=proposals(how_far.generation),
            ahead=how_far.ahead,
            shown=how_far.shown,
            retried_as=retries.get(how_far.generation.pk),
        )
        for how_far in progress.of(messages)
    ]


def proposals(message: Generation) -> list[Proposal]:
    """Return the designs a reply proposes; one whose area or style this shop does not have is left out."""
    return [
        Proposal(
            name=f"{Style(each['style']).label}, {Area(each['area']).label.lower()}",
            prompt=each["prompt"],
            picture=style_picture(each["style"]),
            settings=urlencode({name: each[name] for name in ("area", "style", "prompt")}),
        )
        for each in message.suggestions
        if each.get("area") in Area.values and each.get("style") in Style.values
    ]


def _retries(failed: list[UUID]) -> dict[UUID, UUID]:
    if not failed:
        return {}
    return dict(Generation.objects.filter(retry_of__in=failed).values_list("retry_of_id", "pk"))
