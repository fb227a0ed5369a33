"""What the buyer's browser loads of the stand-in Stripe.js: the script, the card fields' frame, the bank's question."""

from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sandbox import intents, setups
from sandbox.endpoints.intents import check_secret
from sandbox.errors import ApiError
from sandbox.models import Resource
from sandbox.money import spoken
from sandbox.page_guard import allow_to_be_framed
from sandbox.records import find, writing

SCRIPTS = Path(__file__).parent / "static" / "stripe_js"
# What each script is made of. The parts of Stripe.js share one scope, which is closed to the shop's page.
PARTS = {
    "stripe.js": ("talk.js", "element.js", "stripe.js"),
    "frame.js": ("frame.js",),
    "bank.js": ("bank.js",),
}
KINDS = {"payment_intents": "payment_intent", "setup_intents": "setup_intent"}


@require_safe
def script(request: HttpRequest, name: str) -> HttpResponse:
    if name not in PARTS:
        raise Http404
    text = "\n".join((SCRIPTS / part).read_text(encoding="utf-8") for part in PARTS[name])
    closed = f'(() => {{\n"use strict";\n{text}}})();\n'
    return HttpResponse(closed, content_type="text/javascript; charset=utf-8")


@require_safe
def card_frame(request: HttpRequest) -> HttpResponse:
    return allow_to_be_framed(render(request, "sandbox/card_frame.html", {"merchant": settings.MERCHANT}))


@csrf_exempt  # within the shop's page there is no cookie of ours; the client secret in the address is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def bank(request: HttpRequest, collection: str, key: str) -> HttpResponse:
    """The bank's question about a payment or a card to save, and its answer. Answered once; then it only leads on."""
    try:
        intent = find(KINDS.get(collection, ""), key)
        check_secret(intent.body, request.GET.get("client_secret"))
    except ApiError:
        return render(request, "sandbox/not_found.html", {"what": "authentication"}, status=404)
    if request.method == "POST":
        intent = _answered(intent, recognised="complete" in request.POST)
    if intent.body["status"] == "requires_action":
        return _question(request, intent)
    return _onward(request, intent)


def _answered(intent: Resource, *, recognised: bool) -> Resource:
    with writing():
        intent = find(intent.kind, intent.key)
        verbs = {"payment_intent": intents.authenticate, "setup_intent": setups.authenticate}
        verbs[intent.kind](intent, recognised=recognised)
    return intent


def _question(request: HttpRequest, intent: Resource) -> HttpResponse:
    body = intent.body
    total = spoken(body["amount"], body["currency"]) if intent.kind == "payment_intent" else ""
    card = find("payment_method", body["payment_method"]).body["card"]
    context = {"merchant": settings.MERCHANT, "total": total, "card": card}
    page = render(request, "sandbox/authenticate.html", context)
    return allow_to_be_framed(page, form_leads_to=intent.inner.get("return_url") or "")


def _onward(request: HttpRequest, intent: Resource) -> HttpResponse:
    """Back to the shop when the buyer was sent here by redirect; else word to the page that holds this one."""
    if not (url := intent.inner.get("return_url")) or intent.inner.get("in_page"):
        return allow_to_be_framed(render(request, "sandbox/bank_done.html", {"merchant": settings.MERCHANT}))
    failed = intent.body["status"] == "requires_payment_method"
    told = {
        intent.kind: intent.key,
        f"{intent.kind}_client_secret": intent.body["client_secret"],
        "redirect_status": "failed" if failed else "succeeded",
    }
    parts = urlsplit(str(url))
    query = "&".join(filter(None, (parts.query, urlencode(told))))
    return HttpResponseRedirect(urlunsplit(parts._replace(query=query)))
