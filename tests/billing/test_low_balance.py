"""Who is told that their tokens run low: once per crossing, only by choice, only buyers."""

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from accounts.models import User
from billing import stop_links
from billing.fulfilment import settle
from billing.gateway import of_session
from billing.models import Purchase
from tests import stripe_events
from tests.billing.conftest import Sell
from tests.billing.reloading import give, jobs, keep_card, letters, order_reloads, send_letters
from tokens import notices
from tokens.models import TokenAccount

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customer(buyer: User, sell: Sell) -> User:
    """Somebody who has bought 50 tokens."""
    purchase: Purchase = sell()
    settle(of_session(stripe_events.answer(purchase)))
    return buyer


class TestTheMail:
    def test_it_is_written_once_per_crossing(self, customer: User, staff: User) -> None:
        give(customer, -45, staff)
        assert letters() == []
        give(customer, -1, staff)
        give(customer, -1, staff)
        assert letters() == ["low_balance"]
        give(customer, 2, staff)
        give(customer, -1, staff)
        assert letters() == ["low_balance", "low_balance"]

    def test_it_says_how_many_are_left_and_how_to_end_such_mails(self, customer: User, staff: User) -> None:
        give(customer, -49, staff)
        send_letters()
        [told] = mail.outbox
        assert (told.subject, told.to) == ("You have 1 token left", [customer.email])
        link = stop_links.to_stop_low_balance_mails(customer.pk)
        assert link in told.body
        assert told.extra_headers["List-Unsubscribe"] == f"<{link}>"

    def test_somebody_who_never_bought_is_left_alone(self, stranger: User, staff: User) -> None:
        give(stranger, 6, staff)
        give(stranger, -3, staff)
        assert letters() == []

    def test_with_auto_reload_on_there_is_a_reload_instead(self, customer: User, staff: User) -> None:
        keep_card(customer)
        order_reloads(customer, threshold=5)
        give(customer, -46, staff)
        assert (letters(), jobs("billing.reload")) == ([], [{"user_id": str(customer.pk)}])

    def test_a_movement_that_is_undone_writes_none(self, customer: User, staff: User) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            give(customer, -46, staff)
            assert letters() == ["low_balance"]
            raise ZeroDivisionError
        assert letters() == []


class TestTheChoice:
    def test_who_opted_out_is_left_alone(self, customer: User, staff: User) -> None:
        notices.choose(user_id=customer.pk, mail=False)
        give(customer, -46, staff)
        assert letters() == []

    def test_the_link_of_the_mail_opts_out_without_signing_in(self, client: Client, customer: User) -> None:
        link = stop_links.to_stop_low_balance_mails(customer.pk).removeprefix("http://localhost:8000")
        assert client.get(link).status_code == 200
        assert notices.opted_in(customer.pk)
        answer = client.post(link, {"List-Unsubscribe": "One-Click"})
        assert "No more mails about a low balance" in answer.content.decode()
        assert not notices.opted_in(customer.pk)
        assert client.post(link).status_code == 200

    def test_it_can_be_taken_back_on_the_page(self, client: Client, customer: User) -> None:
        client.force_login(customer)
        client.post("/account/low-balance-mail/", {})
        assert not TokenAccount.objects.get(pk=customer.pk).low_balance_mail
        answer = client.post("/account/low-balance-mail/", {"mail": "on"}, follow=True)
        assert "Mails about a low balance are on." in answer.content.decode()
        assert TokenAccount.objects.get(pk=customer.pk).low_balance_mail

    def test_a_link_for_something_else_does_not(self, client: Client, customer: User) -> None:
        signature = stop_links.to_stop_reloads(customer.pk).rstrip("/").rsplit("/", 1)[1]
        answer = client.post(f"/stop/low-balance/{signature}/")
        assert (answer.status_code, "This link does not work any more" in answer.content.decode()) == (404, True)
        assert notices.opted_in(customer.pk)


class TestTheBanner:
    @pytest.mark.parametrize(("left", "shown"), [(5, False), (4, True), (0, True)])
    def test_it_is_shown_to_buyers_below_the_mark(
        self, client: Client, customer: User, staff: User, left: int, shown: bool
    ) -> None:
        give(customer, left - 50, staff)
        client.force_login(customer)
        assert ("Running low:" in client.get("/tokens/").content.decode()) is shown

    def test_it_is_not_shown_to_who_never_bought(self, client: Client, stranger: User) -> None:
        client.force_login(stranger)
        assert "Running low:" not in client.get("/tokens/").content.decode()
