"""Tokens whose money went back: taken, or owed when they are spent; owed ones are paid by whatever comes next."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.tokens.conftest import Give
from tests.tokens.test_guards import refused
from tokens import audit, balance, ledger
from tokens.ledger import InsufficientTokens, KeyReused, Source, Type
from tokens.models import TokenAccount, TokenTransaction
from tokens.signals import balance_fell

pytestmark = [pytest.mark.django_db, pytest.mark.books_alone]


def reverse(user: User, amount: int, key: str = "purchase:1:reversed:1") -> TokenTransaction:
    return ledger.reverse(user_id=user.pk, amount=amount, key=key, description="Taken back")


def spend(user: User, cost: int, key: str = "generation:1:charge") -> TokenTransaction:
    charged = ledger.charge(user_id=user.pk, cost=cost, key=key, description="A design")
    assert charged.entry is not None
    return charged.entry


def held(user: User) -> tuple[int, int]:
    account = TokenAccount.objects.get(pk=user.pk)
    return account.balance, account.debt


class TestReverse:
    def test_it_takes_what_is_there(self, buyer: User, give: Give) -> None:
        give(buyer, 50)
        entry = reverse(buyer, 20)
        entry.refresh_from_db()
        assert (entry.type, entry.amount, entry.balance_after, entry.debt_after) == ("reversal", -20, 30, 0)
        assert held(buyer) == (30, 0)

    def test_what_is_spent_becomes_debt(self, buyer: User, give: Give) -> None:
        give(buyer, 50)
        spend(buyer, 30)
        entry = reverse(buyer, 50)
        assert (entry.balance_after, entry.debt_after) == (0, 30)
        assert held(buyer) == (0, 30)

    def test_a_second_one_adds_to_the_debt(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        reverse(buyer, 8)
        reverse(buyer, 4, "purchase:2:reversed:4")
        assert held(buyer) == (0, 7)

    def test_the_second_call_with_the_key_returns_the_first_row(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        assert len({reverse(buyer, 8).pk for _ in range(3)}) == 1
        assert held(buyer) == (0, 3)
        with pytest.raises(KeyReused), transaction.atomic():
            reverse(buyer, 9)

    def test_totals_and_trial_credits_stay(self, buyer: User, give: Give) -> None:
        give(buyer, 3, Type.TRIAL)
        give(buyer, 5)
        reverse(buyer, 9)
        account = TokenAccount.objects.get(pk=buyer.pk)
        assert (account.trial_balance, account.total_purchased, account.total_spent) == (3, 5, 0)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_only_positive_amounts(self, buyer: User, amount: int) -> None:
        with pytest.raises(ValueError, match="not positive"):
            reverse(buyer, amount)


class TestInDebt:
    @pytest.fixture(autouse=True)
    def _thirty_owed(self, buyer: User, give: Give) -> None:
        give(buyer, 30)
        self.spent = spend(buyer, 30, "generation:0:charge")
        reverse(buyer, 30)

    def test_tokens_cannot_be_spent_and_the_refusal_says_what_is_owed(self, buyer: User) -> None:
        with pytest.raises(InsufficientTokens) as refused, transaction.atomic():
            spend(buyer, 1)
        assert (refused.value.needed, refused.value.available, refused.value.debt) == (1, 0, 30)
        assert held(buyer) == (0, 30)

    def test_trial_credits_and_a_subscription_still_pay(self, buyer: User, give: Give) -> None:
        give(buyer, 1, Type.TRIAL)
        assert spend(buyer, 1).bucket == "trial"
        ledger.cover(user_id=buyer.pk, until=timezone.now() + timedelta(days=1))
        charged = ledger.charge(user_id=buyer.pk, cost=1, key="generation:2:charge", description="x")
        assert charged.source == Source.SUBSCRIPTION
        assert held(buyer) == (0, 30)

    @pytest.mark.parametrize("type", [Type.PURCHASE, Type.AUTO_RELOAD, Type.REINSTATED])
    @pytest.mark.parametrize(("amount", "left"), [(10, (0, 20)), (30, (0, 0)), (50, (20, 0))])
    def test_a_credit_pays_it_first(
        self, buyer: User, give: Give, type: Type, amount: int, left: tuple[int, int]
    ) -> None:
        entry = give(buyer, amount, type)
        assert (entry.balance_after, entry.debt_after) == left
        assert held(buyer) == left

    def test_a_returned_token_pays_it_too(self, buyer: User) -> None:
        ledger.refund(self.spent, description="Returned")
        assert held(buyer) == (0, 0)

    def test_staff_can_forgive_it_but_not_add_to_it(self, buyer: User, staff: User) -> None:
        def adjust(amount: int, key: str) -> TokenTransaction:
            return ledger.adjust(user_id=buyer.pk, amount=amount, reason="Goodwill", adjusted_by_id=staff.pk, key=key)

        with pytest.raises(InsufficientTokens) as refused, transaction.atomic():
            adjust(-1, "adjustment:1")
        assert (refused.value.available, refused.value.debt) == (0, 30)
        assert (adjust(30, "adjustment:2").debt_after, held(buyer)) == (0, (0, 0))


class TestCoverAndWatch:
    def test_cover_makes_generations_cost_nothing_and_leaves_tokens(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        ledger.cover(user_id=buyer.pk, until=timezone.now() + timedelta(days=1), per_day=20)
        charged = ledger.charge(user_id=buyer.pk, cost=1, key="generation:1:charge", description="x")
        assert (charged.source, charged.entry, charged.per_day) == (Source.SUBSCRIPTION, None, 20)
        ledger.cover(user_id=buyer.pk, until=None)
        assert spend(buyer, 1, "generation:2:charge").balance_after == 4

    def test_cover_opens_an_account_that_was_never_touched(self, buyer: User) -> None:
        ledger.cover(user_id=buyer.pk, until=timezone.now() + timedelta(days=1))
        assert held(buyer) == (0, 0)

    def test_watch_sets_the_mark_and_returns_the_balance(self, buyer: User, give: Give) -> None:
        give(buyer, 7)
        assert ledger.watch(user_id=buyer.pk, low_mark=20) == 7
        assert TokenAccount.objects.get(pk=buyer.pk).low_mark == 20


class TestTheSignal:
    @pytest.fixture
    def heard(self) -> Iterator[list[int]]:
        """The balances that listeners were told, in order."""
        balances: list[int] = []

        def listen(balance: int, **_: object) -> None:
            balances.append(balance)

        balance_fell.connect(listen)
        yield balances
        balance_fell.disconnect(listen)

    def test_is_sent_once_per_crossing(self, buyer: User, give: Give, heard: list[int]) -> None:
        ledger.watch(user_id=buyer.pk, low_mark=3)
        give(buyer, 4)
        for number in range(4):
            spend(buyer, 1, f"generation:{number}:charge")
        assert heard == [2]
        give(buyer, 4)
        spend(buyer, 4, "generation:9:charge")
        assert heard == [2, 0]

    def test_by_whatever_path(self, buyer: User, staff: User, give: Give, heard: list[int]) -> None:
        give(buyer, 10)
        ledger.adjust(user_id=buyer.pk, amount=-6, reason="Goodwill", adjusted_by_id=staff.pk, key="adjustment:1")
        assert heard == [4]

    def test_but_not_by_a_reversal_for_whoever_got_money_back_wants_no_reload(
        self, buyer: User, give: Give, heard: list[int]
    ) -> None:
        give(buyer, 10)
        reverse(buyer, 20)
        assert heard == []

    def test_not_for_a_key_that_was_posted_before(self, buyer: User, give: Give, heard: list[int]) -> None:
        give(buyer, 5)
        spend(buyer, 1)
        ledger.watch(user_id=buyer.pk, low_mark=1)
        give(buyer, 5)
        ledger.watch(user_id=buyer.pk, low_mark=9)
        spend(buyer, 1)
        assert heard == [4]

    def test_what_a_listener_raises_undoes_the_movement(self, buyer: User, give: Give) -> None:
        def refuse(**_: object) -> None:
            raise RuntimeError("not now")

        give(buyer, 5)
        balance_fell.connect(refuse)
        try:
            with pytest.raises(RuntimeError, match="not now"), transaction.atomic():
                spend(buyer, 1)
        finally:
            balance_fell.disconnect(refuse)
        assert held(buyer) == (5, 0)


ROW = """
    INSERT INTO tokens_tokentransaction (account_id, number, bucket, type, amount, balance_after,
        trial_balance_after, debt_after, description, key)
    VALUES (%(user)s, 3, 'token', %(type)s, %(amount)s, %(balance)s, 0, %(debt)s, 'x', 'console')
"""


class TestWhatPostgreSQLRefuses:
    @pytest.fixture(autouse=True)
    def _two_owed(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        reverse(buyer, 7)

    def test_token_transaction_only_a_reversal_makes_debt(self, buyer: User) -> None:
        row = {"user": buyer.pk, "type": "deduction", "amount": -1, "balance": 0, "debt": 3}
        refused("token_transaction_only_a_reversal_makes_debt", ROW, **row)

    @pytest.mark.parametrize(("amount", "balance", "debt"), [(-1, 0, 2), (-1, 0, 4), (-1, 1, 3)])
    def test_token_transaction_follows_the_last(self, buyer: User, amount: int, balance: int, debt: int) -> None:
        row = {"user": buyer.pk, "type": "reversal", "amount": amount, "balance": balance, "debt": debt}
        refused("token_transaction_follows_the_last", ROW, **row)

    def test_token_transaction_debt_only_without_tokens(self, buyer: User) -> None:
        row = {"user": buyer.pk, "type": "purchase", "amount": 1, "balance": 1, "debt": 2}
        refused("token_transaction_debt_only_without_tokens", ROW, **row)

    def test_token_transaction_debt_after_not_negative(self, buyer: User) -> None:
        row = {"user": buyer.pk, "type": "purchase", "amount": 1, "balance": 0, "debt": -1}
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE tokens_tokentransaction DISABLE TRIGGER token_transaction_follows_the_last")
        refused("token_transaction_debt_after_not_negative", ROW, **row)

    @pytest.mark.parametrize("change", ["debt = 0", "debt = 3", "balance = 1, debt = 3"])
    def test_token_account_matches_its_last_transaction(self, change: str) -> None:
        refused("token_account_", f"UPDATE tokens_tokenaccount SET {change}")

    @pytest.mark.parametrize(
        ("rule", "change"),
        [
            ("token_account_debt_not_negative", "debt = -1"),
            ("token_account_debt_only_without_tokens", "balance = 1"),
            ("token_account_low_mark_not_negative", "low_mark = -1"),
        ],
    )
    def test_an_account_that_makes_no_sense(self, rule: str, change: str) -> None:
        refused(rule, f"UPDATE tokens_tokenaccount SET {change}")

    @pytest.mark.parametrize(("type", "amount"), [("reversal", 1), ("reinstated", -1)])
    def test_token_transaction_sign_fits_type(self, buyer: User, type: str, amount: int) -> None:
        row = {"user": buyer.pk, "type": type, "amount": amount, "balance": 0, "debt": 2 - amount}
        rule = "token_transaction_(sign_fits_type|only_a_reversal_makes_debt)"
        refused(rule, ROW, **row)


@pytest.mark.breaks_the_books
class TestTheAudit:
    @pytest.fixture(autouse=True)
    def _two_owed_and_paid(self, buyer: User, give: Give) -> None:
        give(buyer, 5)
        spend(buyer, 2)
        reverse(buyer, 5)
        give(buyer, 1)

    @pytest.mark.parametrize(
        ("sql", "checks"),
        [
            ("UPDATE tokens_tokenaccount SET debt = 0", {"token_account_matches_its_transactions"}),
            (
                "UPDATE tokens_tokentransaction SET debt_after = 1 WHERE number = 3",
                {"token_transaction_balance_after_is_the_running_balance"},
            ),
            (
                "UPDATE tokens_tokentransaction SET type = 'adjustment', adjusted_by_id = account_id WHERE number = 3",
                {"token_transaction_only_a_reversal_makes_debt"},
            ),
        ],
    )
    def test_finds_damaged_debt(self, damage: Callable[[str], None], sql: str, checks: set[str]) -> None:
        damage(sql)
        assert {found.check for found in audit.discrepancies() if found.check.startswith("token_")} == checks


class TestWhatIsShown:
    @pytest.fixture
    def signed_in(self, client: Client, buyer: User) -> Client:
        client.force_login(buyer)
        return client

    @pytest.fixture(autouse=True)
    def _thirty_owed(self, buyer: User, give: Give) -> None:
        give(buyer, 30)
        spend(buyer, 30, f"generation:{uuid4()}:charge")
        reverse(buyer, 30, "purchase:6a1e7e2c-6b0e-4a9e-8a63-0d2a4b8f0c11:reversed:30")

    def test_the_balance_says_it_in_words_and_numbers(self, signed_in: Client) -> None:
        page = signed_in.get("/tokens/").content.decode()
        assert "You owe 30 tokens: they were spent, and then the money for them went back to you." in page
        assert "0, 30 owed" in page
        assert signed_in.get("/tokens/balance/").json()["debt"] == 30

    def test_the_statement_links_to_the_purchase(self, signed_in: Client) -> None:
        page = signed_in.get("/tokens/").content.decode()
        assert 'href="/purchase/6a1e7e2c-6b0e-4a9e-8a63-0d2a4b8f0c11/">Taken back</a>' in page

    def test_the_fragment_changes_when_the_debt_does(self, signed_in: Client, buyer: User, give: Give) -> None:
        before = balance.read(User.objects.get(pk=buyer.pk)).shown
        address = "/tokens/balance/?shown="
        assert signed_in.get(address + before, headers={"HX-Request": "true"}).status_code == 204
        reverse(buyer, 1, "purchase:2:reversed:1")
        answer = signed_in.get(address + before, headers={"HX-Request": "true"})
        assert (answer.status_code, "31 owed" in answer.content.decode()) == (200, True)

    def test_a_refused_design_is_explained(self, signed_in: Client) -> None:
        form = {"key": str(uuid4()), "area": "patio", "style": "japanese-zen", "prompt": ""}
        answer = signed_in.post("/generate/", form)
        assert (answer.status_code, "You owe 30 tokens" in answer.content.decode()) == (402, True)

    def test_staff_see_what_forgiving_does(self, client: Client, buyer: User, staff: User) -> None:
        client.force_login(staff)
        fields = {"amount": "40", "reason": "Goodwill", "key": str(uuid4())}
        answer = client.post(f"/admin/tokens/tokenaccount/{buyer.pk}/adjust/", fields)
        assert (answer.context["before"], answer.context["after"], answer.context["debt_after"]) == (0, 10, 0)
        assert "owes <strong>30</strong> tokens" in answer.content.decode()
