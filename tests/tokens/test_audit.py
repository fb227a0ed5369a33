"""The audit finds each kind of damage, done by hand behind the guards' back."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from tests.tokens.conftest import Give
from tokens import audit, ledger
from tokens.ledger import Type

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


@pytest.fixture(autouse=True)
def _a_little_history(buyer: User, give: Give) -> None:
    give(buyer, 3, Type.TRIAL)
    give(buyer, 10)
    for number in range(5):
        charged = ledger.charge(user_id=buyer.pk, cost=1, key=f"generation:{number}:charge", description="x")
        assert charged.entry is not None
        if number % 2:
            ledger.refund(charged.entry, description="Returned")


def found() -> set[str]:
    return {discrepancy.check for discrepancy in audit.discrepancies() if discrepancy.check.startswith("token_")}


RUNNING = "token_transaction_balance_after_is_the_running_balance"
ACCOUNT = "token_account_matches_its_transactions"


@pytest.mark.parametrize(
    ("sql", "checks"),
    [
        ("UPDATE tokens_tokenaccount SET balance = balance + 1", {ACCOUNT}),
        ("UPDATE tokens_tokenaccount SET trial_balance = trial_balance + 1", {ACCOUNT}),
        ("UPDATE tokens_tokenaccount SET total_purchased = 11", {ACCOUNT}),
        ("UPDATE tokens_tokenaccount SET total_spent = 7", {ACCOUNT}),
        ("UPDATE tokens_tokenaccount SET last_number = 99", {ACCOUNT}),
        (
            "DELETE FROM tokens_tokentransaction WHERE number = 3",
            {"token_transaction_number_without_gaps", RUNNING, ACCOUNT},
        ),
        ("UPDATE tokens_tokentransaction SET balance_after = balance_after + 1 WHERE number = 4", {RUNNING}),
        ("UPDATE tokens_tokentransaction SET trial_balance_after = 9 WHERE number = 4", {RUNNING}),
        (
            "UPDATE tokens_tokentransaction SET amount = 2 WHERE refund_of_id IS NOT NULL AND bucket = 'trial'",
            {RUNNING, ACCOUNT, "token_transaction_refunded_at_most_once"},
        ),
    ],
)
def test_damage_is_found(damage: Callable[[str], None], sql: str, checks: set[str]) -> None:
    assert found() == set()
    damage(sql)
    assert found() >= checks


def test_a_second_refund_is_found(damage: Callable[[str], None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE tokens_tokentransaction DROP CONSTRAINT token_transaction_refunded_at_most_once")
    damage("""
        INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
            trial_balance_after, description, key, refund_of_id)
        SELECT account_id, 10, bucket, type, amount, balance_after, trial_balance_after + 1, description,
            'twice', refund_of_id
        FROM tokens_tokentransaction WHERE type = 'refund' ORDER BY number LIMIT 1
    """)
    assert "token_transaction_refunded_at_most_once" in found()


def test_the_command_ends_with_1_and_a_line_for_each(
    damage: Callable[[str], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_CHECKS", [check for check in audit._CHECKS if check.name.startswith("token_")])
    call_command("audit_ledger")
    assert capsys.readouterr().out == "The books are right.\n"
    damage("UPDATE tokens_tokenaccount SET balance = 0")
    with pytest.raises(SystemExit) as ended:
        call_command("audit_ledger")
    assert ended.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{ACCOUNT}: account ")
