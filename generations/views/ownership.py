"""Whose things these are: somebody else's, and deleted ones, do not exist here."""

from typing import cast
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import User
from generations.models import Conversation, Generation

Kind = Generation.Kind


def own_design(request: HttpRequest, generation_id: UUID) -> Generation:
    """Return the caller's design with its charge, refund and photo; 404 for anybody else's or a deleted one."""
    return _own(request, generation_id, Kind.DESIGN)


def own_message(request: HttpRequest, generation_id: UUID) -> Generation:
    """Return the caller's message with its charge and refund; 404 for anybody else's or a deleted one."""
    return _own(request, generation_id, Kind.MESSAGE)


def own_conversation(request: HttpRequest, conversation_id: UUID) -> Conversation:
    """Return the caller's conversation; 404 for anybody else's or a deleted one."""
    return get_object_or_404(Conversation, pk=conversation_id, user=cast(User, request.user), deleted_at=None)


def _own(request: HttpRequest, generation_id: UUID, kind: Kind) -> Generation:
    rows = Generation.objects.select_related("charge", "refund", "photo")
    return get_object_or_404(rows, pk=generation_id, user=cast(User, request.user), kind=kind, deleted_at=None)
