"""What PostgreSQL itself refuses, even to somebody with a database console."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from tests.tokens.conftest import Give
from tokens import ledger

pytestmark = [pytest.mark.django_db, pytest.mark.books_alone]

INSERT = """
    INSERT INTO tokens_tokentransaction
        (account_id, number, bucket, type, amount, balance_after, trial_balance_after, description, key)
    VALUES (%(user)s, %(number)s, 'token', 'purchase', %(amount)s, %(after)s, 0, 'x', 'console')
"""


def refused(rule: str, sql: str, **values: Any) -> None:
    with (
        pytest.raises(IntegrityError, match=rule),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)


class TestAConsole:
    @pytest.fixture(autouse=True)
    def _five_tokens(self, buyer: User, give: Give) -> None:
        give(buyer, 5)

    @pytest.mark.parametrize("column", ["amount", "balance_after", "number", "description", "created_at"])
    def test_token_transaction_is_append_only(self, column: str) -> None:
        refused("token_transaction_is_append_only", f"UPDATE tokens_tokentransaction SET {column} = {column}")
        refused("token_transaction_is_append_only", "DELETE FROM tokens_tokentransaction")

    def test_token_transaction_is_never_truncated(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE tokens_tokentransaction ENABLE TRIGGER token_transaction_is_never_truncated")
        refused("token_transaction_is_append_only", "TRUNCATE tokens_tokentransaction CASCADE")

    def test_token_account_matches_its_last_transaction(self) -> None:
        for change in ("balance = balance + 1", "trial_balance = 1", "last_number = 7"):
            refused("token_account_matches_its_last_transaction", f"UPDATE tokens_tokenaccount SET {change}")

    def test_token_account_opens_empty(self, stranger: User) -> None:
        refused(
            "token_account_matches_its_last_transaction",
            "INSERT INTO tokens_tokenaccount (user_id, balance) VALUES (%(user)s, 5)",
            user=stranger.pk,
        )

    def test_token_transaction_reaches_its_account(self, buyer: User) -> None:
        refused("token_transaction_reaches_its_account", INSERT, user=buyer.pk, number=2, amount=1, after=6)

    @pytest.mark.parametrize(("number", "amount", "after"), [(2, 1, 7), (3, 1, 6), (1, 5, 5), (2, 1, 5)])
    def test_token_transaction_follows_the_last(self, buyer: User, number: int, amount: int, after: int) -> None:
        refused("token_transaction_", INSERT, user=buyer.pk, number=number, amount=amount, after=after)

    def test_token_account_balance_not_negative(self) -> None:
        refused("token_account_balance_not_negative", "UPDATE tokens_tokenaccount SET balance = -1")

    @pytest.mark.parametrize("column", ["trial_balance", "total_purchased", "total_spent"])
    def test_totals_not_negative(self, column: str) -> None:
        refused(f"token_account_{column}_not_negative", f"UPDATE tokens_tokenaccount SET {column} = -1")


class TestARowThatMakesNoSense:
    """Each rule is broken alone: the row is otherwise one the ledger could have written."""

    VALID = {
        "number": "2",
        "bucket": "'token'",
        "type": "'purchase'",
        "amount": "1",
        "balance_after": "6",
        "trial_balance_after": "0",
        "description": "'x'",
        "key": "'console'",
        "refund_of_id": "NULL",
        "adjusted_by_id": "NULL",
        "stripe_payment_intent_id": "NULL",
        "price_paid_cents": "NULL",
    }

    @pytest.mark.parametrize(
        ("rule", "change"),
        [
            (
                "token_transaction_amount_not_zero",
                {"amount": "0", "balance_after": "5", "type": "'adjustment'", "adjusted_by_id": "%(user)s"},
            ),
            ("token_transaction_sign_fits_type", {"amount": "-1", "balance_after": "4"}),
            ("token_transaction_sign_fits_type", {"type": "'deduction'"}),
            ("token_transaction_(sign|bucket)_fits_type", {"type": "'gift'"}),
            (
                "token_transaction_bucket_fits_type",
                {"bucket": "'trial'", "balance_after": "5", "trial_balance_after": "1"},
            ),
            ("token_transaction_refund_names_its_deduction", {"type": "'refund'"}),
            ("token_transaction_adjustment_names_its_staff", {"type": "'adjustment'"}),
            ("token_transaction_price_fits_type", {"price_paid_cents": "-1"}),
            ("token_transaction_is_described", {"description": "''"}),
            ("token_transaction_balance_after_not_negative", {"amount": "-6", "balance_after": "-1"}),
        ],
    )
    def test_is_refused(self, buyer: User, give: Give, rule: str, change: dict[str, str]) -> None:
        give(buyer, 5)
        row = self.VALID | change
        refused(
            rule,
            f"INSERT INTO tokens_tokentransaction (account_id, {', '.join(row)}) "
            f"VALUES (%(user)s, {', '.join(row.values())})",
            user=buyer.pk,
        )

    def test_is_refused_as_a_second_refund(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        charged = ledger.charge(user_id=buyer.pk, cost=1, key="generation:1:charge", description="x")
        assert charged.entry is not None
        ledger.refund(charged.entry, description="Returned")
        refused(
            "token_transaction_refunded_at_most_once",
            "INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after, "
            "trial_balance_after, description, key, refund_of_id) "
            "VALUES (%(user)s, 4, 'token', 'refund', 1, 2, 0, 'x', 'console', %(deduction)s)",
            user=buyer.pk,
            deduction=charged.entry.pk,
        )
