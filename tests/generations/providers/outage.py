"""A provider that is down: what the tests do to its row, and to whoever asks it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from accounts.models import User
from generations import availability
from generations.availability import EngineUnavailable
from generations.engines import ProviderDown
from generations.models import ProviderHealth
from tests.together import together

NAME: Final = "gemini"


def ask(error: BaseException | None = None) -> None:
    """Ask the provider once, with this outcome."""
    with availability.watched(NAME):
        if error:
            raise error


def fail(times: int = 3) -> None:
    for _ in range(times):
        with pytest.raises(ProviderDown):
            ask(ProviderDown("It is down."))


def person(email: str) -> User:
    """One more customer."""
    return User.objects.create_user(email, "garden-gate-9")


def row() -> ProviderHealth:
    return ProviderHealth.objects.get(pk=NAME)


def state() -> str:
    return ProviderHealth.objects.values_list("state", flat=True).get(pk=NAME)


def later(seconds: int) -> None:
    """Let time pass for the provider."""
    for column in ("opened_at", "probed_at", "asked_at"):
        moment = getattr(row(), column)
        if moment:
            ProviderHealth.objects.update(**{column: moment - timedelta(seconds=seconds)})


def let_through(*calls: Callable[[], Any]) -> int:
    """How many of the calls, made at once, were not refused."""
    outcomes = together(*calls)
    assert all(isinstance(outcome, EngineUnavailable | ProviderDown | type(None)) for outcome in outcomes), outcomes
    return sum(outcome is None for outcome in outcomes)
