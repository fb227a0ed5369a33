"""What a page says when a start was refused. Nothing was started, nothing taken."""

from typing import Final, cast

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from generations import pricing, studio
from tokens import balance
from tokens.ledger import InsufficientTokens

REFUSED: Final = (InsufficientTokens, studio.FairUseReached, studio.EngineUnavailable)
STATUS: Final[dict[type[Exception], int]] = {
    InsufficientTokens: 402,
    studio.FairUseReached: 429,
    studio.EngineUnavailable: 503,
}
RETRY_AFTER_SECONDS: Final = 60


def explained(request: HttpRequest, refusal: Exception) -> dict[str, object]:
    """Return what `generations/_refusal.html` needs to explain one of REFUSED."""
    return {
        "shortage": pricing.shortage(refusal) if isinstance(refusal, InsufficientTokens) else "",
        "ever_bought": balance.read(cast(User, request.user)).total_purchased > 0,
        "fair_use": refusal if isinstance(refusal, studio.FairUseReached) else None,
        "unavailable": refusal.sentence if isinstance(refusal, studio.EngineUnavailable) else "",
    }


def with_retry_after(page: HttpResponse) -> HttpResponse:
    """Say, of a page that is not available just now, when to come again."""
    if page.status_code == 503:
        page["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return page
