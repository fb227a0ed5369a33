from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from generations import studio
from generations.models import Generation
from tokens import ledger
from tokens.ledger import Type
from tokens.models import TokenAccount, TokenTransaction

Give = Callable[..., TokenTransaction]
Start = Callable[..., Generation]


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
def obedient_painter(settings: Any) -> None:
    """Let designs be made by the engine that does what the prompt says."""
    settings.LANDSCAPE_ENGINE = "tests.generations.engines.ObedientPainter"


def held(user: User) -> tuple[int, int]:
    """Tokens and trial credits, as the account says."""
    account = TokenAccount.objects.get(pk=user.pk)
    return account.balance, account.trial_balance
