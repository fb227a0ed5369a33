from functools import partial
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from tests.together import together
from tokens import audit, ledger
from tokens.ledger import Charge, InsufficientTokens, Type
from tokens.models import TokenAccount, TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.books_alone]


def give(user: User, amount: int) -> TokenTransaction:
    return ledger.credit(
        user_id=user.pk, amount=amount, type=Type.PURCHASE, key=f"given:{user.pk}:{amount}", description="x"
    )


def charge(user_id: UUID, number: int) -> Charge:
    return ledger.charge(user_id=user_id, cost=1, key=f"generation:{number}:charge", description="A design")


def balance(user: User) -> int:
    return TokenAccount.objects.get(pk=user.pk).balance


class TestTheLastToken:
    def test_the_last_token_is_spent_only_once(self, buyer: User) -> None:
        give(buyer, 1)
        results = together(*[partial(charge, buyer.pk, number) for number in range(10)])
        assert sum(isinstance(result, Charge) for result in results) == 1
        assert sum(isinstance(result, InsufficientTokens) for result in results) == 9
        assert balance(buyer) == 0
        assert TokenTransaction.objects.filter(type=Type.DEDUCTION).count() == 1

    def test_without_the_lock_the_guards_still_refuse(self, buyer: User, no_lock: None) -> None:
        give_with_lock(buyer)
        results = together(*[partial(charge, buyer.pk, number) for number in range(5)])
        assert sum(isinstance(result, Charge) for result in results) == 1
        assert sum(isinstance(result, IntegrityError) for result in results) == 4

    @pytest.mark.breaks_the_books
    def test_without_lock_and_guards_it_is_sold_again_and_only_the_audit_knows(
        self, buyer: User, no_guards: None, no_lock: None
    ) -> None:
        give_with_lock(buyer)
        results = together(*[partial(charge, buyer.pk, number) for number in range(5)])
        assert sum(isinstance(result, Charge) for result in results) > 1
        assert balance(buyer) == 0
        found = {discrepancy.check for discrepancy in audit.discrepancies()}
        assert "token_account_matches_its_transactions" in found


def give_with_lock(user: User) -> None:
    """Give one token although `no_lock` is on: alone, the missing lock does no harm."""
    TokenAccount.objects.create(user_id=user.pk)
    give(user, 1)


class TestOneKeyFromManySides:
    def test_twenty_credits_under_one_key_are_one(self, buyer: User) -> None:
        results = together(*[partial(give, buyer, 5) for _ in range(20)])
        assert len({entry.pk for entry in results}) == 1
        assert balance(buyer) == 5

    def test_ten_charges_under_one_key_are_one(self, buyer: User) -> None:
        give(buyer, 1)
        results = together(*[partial(charge, buyer.pk, 1) for _ in range(10)])
        assert len({result.entry.pk for result in results}) == 1
        assert balance(buyer) == 0

    def test_ten_refunds_of_one_deduction_are_one(self, buyer: User) -> None:
        give(buyer, 1)
        deduction = charge(buyer.pk, 1).entry
        assert deduction is not None
        results = together(*[partial(ledger.refund, deduction, description="Returned") for _ in range(10)])
        assert len({entry.pk for entry in results}) == 1
        assert balance(buyer) == 1

    def test_a_double_click_adjusts_once(self, buyer: User, staff: User) -> None:
        adjust = partial(ledger.adjust, user_id=buyer.pk, amount=7, reason="Goodwill", adjusted_by_id=staff.pk, key="a")
        results = together(*[adjust for _ in range(10)])
        assert len({entry.pk for entry in results}) == 1
        assert balance(buyer) == 7

    @pytest.mark.breaks_the_books
    def test_looking_for_the_key_before_the_lock_would_credit_twice(self, buyer: User, no_guards: None) -> None:
        """The control: the look-up outside the lock, and no unique key, as others have done it."""
        from django.db import connection

        TokenAccount.objects.create(user_id=buyer.pk)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tokens_tokentransaction DROP CONSTRAINT token_transaction_key_posted_once")
        try:
            together(*[partial(credit_after_an_unlocked_look, buyer.pk) for _ in range(8)])
            assert balance(buyer) > 5
        finally:
            with connection.cursor() as cursor:
                cursor.execute("TRUNCATE tokens_tokentransaction CASCADE")
                cursor.execute(
                    "ALTER TABLE tokens_tokentransaction ADD CONSTRAINT token_transaction_key_posted_once UNIQUE (key)"
                )


def credit_after_an_unlocked_look(user_id: UUID) -> None:
    from time import sleep

    from django.db.models import F

    if TokenTransaction.objects.filter(key="purchase:1").exists():
        return
    sleep(0.05)
    with transaction.atomic():
        TokenAccount.objects.select_for_update(no_key=True).get(pk=user_id)
        TokenTransaction.objects.create(
            account_id=user_id,
            number=1,
            bucket="token",
            type="purchase",
            amount=5,
            balance_after=5,
            trial_balance_after=0,
            description="x",
            key="purchase:1",
        )
        TokenAccount.objects.filter(pk=user_id).update(balance=F("balance") + 5)


class TestManyPeopleAtOnce:
    def test_nobody_waits_for_anybody_and_everything_adds_up(self, buyer: User, stranger: User) -> None:
        give(buyer, 10)
        give(stranger, 10)
        results = together(*[partial(charge, user.pk, number) for number, user in enumerate([buyer, stranger] * 12)])
        assert sum(isinstance(result, Charge) for result in results) == 20
        assert (balance(buyer), balance(stranger)) == (0, 0)

    def test_the_first_touch_of_an_account_from_many_sides(self, buyer: User) -> None:
        results = together(*[partial(give, buyer, amount) for amount in range(1, 11)])
        assert [result for result in results if isinstance(result, Exception)] == []
        assert balance(buyer) == sum(range(1, 11))


class TestTheLock:
    def test_a_row_that_references_the_account_does_not_wait_for_it(self, buyer: User, stranger: User) -> None:
        """FOR NO KEY UPDATE, not FOR UPDATE: a foreign key check passes while the account is locked."""
        give(buyer, 1)

        def reference() -> None:
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
                cursor.execute("SELECT FROM tokens_tokenaccount WHERE user_id = %s FOR KEY SHARE", [buyer.pk])

        with transaction.atomic():
            ledger._lock(buyer.pk)
            assert together(reference) == [None]
