"""The audit sees each way in which sales and books can part."""

from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.models import User
from billing.models import Purchase
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tokens import audit, ledger

pytestmark = [pytest.mark.django_db, pytest.mark.breaks_the_books]


@pytest.fixture
def paid(sell: Sell) -> Purchase:
    purchase = sell()
    post_event(stripe_events.completed(purchase))
    return purchase


def found() -> set[str]:
    return {discrepancy.check for discrepancy in audit.discrepancies()}


def damage(sql: str, *parameters: Any) -> None:
    """Change rows that the guards would protect."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE tokens_tokentransaction DISABLE TRIGGER USER")
        cursor.execute(sql, parameters)
        cursor.execute("ALTER TABLE tokens_tokentransaction ENABLE TRIGGER USER")


def drop(table: str, constraint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def test_a_right_sale_is_right(paid: Purchase) -> None:
    assert found() == set()


def test_a_paid_purchase_without_credit(sell: Sell) -> None:
    drop("billing_purchase", "purchase_paid_if_and_only_if_credited")
    damage("UPDATE billing_purchase SET state = 'paid', paid_at = now() WHERE id = %s", sell().pk)
    assert found() == {"purchase_paid_if_and_only_if_credited"}


def test_a_credited_purchase_that_is_not_paid(paid: Purchase) -> None:
    drop("billing_purchase", "purchase_paid_if_and_only_if_credited")
    damage("UPDATE billing_purchase SET state = 'expired' WHERE id = %s", paid.pk)
    assert found() == {"purchase_paid_if_and_only_if_credited", "purchase_credit_has_a_paid_purchase"}


def test_a_credit_of_a_payment_that_was_given_back(paid: Purchase) -> None:
    drop("billing_purchase", "purchase_refunded_is_not_credited")
    damage("UPDATE billing_purchase SET refunded_cents = 4900 WHERE id = %s", paid.pk)
    assert found() == {"purchase_refunded_is_not_credited"}


def test_the_database_refuses_a_credit_of_a_payment_that_was_given_back(paid: Purchase) -> None:
    with pytest.raises(IntegrityError, match="purchase_refunded_is_not_credited"):
        damage("UPDATE billing_purchase SET refunded_cents = 4900 WHERE id = %s", paid.pk)


@pytest.mark.parametrize("field", ["tokens", "price_cents"])
def test_a_credit_that_differs_from_the_sale(paid: Purchase, field: str) -> None:
    damage(f"UPDATE billing_purchase SET {field} = {field} + 1 WHERE id = %s", paid.pk)
    assert found() == {"purchase_credited_as_sold"}


def test_a_credit_to_somebody_else(paid: Purchase, stranger: User) -> None:
    damage("UPDATE billing_purchase SET user_id = %s WHERE id = %s", stranger.pk, paid.pk)
    assert found() == {"purchase_credited_as_sold"}


def test_a_sale_by_another_payment(paid: Purchase) -> None:
    damage("UPDATE billing_purchase SET stripe_payment_intent_id = 'pi_other' WHERE id = %s", paid.pk)
    assert found() == {"purchase_credited_as_sold"}


def test_a_credit_without_a_sale(buyer: User) -> None:
    ledger.credit(user_id=buyer.pk, amount=5, type=ledger.Type.PURCHASE, key="from nowhere", description="x")
    assert found() == {"purchase_credit_has_a_paid_purchase"}


def test_a_payment_credited_twice(paid: Purchase, buyer: User) -> None:
    drop("tokens_tokentransaction", "token_transaction_payment_credited_once")
    ledger.credit(
        user_id=buyer.pk,
        amount=50,
        type=ledger.Type.PURCHASE,
        key="again",
        description="x",
        stripe_payment_intent_id=f"pi_{paid.pk.hex}",
    )
    assert found() == {"purchase_payment_credited_once", "purchase_credit_has_a_paid_purchase"}
