"""The books in the admin: read-only, but for "Adjust balance" - with a reason, a preview, and exactly once."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.together import together
from tests.tokens.conftest import Give
from tokens import adjusting, balance, ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.books_alone
REASON = "Goodwill after the outage"


def adjust_page(user: User) -> str:
    return reverse("admin:tokens_tokenaccount_adjust", args=[user.pk])


def held(user: User) -> int:
    return balance.read(User.objects.get(pk=user.pk)).balance


@pytest.fixture
def desk(client: Client, staff: User) -> Client:
    """The browser of the staff member."""
    client.force_login(staff)
    return client


@pytest.fixture
def send(desk: Client, buyer: User) -> Callable[..., Any]:
    """Post the form of the buyer's balance; `send(amount=5)` asks for a preview, `confirm=""` adjusts."""
    key = uuid4()

    def post(**fields: Any) -> Any:
        return desk.post(adjust_page(buyer), {"amount": 5, "reason": REASON, "key": str(key), **fields})

    return post


class TestAnAdjustment:
    def test_is_shown_before_it_is_made(self, send: Callable[..., Any], buyer: User, give: Give) -> None:
        give(buyer, 20)
        answer = send(amount=-5)
        assert (answer.context["before"], answer.context["after"]) == (20, 15)
        assert REASON in answer.content.decode()
        assert held(buyer) == 20

    def test_is_made_by_the_form_that_was_shown(self, desk: Client, buyer: User, staff: User) -> None:
        key = re.search(r'name="key" value="([^"]+)"', desk.get(adjust_page(buyer)).content.decode())
        assert key
        fields = {"amount": "1000", "reason": REASON, "key": key[1]}
        shown = dict(
            re.findall(r'name="(\w+)" value="([^"]*)"', desk.post(adjust_page(buyer), fields).content.decode())
        )
        answer = desk.post(adjust_page(buyer), {name: shown[name] for name in ("amount", "reason", "key", "confirm")})
        assert answer.headers["Location"] == reverse("admin:tokens_tokenaccount_change", args=[buyer.pk])
        entry = TokenTransaction.objects.get()
        assert (entry.amount, entry.type, entry.description, entry.adjusted_by) == (1000, "adjustment", REASON, staff)
        assert entry.key == f"adjustment:{key[1]}"

    def test_opens_an_account_that_was_never_touched(self, send: Callable[..., Any], buyer: User) -> None:
        assert not TokenAccount.objects.exists()
        send(confirm="")
        assert held(buyer) == 5

    def test_is_noted_in_the_admins_log_once(self, send: Callable[..., Any], buyer: User, staff: User) -> None:
        for _ in range(2):
            assert send(confirm="").status_code == 302
        note = LogEntry.objects.get()
        assert (note.user, note.object_id) == (staff, str(buyer.pk))
        assert note.change_message == f"Line 1: +5 tokens, 5 after: {REASON}"

    def test_is_made_once_however_often_its_form_is_sent(self, send: Callable[..., Any], buyer: User) -> None:
        for _ in range(3):
            send(confirm="")
        assert held(buyer) == 5

    def test_takes_no_second_amount_under_one_form(self, send: Callable[..., Any], buyer: User) -> None:
        send(confirm="")
        answer = send(confirm="", amount=7)
        assert answer.status_code == 422
        assert "already made another adjustment" in answer.content.decode()
        assert held(buyer) == 5

    @pytest.mark.parametrize("step", [{}, {"confirm": ""}])
    def test_of_more_than_is_there_keeps_the_typed_reason(
        self, step: dict[str, str], send: Callable[..., Any], buyer: User, give: Give
    ) -> None:
        give(buyer, 3)
        answer = send(amount=-4, **step)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "Only 3 tokens are there to be taken." in text
        assert f'value="{REASON}"' in text
        assert held(buyer) == 3
        assert not LogEntry.objects.exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"amount": 0},
            {"amount": 10_001},
            {"amount": -10_001},
            {"amount": "1.5"},
            {"amount": "NaN"},
            {"amount": "1e3"},
            {"amount": 2**31},
            {"amount": ""},
            {"reason": ""},
            {"reason": "    "},
            {"reason": "oops"},
            {"reason": "x" * 201},
            {"reason": "nul\x00nul"},
            {"key": "not-a-key"},
            {"key": ""},
        ],
    )
    def test_out_of_bounds_is_refused(self, fields: dict[str, Any], send: Callable[..., Any], buyer: User) -> None:
        assert send(confirm="", **fields).status_code == 422
        assert not TokenTransaction.objects.exists()

    def test_can_be_thought_over(self, send: Callable[..., Any], buyer: User) -> None:
        answer = send(back="")
        assert f'value="{REASON}"' in answer.content.decode()
        assert held(buyer) == 0

    def test_shows_markup_in_a_reason_as_text(self, send: Callable[..., Any]) -> None:
        text = send(reason="<script>alert(1)</script>").content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


class TestWhoMayAdjust:
    def test_nobody_their_own_balance(self, desk: Client, staff: User) -> None:
        fields = {"amount": 5, "reason": REASON, "key": str(uuid4()), "confirm": ""}
        for answer in (desk.get(adjust_page(staff)), desk.post(adjust_page(staff), fields)):
            assert answer.status_code == 403
            assert "Nobody adjusts their own balance" in answer.content.decode()
        with pytest.raises(adjusting.OwnAccount):
            adjusting.adjust_once(user=staff, staff=staff, amount=5, reason=REASON, key=uuid4())
        assert not TokenTransaction.objects.exists()

    @pytest.mark.parametrize("permission", [None, "view_tokenaccount", "change_tokenaccount", "add_tokentransaction"])
    def test_no_staff_without_the_permission(self, permission: str | None, client: Client, buyer: User) -> None:
        support = User.objects.create_user("support@example.com", "a-long-passphrase", is_staff=True)
        if permission:
            support.user_permissions.add(Permission.objects.get(codename=permission))
        client.force_login(support)
        fields = {"amount": 5, "reason": REASON, "key": str(uuid4()), "confirm": ""}
        assert client.post(adjust_page(buyer), fields).status_code == 403
        assert held(buyer) == 0

    def test_staff_with_the_permission(self, client: Client, buyer: User) -> None:
        support = User.objects.create_user("support@example.com", "a-long-passphrase", is_staff=True)
        names = ["adjust_balance", "view_tokenaccount"]
        support.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(support)
        fields = {"amount": 5, "reason": REASON, "key": str(uuid4()), "confirm": ""}
        assert client.post(adjust_page(buyer), fields).status_code == 302
        assert held(buyer) == 5

    def test_no_buyer_and_no_stranger(self, client: Client, buyer: User, stranger: User) -> None:
        fields = {"amount": 5, "reason": REASON, "key": str(uuid4()), "confirm": ""}
        assert client.post(adjust_page(buyer), fields).status_code == 302
        client.force_login(stranger)
        client.post(adjust_page(buyer), fields)
        assert held(buyer) == 0

    def test_only_from_a_form_of_ours(self, buyer: User, staff: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(staff)
        fields = {"amount": 5, "reason": REASON, "key": str(uuid4()), "confirm": ""}
        assert client.post(adjust_page(buyer), fields).status_code == 403
        assert held(buyer) == 0

    def test_nobody_a_person_who_is_not_there(self, desk: Client) -> None:
        assert desk.get(reverse("admin:tokens_tokenaccount_adjust", args=[uuid4()])).status_code == 404

    def test_the_button_is_on_both_pages(self, desk: Client, buyer: User, give: Give) -> None:
        give(buyer, 1)
        for name in ("admin:tokens_tokenaccount_change", "admin:accounts_user_change"):
            assert adjust_page(buyer) in desk.get(reverse(name, args=[buyer.pk])).content.decode()


@pytest.mark.django_db(transaction=True)
class TestADoubleClick:
    def test_adjusts_once_even_when_both_arrive_together(self, buyer: User, staff: User) -> None:
        fields = {"amount": 5, "reason": REASON, "key": str(uuid4()), "confirm": ""}
        clients = [Client() for _ in range(8)]
        for client in clients:
            client.force_login(staff)
        answers = together(*[lambda c=client: c.post(adjust_page(buyer), fields) for client in clients])
        assert [answer.status_code for answer in answers] == [302] * 8
        assert held(buyer) == 5
        assert (TokenTransaction.objects.count(), LogEntry.objects.count()) == (1, 1)

    def test_would_adjust_every_time_without_the_key(self, buyer: User, staff: User) -> None:
        def adjust() -> object:
            return adjusting.adjust_once(user=buyer, staff=staff, amount=5, reason=REASON, key=uuid4())

        together(*[adjust] * 8)
        assert held(buyer) == 40
        assert LogEntry.objects.count() == 8

    def test_of_two_people_takes_no_more_than_is_there(self, buyer: User, staff: User, give: Give) -> None:
        give(buyer, 10)

        def take() -> object:
            return adjusting.adjust_once(user=buyer, staff=staff, amount=-7, reason=REASON, key=uuid4())

        outcomes = together(take, take)
        refusals = [outcome for outcome in outcomes if isinstance(outcome, ledger.InsufficientTokens)]
        assert [(refusal.needed, refusal.available) for refusal in refusals] == [(7, 3)]
        assert held(buyer) == 3


class TestTheBooks:
    @pytest.mark.parametrize("model", ["tokenaccount", "tokentransaction"])
    def test_take_no_edit_from_anybody(self, model: str, desk: Client, buyer: User, give: Give) -> None:
        entry = give(buyer, 5)
        pk = buyer.pk if model == "tokenaccount" else entry.pk
        fields = {"balance": 999, "amount": 999, "post": "yes"}
        assert desk.get(reverse(f"admin:tokens_{model}_change", args=[pk])).status_code == 200
        assert desk.post(reverse(f"admin:tokens_{model}_change", args=[pk]), fields).status_code == 403
        assert desk.post(reverse(f"admin:tokens_{model}_delete", args=[pk]), fields).status_code == 403
        assert desk.post(reverse(f"admin:tokens_{model}_add"), fields).status_code == 403
        list_page = reverse(f"admin:tokens_{model}_changelist")
        desk.post(list_page, {"action": "delete_selected", "_selected_action": str(pk), "post": "yes"})
        assert b'name="action"' not in desk.get(list_page).content
        assert held(buyer) == 5
        assert TokenTransaction.objects.count() == 1

    @pytest.mark.parametrize(
        ("model", "path"),
        [
            ("tokenaccount", "user__password__startswith"),
            ("tokenaccount", "user__password"),
            ("tokentransaction", "account__user__password__startswith"),
            ("tokentransaction", "adjusted_by__password__contains"),
        ],
    )
    def test_tell_nothing_about_passwords(self, model: str, path: str, desk: Client) -> None:
        assert desk.get(reverse(f"admin:tokens_{model}_changelist"), {path: "md5"}).status_code == 400

    def found(self, desk: Client, term: str) -> list[str]:
        answer = desk.get(reverse("admin:tokens_tokentransaction_changelist"), {"q": term})
        return [entry.description for entry in answer.context["cl"].result_list]

    def test_are_searched_by_person_payment_and_key(self, desk: Client, buyer: User, stranger: User) -> None:
        for user, payment in ((buyer, "pi_buyer"), (stranger, "pi_stranger")):
            ledger.credit(
                user_id=user.pk,
                amount=50,
                type=ledger.Type.PURCHASE,
                key=f"purchase:{payment}",
                description=user.email,
                stripe_payment_intent_id=payment,
                price_paid_cents=4900,
            )
        mine = [buyer.email]
        assert [
            self.found(desk, term) for term in ("BUYER@", "pi_buyer", "purchase:pi_buyer", " buyer@example.com ")
        ] == [mine] * 4
        assert self.found(desk, "nobody") == []
        assert self.found(desk, "") == [stranger.email, buyer.email]

    @pytest.mark.parametrize("rows", [1, 30])
    @pytest.mark.parametrize("model", ["tokenaccount", "tokentransaction"])
    def test_are_listed_with_as_few_queries_however_many(
        self,
        model: str,
        rows: int,
        desk: Client,
        give: Give,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for n in range(rows):
            give(User.objects.create_user(f"person-{n}@example.com"), 1)
        with django_assert_num_queries(4) as asked:
            desk.get(reverse(f"admin:tokens_{model}_changelist"))
        counts = [query["sql"] for query in asked if "COUNT(" in query["sql"]]
        assert [("LIMIT 1000" in sql) for sql in counts] == [True]
