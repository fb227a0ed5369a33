"""How every button of the control panel answers: a sentence on the overview."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from sandbox.errors import ApiError


def answered(request: HttpRequest, work: Callable[[], object], sentence: str) -> HttpResponse:
    """Do it and say `sentence`; or say why it could not be done."""
    try:
        work()
        messages.info(request, sentence)
    except (ApiError, ValueError) as error:
        messages.error(request, str(error))
    return redirect("overview")
