"""The audit sees each way in which sales and books can part."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from accounts.models import User
from billing.models import Consent, Purchase
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tests.stripe_events import money_back
from tests.subscribed import subscription_of
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


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_refund SET amount_cents = 4900",
        "UPDATE billing_refund SET status = 'failed'",
        "UPDATE billing_purchase SET money_back_cents = 981",
        "DELETE FROM billing_refund",
    ],
)
def test_tokens_that_do_not_match_the_money(paid: Purchase, sql: str) -> None:
    post_event(money_back.refund(paid, 980))
    assert found() == set()
    damage(sql)
    assert found() == {"purchase_tokens_match_its_money"}


def test_a_dispute_that_nothing_was_taken_for(paid: Purchase) -> None:
    post_event(money_back.dispute(paid, 4900, "warning_needs_response"))
    damage("UPDATE billing_dispute SET status = 'lost'")
    assert found() == {"purchase_tokens_match_its_money"}


@pytest.mark.parametrize("column", ["tokens_reversed", "tokens_reinstated"])
def test_reversals_that_are_not_in_the_books(paid: Purchase, column: str) -> None:
    post_event(money_back.refund(paid, 980))
    damage(f"UPDATE billing_purchase SET {column} = {column} + 1")
    assert found() == {"purchase_reversals_are_in_the_books", "purchase_tokens_match_its_money"}


def test_a_reversal_without_its_purchase(paid: Purchase, buyer: User) -> None:
    ledger.reverse(user_id=buyer.pk, amount=1, key="from nowhere", description="x")
    assert found() == {"reversal_has_its_purchase"}


def test_a_reversal_of_a_purchase_of_somebody_else(paid: Purchase, stranger: User) -> None:
    ledger.reverse(user_id=stranger.pk, amount=1, key=f"purchase:{paid.pk}:reversed:1", description="x")
    assert found() == {"reversal_has_its_purchase"}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("purchase_reversed_within_what_was_granted", "tokens_reversed = 51"),
        ("purchase_reversed_within_what_was_granted", "tokens_reinstated = 1"),
        ("purchase_money_back_at_most_the_price", "money_back_cents = 4901"),
    ],
)
def test_the_database_refuses_more_than_was_sold(paid: Purchase, rule: str, change: str) -> None:
    with pytest.raises(IntegrityError, match=rule):
        damage(f"UPDATE billing_purchase SET {change} WHERE id = %s", paid.pk)


def test_the_database_refuses_a_reversal_of_what_is_not_paid(sell: Sell) -> None:
    with pytest.raises(IntegrityError, match="purchase_reversed_only_if_paid"):
        damage("UPDATE billing_purchase SET tokens_reversed = 1 WHERE id = %s", sell().pk)


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


def test_a_reload_beyond_its_cap(sell: Sell, buyer: User) -> None:
    reload = reloaded(sell, buyer, cap_cents=9800)
    post_event(money_back.paid(reload))
    assert found() == set()
    damage("UPDATE billing_purchase SET monthly_cap_cents = 4899")
    assert found() == {"auto_reload_within_its_cap"}


def test_reloads_are_counted_in_the_month_in_which_they_were_charged(sell: Sell, buyer: User) -> None:
    begun = [reloaded(sell, buyer, cap_cents=4900)]
    post_event(money_back.paid(begun[0]))
    damage("UPDATE billing_purchase SET created_at = paid_at - interval '32 days'")
    begun.append(reloaded(sell, buyer, cap_cents=4900))
    post_event(money_back.paid(begun[1]))
    assert found() == {"auto_reload_within_its_cap"}
    damage("UPDATE billing_purchase SET paid_at = created_at, created_at = paid_at WHERE id = %s", begun[0].pk)
    assert found() == set()


def test_two_reloads_in_flight(sell: Sell, buyer: User) -> None:
    reloaded(sell, buyer)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP INDEX purchase_one_reload_in_flight")
    reloaded(sell, buyer)
    assert found() == {"auto_reload_one_in_flight"}


def test_the_database_refuses_two_reloads_in_flight(sell: Sell, buyer: User) -> None:
    reloaded(sell, buyer)
    with pytest.raises(IntegrityError, match="purchase_one_reload_in_flight"):
        reloaded(sell, buyer)


def test_the_database_refuses_a_reload_nobody_agreed_to(sell: Sell, buyer: User) -> None:
    reload = reloaded(sell, buyer)
    with pytest.raises(IntegrityError, match="purchase_auto_reload_has_consent_and_cap"):
        damage("UPDATE billing_purchase SET consent_id = NULL WHERE id = %s", reload.pk)


@pytest.mark.parametrize("sql", ["UPDATE billing_consent SET wording = 'More.'", "DELETE FROM billing_consent"])
def test_the_database_refuses_to_rewrite_what_was_agreed_to(sell: Sell, buyer: User, sql: str) -> None:
    reloaded(sell, buyer)
    with pytest.raises(IntegrityError, match="consent_is_final"):
        damage(sql)


def test_two_subscriptions_alive(buyer: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX subscription_one_alive_per_person")
    for _ in range(2):
        subscription_of(buyer)
    assert found() == {"subscription_one_alive_per_person"}


def test_an_unlimited_right_without_a_subscription(buyer: User) -> None:
    subscription_of(buyer)
    assert found() == set()
    damage("UPDATE billing_subscription SET state = 'canceled'")
    assert found() == {"unlimited_has_its_subscription"}


def reloaded(sell: Sell, buyer: User, *, cap_cents: int = 10_000) -> Purchase:
    """A reload that waits for its payment."""
    consent = Consent.objects.create(user=buyer, purpose=Consent.Purpose.AUTO_RELOAD, wording="Yes.")
    return sell(
        way=Purchase.Way.AUTO_RELOAD,
        package=None,
        consent=consent,
        monthly_cap_cents=cap_cents,
        stripe_session_id=None,
        stripe_payment_intent_id=f"pi_{uuid4().hex}",
    )
