"""Designs that were ordered together: one for each place, each with tries of its own."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zlib import crc32

from generations import pricing, progress
from generations.models import Generation, Photo
from generations.progress import Progress
from generations.receipts import Receipt, receipt
from tokens.balance import Balance

State = Generation.State
MOST_AREAS: Final = 5
_PLACES: Final = list(Generation.Area.values)
_WORDS: Final = {
    State.SUCCEEDED: "ready",
    State.RUNNING: "being painted",
    State.QUEUED: "waiting",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One place: its newest try, how far that is, its receipt, and the tries before it, the newest first.

    `retry_label` is what the button says that tries again; empty when there is nothing to try.
    """

    progress: Progress
    receipt: Receipt
    earlier: tuple[Generation, ...]
    retry_label: str

    @property
    def design(self) -> Generation:
        """The newest try."""
        return self.progress.generation

    @property
    def shown(self) -> str:
        """A short text that changes if and only if something shown changes; it begins with the state."""
        whole = f"{self.design.pk}.{self.progress.shown}.{len(self.earlier)}.{self.retry_label}"
        return f"{self.design.state}-{crc32(whole.encode()):x}"

    @property
    def news(self) -> str:
        """What a screen reader is told when it has ended."""
        if self.design.state == State.SUCCEEDED:
            return f"{self.design.get_area_display()}: ready."
        return f"{self.design.get_area_display()}: {_WORDS[State(self.design.state)]}. {self.receipt.returned}"


@dataclass(frozen=True, slots=True)
class Order:
    """The places of one form in the order of the form; those whose designs were all deleted are left out."""

    id: UUID
    cards: list[Card]

    @property
    def first(self) -> Generation:
        """The first place's design: style, wishes and photo are the same for all."""
        return self.cards[0].design

    @property
    def photo(self) -> Photo | None:
        """The photo they are made from, as long as one of them names it."""
        return next((card.design.photo for card in self.cards if card.design.photo), None)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is waited for."""
        return all(card.design.has_ended for card in self.cards)

    @property
    def ready(self) -> int:
        """How many pictures there are."""
        return sum(card.design.state == State.SUCCEEDED for card in self.cards)

    @property
    def summary(self) -> str:
        """How many are how far, e.g. "3 designs: 2 ready, 1 failed"."""
        states = [card.design.state for card in self.cards]
        parts = [f"{states.count(state)} {words}" for state, words in _WORDS.items() if state in states]
        return f"{pricing.designs(len(states))}: {', '.join(parts)}"

    @property
    def shown(self) -> str:
        """The cards' `shown`, joined; the page polls with it."""
        return "~".join(card.shown for card in self.cards)

    def changed_since(self, shown: str) -> list[Card]:
        """Return the cards that differ from what a page shows."""
        known = shown.split("~")
        return [card for card in self.cards if card.shown not in known]

    def ended_since(self, shown: str) -> list[Card]:
        """Return the cards that differ from what a page shows, which showed them unfinished, and have ended."""
        before = dict(zip([card.design.area for card in self.cards], shown.split("~"), strict=False))
        return [
            card
            for card in self.changed_since(shown)
            if card.design.has_ended and before.get(card.design.area, "").startswith((State.QUEUED, State.RUNNING))
        ]


def order(user_id: UUID, order_id: UUID, held: Balance) -> Order | None:
    """Return somebody's order, None when there is none of theirs or all of it was deleted.

    Two queries, however many designs it has; one when none of them waits. `held` prices another try.
    """
    rows = Generation.objects.filter(order_id=order_id, user_id=user_id, kind=Generation.Kind.DESIGN)
    tries: dict[str, list[Generation]] = {}
    # Another try is queued after the one it follows, whatever the clocks say.
    for design in rows.select_related("charge", "refund", "photo").order_by("job_id"):
        tries.setdefault(design.area, []).append(design)
    lines = [line for area in sorted(tries, key=_PLACES.index) if (line := _in_line(tries[area])).kept]
    far = progress.of([line.kept[-1] for line in lines])
    cards = [_card(line, each, held) for line, each in zip(lines, far, strict=True)]
    return Order(order_id, cards) if cards else None


def has_several(design: Generation) -> bool:
    """Whether designs of other places were ordered together with `design`."""
    if design.order_id is None:
        return False
    others = Generation.objects.filter(order_id=design.order_id, user=design.user_id, deleted_at=None)
    return others.exclude(area=design.area).exists()


def tried_again(generation: Generation) -> Generation | None:
    """Return the try that followed `generation`, deleted or not, None when none did; asks only if one could have."""
    if not came_to_nothing(generation):
        return None
    return Generation.objects.filter(retry_of=generation).first()


def came_to_nothing(generation: Generation) -> bool:
    """Whether it has ended without a picture, so that it can be tried again, once."""
    return generation.state in (State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class _Line:
    """The tries at one place, the oldest first: those to show, and whether the newest of all is among them."""

    kept: tuple[Generation, ...]
    is_whole: bool


def _in_line(tries: list[Generation]) -> _Line:
    kept = tuple(design for design in tries if design.deleted_at is None)
    return _Line(kept, is_whole=bool(kept) and kept[-1] is tries[-1])


def _card(line: _Line, far: Progress, held: Balance) -> Card:
    return Card(
        progress=far,
        receipt=receipt(far.generation),
        earlier=line.kept[-2::-1],
        retry_label=pricing.retry_label(held) if came_to_nothing(far.generation) and line.is_whole else "",
    )
