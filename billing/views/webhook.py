"""Where Stripe's events arrive."""

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import envelope, gateway, inbox

logger = structlog.get_logger(__name__)


@csrf_exempt
@login_not_required
@require_POST
@never_cache
def webhook(request: HttpRequest) -> HttpResponse:
    """Take one event from Stripe. 200 only when its effect is committed, or there is none to have.

    400 when it is not a genuine event for this shop, 500 when its effect failed; a lock or a database that
    cannot be had is a 503. Stripe delivers again after anything but 200.
    """
    try:
        outcome = inbox.receive(request.body, request.headers.get("Stripe-Signature", ""))
    except (gateway.BadSignature, envelope.BadPayload, gateway.WrongMode) as refusal:
        logger.warning("stripe_event_refused", reason=type(refusal).__name__)
        return HttpResponse("refused\n", status=400, content_type="text/plain")
    except inbox.EffectFailed:
        return HttpResponse("failed\n", status=500, content_type="text/plain")
    return HttpResponse(f"{outcome}\n", content_type="text/plain")
