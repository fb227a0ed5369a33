"""The mailbox: every e-mail the shop has sent, whoever it is addressed to."""

import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sandbox import mailbox
from sandbox.mailbox import Letter

SHOWN = 200


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("to", "").strip().lower()
    found = [letter for letter in mailbox.letters(settings.MAIL_DIR) if wanted in letter.to.lower()]
    rows = [{"letter": letter, "at": _moment(letter)} for letter in found[:SHOWN]]
    context = {
        "here": "inbox",
        "rows": rows,
        "wanted": wanted,
        "hidden": max(0, len(found) - SHOWN),
        "folder": settings.MAIL_DIR,
    }
    return render(request, "sandbox/inbox.html", context)


@require_safe
def letter(request: HttpRequest, name: str, index: int) -> HttpResponse:
    found = mailbox.letter(settings.MAIL_DIR, name, index)
    if found is None:
        return render(request, "sandbox/not_found.html", {"what": "e-mail"}, status=404)
    return render(request, "sandbox/letter.html", {"letter": found, "at": _moment(found)})


@require_safe
def latest(request: HttpRequest) -> JsonResponse:
    """The newest e-mail whose recipient contains `to` and whose text contains `says`. 404 while there is none."""
    wanted, says = request.GET.get("to", "").strip().lower(), request.GET.get("says", "")
    letters = (one for one in mailbox.letters(settings.MAIL_DIR) if wanted in one.to.lower() and says in one.text)
    found = next(letters, None)
    if found is None:
        return JsonResponse({"error": "No such e-mail yet."}, status=404)
    return JsonResponse(
        {
            "to": found.to,
            "from": found.sender,
            "subject": found.subject,
            "at": found.at,
            "text": found.text,
            "code": found.code,
            "links": found.links,
            "url": f"/mail/{found.name}/{found.index}/",
        }
    )


def _moment(letter: Letter) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(letter.at, tz=datetime.UTC)
