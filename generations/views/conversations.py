"""What can be done with a whole conversation: rename it, keep a copy, delete it."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from generations import conversations, drafts, studio
from generations.chat_forms import TitleForm
from generations.models import Conversation
from generations.views.ownership import own_conversation


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def rename(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Show the title to change, or change it and go back to the conversation: 303. 422 for a bad one."""
    own = own_conversation(request, conversation_id)
    form = TitleForm(request.POST if request.method == "POST" else None, initial={"title": own.title})
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "generations/chat/rename.html", {"conversation": own, "form": form}, status=status)
    if not conversations.rename(own.pk, form.cleaned_data["title"]):
        raise Http404
    return _see_other("generations:conversation", own.pk)


@require_safe
@never_cache
def export(request: HttpRequest, conversation_id: UUID) -> StreamingHttpResponse:
    """Send the conversation as a text file to keep."""
    own = own_conversation(request, conversation_id)
    return StreamingHttpResponse(
        conversations.export(own),
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{conversations.file_name(own)}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Ask once more, then erase the conversation's words and go to the list: 303, also the second time.

    409 while a message waits for its reply.
    """
    if request.method != "POST":
        return _delete_page(request, own_conversation(request, conversation_id))
    try:
        erased = conversations.delete(cast(User, request.user).pk, conversation_id)
    except Conversation.DoesNotExist:
        raise Http404 from None
    except studio.ReplyPending:
        return _delete_page(request, own_conversation(request, conversation_id), status=409)
    drafts.forget(request.session, reverse("generations:conversation", args=[conversation_id]))
    if erased:
        messages.success(request, "The conversation is deleted.")
    return _see_other("generations:chat")


def _delete_page(request: HttpRequest, own: Conversation, *, status: int = 200) -> HttpResponse:
    context = {"conversation": own, "waiting": status != 200}
    return render(request, "generations/chat/delete.html", context, status=status)


def _see_other(name: str, *arguments: UUID) -> HttpResponse:
    response = redirect(name, *arguments)
    response.status_code = 303
    return response
