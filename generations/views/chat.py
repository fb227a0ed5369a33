"""Talking to the assistant. Somebody else's conversation, and a deleted one, do not exist here: 404."""

from typing import Final, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import signed_out
from accounts.models import User
from generations import conversations, drafts, studio
from generations.chat_forms import MESSAGE_CHARACTERS, MessageForm, TitleForm
from generations.exchanges import Exchange, exchange, exchanges
from generations.models import Conversation, Generation
from generations.places import read_place
from generations.pricing import affordable, cost_label
from generations.views.chat_refusals import REFUSED, Refusal, explained
from generations.views.ownership import own_conversation, own_message
from generations.views.seeing import see_the_rest
from tokens import balance

BALANCE_CHANGED: Final = {"HX-Trigger": "balance-changed"}


def _keep_text(request: HttpRequest, page: str) -> str:
    text = request.POST.get("text", "")[:MESSAGE_CHARACTERS]
    if not text.strip():
        return ""
    drafts.keep(request.session, page, {"text": text}, signed_out=True)
    return "what you wrote is kept."


@signed_out.keeping(_keep_text)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def chat(request: HttpRequest) -> HttpResponse:
    """Show the box for a new conversation and the list of one's own; or begin one and go to it: 303.

    422 for a bad message, 402 when nothing is left to pay, 429 when the subscription's fair use is reached, 503
    when the assistant's provider is left alone; each with the message still in the box and nothing charged.
    """
    if request.method == "POST":
        return _send(request, None)
    return _chat_page(request, _box(request, None))


@signed_out.keeping(_keep_text)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Show a conversation, or send a message into it: 303, or for htmx the new exchange alone.

    Refusals are those of `chat`, and 409 while the reply before is still waited for. `?before=` shows earlier messages.
    """
    own = own_conversation(request, conversation_id)
    if request.method == "POST":
        return _send(request, own)
    return _conversation_page(request, own, _box(request, own))


@require_safe
@never_cache
def message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Go to where a message is in its conversation."""
    return _to(own_message(request, message_id))


@login_not_required
@require_safe
@never_cache
def message_status(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Answer the page's poll: 204 while `shown` is still true, else what there is of the reply. Writes nothing.

    When the message has ended, the fragment asks no more and the balance is told to refresh. Signed out: 286, with
    a sentence.
    """
    if not request.user.is_authenticated:
        return signed_out.end_of_poll(request)
    own = exchange(own_message(request, message_id))
    if request.GET.get("shown") == own.shown:
        return HttpResponse(status=204)
    return _reply(request, own)


@require_POST
def message_cancel(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Take back a message that nobody has begun to answer, with what it cost; too late, it goes on as it is."""
    own = own_message(request, message_id)
    studio.cancel(own.pk)
    if request.headers.get("HX-Request"):
        _user(request).refresh_from_db()  # what they hold was read before it came back
        return _reply(request, exchange(own_message(request, message_id)), cancelling=True)
    return _to(own)


@require_POST
def message_retry(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Send a message that got no reply once more, as a new message with a new charge; a second time, go to that."""
    own = own_message(request, message_id)
    held = own_conversation(request, cast(UUID, own.conversation_id))
    try:
        again = studio.retry(own)
    except studio.NothingToRetry:
        return _to(own)
    except studio.ConversationGone:
        raise Http404 from None
    except REFUSED as error:
        box = _box(request, held)
        drafts.keep(request.session, _path(held), {"text": box.initial["text"]})
        return _refused(request, held, box, explained(error))
    return _sent(request, again, retried=own)


def _send(request: HttpRequest, held: Conversation | None) -> HttpResponse:
    form = MessageForm(request.POST)
    if not form.is_valid():
        form.renew_key()
        return _refused(request, held, form, Refusal(422, form.sentences))
    text = form.cleaned_data["text"]
    try:
        sent = studio.start_message(
            user=_user(request), form_key=form.form_key(held.pk if held else None), text=text, conversation=held
        )
    except studio.ConversationGone:
        raise Http404 from None
    except REFUSED as error:
        drafts.keep(request.session, _path(held), {"text": text})
        return _refused(request, held, form, explained(error))
    drafts.forget(request.session, _path(held))
    if sent.deleted_at:  # the same form was sent before, and what it began was deleted
        if held:
            raise Http404
        return see_the_rest(request, "generations:chat")
    return _sent(request, sent)


def _sent(request: HttpRequest, sent: Generation, *, retried: Generation | None = None) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return _to(sent)
    _user(request).refresh_from_db()  # what they hold was read before the charge
    context: dict[str, object] = {
        "exchange": exchange(sent),
        "retried": retried and exchange(retried),
        "form": MessageForm(),
        **_prices(request),
    }
    return _fragment(request, "sent", context, BALANCE_CHANGED)


def _reply(request: HttpRequest, own: Exchange, *, cancelling: bool = False) -> HttpResponse:
    context: dict[str, object] = {"exchange": own, "polled": True, "cancelling": cancelling, **_prices(request)}
    return _fragment(request, "reply", context, BALANCE_CHANGED if own.message.has_ended else {})


def _refused(request: HttpRequest, held: Conversation | None, form: MessageForm, refusal: Refusal) -> HttpResponse:
    if held is None:
        return _chat_page(request, form, refusal)
    if not request.headers.get("HX-Request"):
        return _conversation_page(request, held, form, refusal)
    context: dict[str, object] = {"refusal": refusal, "form": form, "over": True, **_prices(request)}
    headers = {"HX-Retarget": "#send-problem", "HX-Reswap": "innerHTML"}
    return _fragment(request, "problem", context, headers, status=refusal.status)


def _fragment(
    request: HttpRequest, name: str, context: dict[str, object], headers: dict[str, str], *, status: int = 200
) -> HttpResponse:
    content = render_to_string(f"generations/chat/_{name}.html", context, request)
    return HttpResponse(content, status=status, headers=headers)


def _chat_page(request: HttpRequest, form: MessageForm, refusal: Refusal | None = None) -> HttpResponse:
    before = read_place(request.GET.get("before", ""))
    context = {
        "page": conversations.recent(_user(request).pk, before=before),
        "before": before,
        "form": form,
        "refusal": refusal,
        "subject": settings.CATALOG,
        **_prices(request),
    }
    return render(request, "generations/chat/chat.html", context, status=refusal.status if refusal else 200)


def _conversation_page(
    request: HttpRequest, held: Conversation, form: MessageForm, refusal: Refusal | None = None
) -> HttpResponse:
    before = None if refusal else read_place(request.GET.get("before", ""))
    page = conversations.messages(held, before=before)
    context = {
        "conversation": held,
        "exchanges": exchanges(page.rows[::-1]),
        "older": page.older,
        "before": before,
        "waiting": next((each.pk for each in page.rows if not each.has_ended), None),
        "form": form,
        "title_form": TitleForm(initial={"title": held.title}),
        "refusal": refusal,
        **_prices(request),
    }
    return render(request, "generations/chat/conversation.html", context, status=refusal.status if refusal else 200)


def _prices(request: HttpRequest) -> dict[str, object]:
    held = balance.read(_user(request))
    return {"price": cost_label(held), "affordable": affordable(held), "ever_bought": held.total_purchased > 0}


def _box(request: HttpRequest, held: Conversation | None) -> MessageForm:
    """Return the form with what is just being written, else with what was kept from before buying."""
    kept = drafts.recall(request.session, _path(held)).get("text", "")
    return MessageForm(initial={"text": request.POST.get("text", "")[:MESSAGE_CHARACTERS] or kept})


def _to(own: Generation) -> HttpResponse:
    place = conversations.place_of(own)
    path = reverse(
        "generations:conversation",
        args=[own.conversation_id],
        query={"before": str(place)} if place else None,
        fragment=f"message-{own.pk}",
    )
    return HttpResponse(status=303, headers={"Location": path})


def _path(held: Conversation | None) -> str:
    """Return the address of a conversation, or of the box for a new one; it is also the draft's."""
    return reverse("generations:conversation", args=[held.pk]) if held else reverse("generations:chat")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
