from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from tests.tokens.conftest import Give
from tokens import ledger
from tokens.ledger import InsufficientTokens, KeyReused, PaymentAlreadyCredited, Source, Type
from tokens.models import TokenAccount, TokenTransaction

pytestmark = [pytest.mark.django_db, pytest.mark.books_alone]


def held(user: User) -> tuple[int, int, int, int, int]:
    account = TokenAccount.objects.get(pk=user.pk)
    return (
        account.balance,
        account.trial_balance,
        account.total_purchased,
        account.total_spent,
        account.last_number,
    )


class TestCredit:
    def test_the_first_touch_opens_the_account(self, buyer: User) -> None:
        assert not TokenAccount.objects.filter(pk=buyer.pk).exists()
        entry = ledger.credit(
            user_id=buyer.pk,
            amount=100,
            type=Type.PURCHASE,
            key="purchase:1",
            description="100 tokens",
            stripe_payment_intent_id="pi_1",
            price_paid_cents=8900,
        )
        assert held(buyer) == (100, 0, 100, 0, 1)
        entry.refresh_from_db()
        assert (entry.number, entry.balance_after, entry.trial_balance_after) == (1, 100, 0)
        assert (entry.stripe_payment_intent_id, entry.price_paid_cents) == ("pi_1", 8900)

    def test_the_second_call_with_the_key_returns_the_first_row(self, buyer: User) -> None:
        rows = [
            ledger.credit(user_id=buyer.pk, amount=5, type=Type.PURCHASE, key="purchase:1", description="5 tokens")
            for _ in range(3)
        ]
        assert {row.pk for row in rows} == {rows[0].pk}
        assert held(buyer) == (5, 0, 5, 0, 1)

    @pytest.mark.parametrize(
        "other",
        [{"amount": 6}, {"type": Type.AUTO_RELOAD}, {"user_id": None}],
        ids=["amount", "type", "user"],
    )
    def test_the_key_with_another_meaning_is_refused(
        self, buyer: User, stranger: User, other: dict[str, object]
    ) -> None:
        asked = {
            "user_id": buyer.pk,
            "amount": 5,
            "type": Type.PURCHASE,
            "key": "purchase:1",
            "description": "x",
        }
        ledger.credit(**asked)  # type: ignore[arg-type]
        if "user_id" in other:
            other = {"user_id": stranger.pk}
        with pytest.raises(KeyReused), transaction.atomic():
            ledger.credit(**(asked | other))  # type: ignore[arg-type]
        assert held(buyer) == (5, 0, 5, 0, 1)

    def test_a_payment_is_credited_once_whatever_the_key(self, buyer: User) -> None:
        def pay(key: str) -> TokenTransaction:
            return ledger.credit(
                user_id=buyer.pk,
                amount=5,
                type=Type.PURCHASE,
                key=key,
                description="x",
                stripe_payment_intent_id="pi_1",
                price_paid_cents=500,
            )

        pay("purchase:1")
        with pytest.raises(PaymentAlreadyCredited), transaction.atomic():
            pay("purchase:2")
        assert held(buyer) == (5, 0, 5, 0, 1)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_only_positive_amounts(self, buyer: User, amount: int) -> None:
        with pytest.raises(ValueError, match="not positive"):
            ledger.credit(user_id=buyer.pk, amount=amount, type=Type.PURCHASE, key="k", description="x")

    def test_trial_credits_stay_in_their_own_bucket(self, buyer: User, give: Give) -> None:
        give(buyer, 3, Type.TRIAL)
        give(buyer, 10)
        assert held(buyer) == (10, 3, 10, 0, 2)

    def test_an_amount_beyond_the_column_changes_nothing(self, buyer: User, give: Give) -> None:
        give(buyer, 2**31 - 1)
        with pytest.raises(Exception, match="out of range"), transaction.atomic():
            give(buyer, 1)
        assert held(buyer)[0] == 2**31 - 1


class TestCharge:
    def charge(self, user: User, key: str = "generation:1:charge", cost: int = 1) -> ledger.Charge:
        return ledger.charge(user_id=user.pk, cost=cost, key=key, description="A design")

    def test_trial_credits_go_before_tokens(self, buyer: User, give: Give) -> None:
        give(buyer, 2)
        give(buyer, 1, Type.TRIAL)
        sources = [self.charge(buyer, f"generation:{number}:charge").source for number in range(3)]
        assert sources == [Source.TRIAL, Source.TOKEN, Source.TOKEN]
        assert held(buyer) == (0, 0, 2, 2, 5)

    def test_a_subscription_goes_before_everything_and_moves_nothing(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        TokenAccount.objects.filter(pk=buyer.pk).update(unlimited_until=timezone.now() + timedelta(days=1))
        charged = self.charge(buyer)
        assert (charged.source, charged.entry) == (Source.SUBSCRIPTION, None)
        assert held(buyer) == (1, 0, 1, 0, 1)

    def test_a_subscription_that_ended_pays_nothing(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        TokenAccount.objects.filter(pk=buyer.pk).update(unlimited_until=timezone.now())
        assert self.charge(buyer).source == Source.TOKEN

    def test_one_right_pays_the_whole_cost(self, buyer: User, give: Give) -> None:
        give(buyer, 2, Type.TRIAL)
        give(buyer, 3)
        assert self.charge(buyer, cost=3).source == Source.TOKEN
        assert held(buyer) == (0, 2, 3, 3, 3)

    def test_nothing_left_is_refused_with_the_numbers(self, buyer: User, give: Give) -> None:
        give(buyer, 2)
        with pytest.raises(InsufficientTokens) as refused, transaction.atomic():
            self.charge(buyer, cost=3)
        assert (refused.value.needed, refused.value.available) == (3, 2)
        assert held(buyer) == (2, 0, 2, 0, 1)

    def test_the_second_call_takes_nothing_even_when_nothing_is_left(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        first, second = self.charge(buyer), self.charge(buyer)
        assert first.entry is not None
        assert second.entry is not None
        assert first.entry.pk == second.entry.pk
        assert (first.source, second.source) == (Source.TOKEN, Source.TOKEN)
        assert held(buyer) == (0, 0, 1, 1, 2)

    def test_the_second_call_recalls_the_right_that_paid(self, buyer: User, give: Give) -> None:
        give(buyer, 1, Type.TRIAL)
        give(buyer, 5)
        self.charge(buyer)
        assert self.charge(buyer).source == Source.TRIAL
        TokenAccount.objects.filter(pk=buyer.pk).update(unlimited_until=timezone.now() + timedelta(days=1))
        assert self.charge(buyer).source == Source.TRIAL

    def test_the_key_of_somebody_else_is_refused(self, buyer: User, stranger: User, give: Give) -> None:
        give(buyer, 1)
        self.charge(buyer)
        with pytest.raises(KeyReused), transaction.atomic():
            self.charge(stranger)
        give(stranger, 1)
        with pytest.raises(KeyReused), transaction.atomic():
            self.charge(stranger)
        assert held(stranger)[0] == 1

    def test_four_round_trips(self, buyer: User, give: Give, django_assert_num_queries: object) -> None:
        give(buyer, 1)
        with django_assert_num_queries(2):  # type: ignore[operator]
            self.charge(buyer)  # and BEGIN and COMMIT around them, which the test's own transaction replaces


class TestRefund:
    def test_it_returns_to_the_bucket_it_came_from(self, buyer: User, give: Give) -> None:
        give(buyer, 1, Type.TRIAL)
        give(buyer, 1)
        for number in range(2):
            charged = ledger.charge(user_id=buyer.pk, cost=1, key=f"generation:{number}:charge", description="x")
            assert charged.entry is not None
            ledger.refund(charged.entry, description="Returned")
        assert held(buyer) == (1, 1, 1, 0, 6)

    def test_a_deduction_is_refunded_at_most_once(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        charged = ledger.charge(user_id=buyer.pk, cost=1, key="generation:1:charge", description="x")
        assert charged.entry is not None
        first = ledger.refund(charged.entry, description="Returned")
        second = ledger.refund(charged.entry, description="Returned again")
        assert first.pk == second.pk
        assert first.refund_of_id == charged.entry.pk
        assert held(buyer) == (1, 0, 1, 0, 3)

    def test_only_a_deduction_can_be_refunded(self, buyer: User, give: Give) -> None:
        with pytest.raises(ValueError, match="Only a deduction"):
            ledger.refund(give(buyer, 5), description="x")


class TestAdjust:
    def adjust(self, user: User, staff: User, amount: int, key: str = "adjustment:1") -> TokenTransaction:
        return ledger.adjust(user_id=user.pk, amount=amount, reason="Goodwill", adjusted_by_id=staff.pk, key=key)

    def test_the_row_names_staff_and_reason(self, buyer: User, staff: User) -> None:
        entry = self.adjust(buyer, staff, 7)
        entry.refresh_from_db()
        assert (entry.adjusted_by_id, entry.description, entry.type) == (
            staff.pk,
            "Goodwill",
            Type.ADJUSTMENT,
        )
        assert held(buyer) == (7, 0, 0, 0, 1)

    def test_a_double_click_adjusts_once(self, buyer: User, staff: User) -> None:
        self.adjust(buyer, staff, 7)
        self.adjust(buyer, staff, 7)
        assert held(buyer)[0] == 7

    def test_less_than_nothing_is_refused(self, buyer: User, staff: User) -> None:
        self.adjust(buyer, staff, 7)
        with pytest.raises(InsufficientTokens), transaction.atomic():
            self.adjust(buyer, staff, -8, "adjustment:2")
        self.adjust(buyer, staff, -7, "adjustment:3")
        assert self.adjust(buyer, staff, -7, "adjustment:3").balance_after == 0
        assert held(buyer)[0] == 0

    @pytest.mark.parametrize(("amount", "reason"), [(0, "Goodwill"), (5, ""), (5, "  ")])
    def test_an_amount_and_a_reason_are_needed(self, buyer: User, staff: User, amount: int, reason: str) -> None:
        with pytest.raises(ValueError, match="reason"):
            ledger.adjust(user_id=buyer.pk, amount=amount, reason=reason, adjusted_by_id=staff.pk, key="k")


class TestAnUnknownPerson:
    def test_gets_no_account(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            ledger.credit(user_id=uuid4(), amount=1, type=Type.PURCHASE, key="k", description="x")
            connection.check_constraints()
