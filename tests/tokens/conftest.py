from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import User
from tokens import ledger
from tokens.models import TokenTransaction

Give = Callable[..., TokenTransaction]


@pytest.fixture
def give() -> Give:
    """Credit somebody some tokens: `give(buyer, 5)`."""

    def _give(user: User, amount: int, type: ledger.Type = ledger.Type.PURCHASE) -> TokenTransaction:
        return ledger.credit(user_id=user.pk, amount=amount, type=type, key=f"given:{uuid4()}", description="Given")

    return _give


@pytest.fixture
def damage() -> Callable[[str], None]:
    """Run SQL with every trigger and constraint of the books out of the way."""

    def _damage(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)
            cursor.execute("SET LOCAL session_replication_role = origin")

    return _damage
