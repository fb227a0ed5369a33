import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import User
from generations import studio
from generations.engines import Reply, Suggestion
from generations.models import Conversation, Generation
from tests.generations.conftest import Give

REPLY = Reply("Plant in autumn.", "By rules.", (Suggestion("patio", "english-garden", "roses & lavender"),))
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _obedient_assistant(settings: Any) -> None:
    settings.CHAT_ENGINE = "tests.generations.engines.ObedientAssistant"


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


@pytest.fixture
def conversation(buyer: User, give: Give) -> Conversation:
    """The buyer's conversation of one answered message; a token is left."""
    give(buyer, 2)
    return the_conversation(answered(sent(buyer)))


@pytest.fixture
def message(buyer: User, give: Give) -> Generation:
    """The buyer's first message, waiting."""
    give(buyer, 1)
    return sent(buyer)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(
    user: User, text: str = "When do I plant?", conversation: Conversation | None = None, form_key: UUID | None = None
) -> Generation:
    """A message that waits for its reply."""
    return studio.start_message(user=user, form_key=form_key or uuid4(), text=text, conversation=conversation)


def begun(message: Generation) -> studio.Lease:
    """The lease of a message that is being answered."""
    lease = studio.take_lease(message.pk)
    assert lease is not None
    return lease


def answered(message: Generation, reply: Reply = REPLY) -> Generation:
    """The message, with its reply."""
    assert studio.finish(begun(message), reply, engine="rules")
    return Generation.objects.select_related("conversation").get(pk=message.pk)


def failed(message: Generation, reason: str = "Nobody knows.") -> Generation:
    """The message, without a reply and refunded."""
    assert studio.fail(message.pk, reason=reason)
    return Generation.objects.select_related("conversation").get(pk=message.pk)


def the_conversation(message: Generation) -> Conversation:
    """The conversation a message is in, as it is now."""
    assert message.conversation_id is not None
    return Conversation.objects.get(pk=message.conversation_id)


def form(text: str = "And roses?", **changes: str) -> dict[str, str]:
    """A message form that can be sent, with a key of its own."""
    return {"text": text, "key": str(uuid4()), **changes}


def address(name: str, subject: Conversation | Generation) -> str:
    """A page about a conversation or a message."""
    return reverse(f"generations:{name}", args=[subject.pk])


def source(response: Any) -> str:
    """The page as sent, on one line."""
    return " ".join(response.content.decode().split())


def text(response: Any) -> str:
    """The words of a page, on one line."""
    return " ".join(unescape(strip_tags(re.sub("<", " <", response.content.decode()))).split())


def page(client: Client, message: Generation) -> Any:
    """The page of the conversation a message is in."""
    return client.get(address("conversation", the_conversation(message)))


def poll(client: Client, message: Generation, shown: str) -> Any:
    """What the page asks again and again, with what it shows by now."""
    return client.get(f"{address('message-status', message)}?shown={shown}", headers=HTMX)


def messages() -> int:
    """How many messages there are, of anybody."""
    return Generation.objects.count()
