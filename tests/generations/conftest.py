from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations import studio
from generations.engines import Painting
from generations.models import Generation
from tests.generations.engines import painting
from tokens import ledger
from tokens.ledger import Type
from tokens.models import TokenAccount, TokenTransaction

Give = Callable[..., TokenTransaction]
Start = Callable[..., Generation]
Finished = Callable[..., Generation]


@pytest.fixture
def empty_queue(transactional_db: None) -> Iterator[None]:
    """The queue's tables are not the site's, so the test runner does not empty them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture
def give() -> Give:
    """Give somebody tokens: `give(buyer, 5)`, or trial credits: `give(buyer, 3, Type.TRIAL)`."""

    def _give(user: User, amount: int, type: Type = Type.ADJUSTMENT) -> TokenTransaction:
        key = f"given:{uuid4()}"
        if type == Type.ADJUSTMENT:
            return ledger.adjust(user_id=user.pk, amount=amount, reason="Given", adjusted_by_id=user.pk, key=key)
        return ledger.credit(user_id=user.pk, amount=amount, type=type, key=key, description="Given")

    return _give


@pytest.fixture
def start() -> Start:
    """Start a design for somebody: `start(buyer, prompt="roses")`."""

    def _start(user: User, **settings: Any) -> Generation:
        wanted = {"form_key": uuid4(), "area": "front-yard", "style": "english-garden", "prompt": "", **settings}
        return studio.start_designs(user=user, areas=[wanted.pop("area")], **wanted)[0]

    return _start


@pytest.fixture
def shop(buyer: User) -> Client:
    """The buyer's browser."""
    return signed_in(buyer)


@pytest.fixture
def finished(give: Give, start: Start) -> Finished:
    """Make a finished design for somebody: `finished(buyer, prompt="roses")`; `made` is what the engine painted."""

    def _finished(user: User, made: Painting | None = None, **settings: Any) -> Generation:
        give(user, 1)
        return finish(start(user, **settings), made or painting())

    return _finished


@pytest.fixture
def obedient_painter(settings: Any) -> None:
    """Let designs be made by the engine that does what the prompt says."""
    settings.LANDSCAPE_ENGINE = "tests.generations.engines.ObedientPainter"


def held(user: User) -> tuple[int, int]:
    """Tokens and trial credits, as the account says."""
    account = TokenAccount.objects.get(pk=user.pk)
    return account.balance, account.trial_balance


def finish(generation: Generation, made: Painting) -> Generation:
    """Have a waiting design made and kept, and return it as it then is."""
    lease = studio.take_lease(generation.pk)
    assert lease is not None
    assert studio.finish(lease, made, engine="obedient")
    generation.refresh_from_db()
    return generation


def signed_in(user: User) -> Client:
    """Somebody's browser."""
    client = Client()
    client.force_login(user)
    return client


def address(name: str, generation: Generation) -> str:
    """A page about one generation."""
    return reverse(f"generations:{name}", args=[generation.pk])


def text(response: Any) -> str:
    """What a page says, on one line."""
    return " ".join(response.content.decode().split())
