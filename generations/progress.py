"""How far designs and messages have come: their place in the queue, and what their engine says it is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from django.db.models import Count, Q

from generations.models import Generation

State = Generation.State


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one has come. `ahead` counts those, of anybody, that will be begun before it."""

    generation: Generation
    ahead: int = 0

    @property
    def shown(self) -> str:
        """A short text that changes if and only if something shown changes; the fragment polls with it."""
        return f"{self.generation.state}.{self.ahead}.{crc32(self.generation.progress.encode())}"


def of(generations: Sequence[Generation]) -> list[Progress]:
    """Return how far each of `generations`, all of one kind, has come.

    One query, however many they are; none unless one of them waits.
    """
    waiting = [each for each in generations if each.state == State.QUEUED]
    ahead: dict[str, int] = {}
    if waiting:
        queue = Generation.objects.filter(state=State.QUEUED, kind=waiting[0].kind)
        ahead = queue.aggregate(**{_name(each): Count("pk", filter=_before(each)) for each in waiting})
    return [Progress(each, ahead.get(_name(each), 0)) for each in generations]


def _before(generation: Generation) -> Q:
    """Which of those that wait come first: the queue takes turns, and within a turn the order of arrival counts."""
    return Q(turn__lt=generation.turn) | Q(turn=generation.turn, job_id__lt=generation.job_id)


def _name(generation: Generation) -> str:
    return f"before_{generation.pk.hex}"
