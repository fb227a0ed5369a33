"""Somebody's conversations, and the messages of one: listed, renamed, exported, deleted.

Sending is the studio's. Who changes a conversation locks its row, so that a message is never sent into one that
is just being deleted.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import slugify

from generations import places
from generations.exchanges import proposals
from generations.models import Conversation, Generation
from generations.models.generation import UNFINISHED
from generations.places import Page, Place
from generations.studio import ReplyPending

logger = structlog.get_logger(__name__)
State = Generation.State

CONVERSATIONS_ON_A_PAGE: Final = 20
MESSAGES_ON_A_PAGE: Final = 50
ROWS_AT_ONCE: Final = 200  # read from the database while exporting
# What an export says in place of a reply that is not there yet.
_INSTEAD: Final = {State.QUEUED: "(waiting for a reply)", State.RUNNING: "(being answered)"}


def recent(user_id: UUID, *, before: Place | None = None) -> Page[Conversation]:
    """Return one page of somebody's conversations, the one written in last first."""
    rows = Conversation.objects.filter(user_id=user_id, deleted_at=None)
    return places.page(rows, by="updated_at", before=before, size=CONVERSATIONS_ON_A_PAGE)


def messages(conversation: Conversation, *, before: Place | None = None) -> Page[Generation]:
    """Return one page of a conversation's messages with their charges and refunds, the newest first."""
    return places.page(_messages(conversation), by="created_at", before=before, size=MESSAGES_ON_A_PAGE)


def place_of(message: Generation) -> Place | None:
    """Return the place below which the page with `message` begins; None when it is on the newest page."""
    newer = Generation.objects.filter(conversation=message.conversation_id, created_at__gt=message.created_at)
    if newer.count() < MESSAGES_ON_A_PAGE:
        return None
    return Place(message.created_at + timedelta(microseconds=1), message.pk)


def rename(conversation_id: UUID, title: str) -> bool:
    """Give a conversation another title of at most 80 characters; return False when it was deleted meanwhile."""
    return bool(Conversation.objects.filter(pk=conversation_id, deleted_at=None).update(title=title))


def delete(user_id: UUID, conversation_id: UUID) -> bool:
    """Erase a conversation's title and every message's words; return False when that was done before.

    What was charged and returned stays in the books, and each message's row with it. Locks the conversation.
    Raises ReplyPending while a message waits for its reply, with nothing erased, and Conversation.DoesNotExist
    when it is somebody else's.
    """
    with transaction.atomic():
        conversation = locked(user_id, conversation_id)
        if conversation.deleted_at:
            return False
        rows = Generation.objects.filter(conversation=conversation)
        if rows.filter(state__in=UNFINISHED).exists():
            raise ReplyPending(str(conversation_id))
        rows.update(prompt="", reply="", note="", suggestions=[], deleted_at=Now())
        conversation.title, conversation.deleted_at = "", timezone.now()
        conversation.save(update_fields=["title", "deleted_at"])
    logger.info("conversation_deleted", conversation_id=str(conversation_id))
    return True


def locked(user_id: UUID, conversation_id: UUID) -> Conversation:
    """Lock one of somebody's conversations and return it, deleted or not."""
    return Conversation.objects.select_for_update(no_key=True).get(pk=conversation_id, user_id=user_id)


def file_name(conversation: Conversation) -> str:
    """Return a name for the export, of letters, digits and hyphens whatever the title holds."""
    name = slugify(conversation.title)[:40].strip("-_") or "conversation"
    return f"{name}-{str(conversation.pk)[:8]}.txt"


def export(conversation: Conversation) -> Iterator[str]:
    """Yield the conversation as plain text: who said what, and when; the oldest message first.

    What was said is indented, so that no message can pass for another one's heading.
    """
    yield f"{_line(conversation.title) or 'Conversation'}\nBegun on {_when(conversation.created_at)}\n"
    for message in _messages(conversation).order_by("created_at", "pk").iterator(chunk_size=ROWS_AT_ONCE):
        yield f"\nYou, {_when(message.created_at)}\n{_indented(message.prompt)}\n"
        yield f"\n{_answered(message)}\n"


def _messages(conversation: Conversation) -> QuerySet[Generation]:
    return Generation.objects.filter(conversation=conversation).select_related("charge", "refund")


def _answered(message: Generation) -> str:
    if message.state == State.SUCCEEDED:
        return "\n".join([f"Assistant, {_when(message.ended_at)}", _indented(message.reply), *_proposed(message)])
    if message.has_ended:
        return f"No reply ({message.get_state_display().lower()}), {_when(message.ended_at)}: {_line(message.failure)}"
    return _INSTEAD[State(message.state)]


def _proposed(message: Generation) -> list[str]:
    """Return a line for each design the reply proposes."""
    return [f"Proposed design: {each.name}: {_line(each.prompt)}" for each in proposals(message)]


def _when(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _indented(text: str) -> str:
    """Return the text with every line moved to the right, whatever a reader may take for the end of a line."""
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _line(text: str) -> str:
    return " ".join(text.split())
