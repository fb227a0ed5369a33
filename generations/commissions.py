"""What an engine is asked to make, read from a generation's row while the database is at hand."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings

from generations.engines import ChatRequest, DesignRequest, Turn, wording
from generations.models import Generation

# How much of a conversation the assistant is reminded of: turns, and characters of them altogether.
TURNS_REMEMBERED: Final = 20
CHARACTERS_REMEMBERED: Final = 24_000


@dataclass(frozen=True, slots=True)
class Commission:
    """The request for an engine. `photo` names a stored file that still has to be read into it."""

    request: DesignRequest | ChatRequest
    photo: str = ""


def of(generation: Generation) -> Commission:
    """Return what `generation` (read together with its photo) asks for."""
    if generation.kind == Generation.Kind.MESSAGE:
        return Commission(
            ChatRequest(message=generation.prompt, turns=_turns_before(generation), subject=settings.CATALOG)
        )
    words = wording.instruction(generation.area, generation.style, generation.prompt, generation.photo is not None)
    request = DesignRequest(generation.area, generation.style, generation.prompt, instruction=words)
    return Commission(request, photo=str(generation.photo.image) if generation.photo else "")


def _turns_before(generation: Generation) -> tuple[Turn, ...]:
    """Return the last turns that had a reply, the oldest first, as far as they fit."""
    answered = Generation.objects.filter(
        conversation=generation.conversation_id,
        state=Generation.State.SUCCEEDED,
        deleted_at=None,
        created_at__lt=generation.created_at,
    ).order_by("-created_at")
    turns: list[Turn] = []
    room = CHARACTERS_REMEMBERED
    for message, reply in answered.values_list("prompt", "reply")[:TURNS_REMEMBERED]:
        room -= len(message) + len(reply)
        if room < 0:
            break
        turns.append(Turn(message, reply))
    return tuple(reversed(turns))
