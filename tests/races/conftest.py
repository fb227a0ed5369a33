"""Negative controls: take the lock away, then the guards, and see the race go wrong."""

from collections.abc import Iterator
from time import sleep
from uuid import UUID

import pytest
from django.db import connection

from tokens import ledger
from tokens.models import TokenAccount

GUARDS = {
    "tokens_tokentransaction": [
        "TRIGGER token_transaction_follows_the_last",
        "TRIGGER token_transaction_reaches_its_account",
    ],
    "tokens_tokenaccount": ["TRIGGER token_account_matches_its_last_transaction"],
}


@pytest.fixture
def no_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the account as the ledger does, but without the row lock, and dawdle before writing."""

    def read(user_id: UUID) -> ledger._LockedAccount:
        account = TokenAccount.objects.get(pk=user_id)
        sleep(0.05)
        return ledger._LockedAccount(user_id, *(getattr(account, name) for name in ledger._LOCKED_COLUMNS))

    monkeypatch.setattr(ledger, "_lock", read)


@pytest.fixture
def no_guards(transactional_db: None) -> Iterator[None]:
    """Switch off the triggers and the numbering, which would refuse what the missing lock lets through."""
    with connection.cursor() as cursor:
        for table, guards in GUARDS.items():
            for guard in guards:
                cursor.execute(f"ALTER TABLE {table} DISABLE {guard}")
        cursor.execute("ALTER TABLE tokens_tokentransaction DROP CONSTRAINT token_transaction_number_unique")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tokens_tokentransaction CASCADE")
        cursor.execute("DELETE FROM tokens_tokenaccount")
        cursor.execute(
            "ALTER TABLE tokens_tokentransaction "
            "ADD CONSTRAINT token_transaction_number_unique UNIQUE (account_id, number)"
        )
        for table, guards in GUARDS.items():
            for guard in guards:
                cursor.execute(f"ALTER TABLE {table} ENABLE {guard}")
