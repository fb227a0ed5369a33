"""Errands and mails: they happen if and only if what they are about has happened."""

from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from billing import consents, errands, mails, tasks
from billing.models import Consent, Purchase
from tests.billing.conftest import Sell

pytestmark = pytest.mark.django_db(transaction=True)


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "args"))


class TestAnErrand:
    def test_it_vanishes_with_the_transaction_it_belongs_to(self) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            errands.later("billing.remember_card", purchase_id="1")
            raise ZeroDivisionError
        assert jobs() == []

    def test_a_second_one_of_the_same_name_is_left_out_while_the_first_waits(self) -> None:
        with transaction.atomic():
            errands.later("billing.remember_card", once="card:1", purchase_id="1")
            errands.later("billing.remember_card", once="card:1", purchase_id="1")
            errands.later("billing.remember_card", once="card:2", purchase_id="2")
        assert jobs() == [
            ("billing.remember_card", {"purchase_id": "1"}),
            ("billing.remember_card", {"purchase_id": "2"}),
        ]

    def test_the_refusal_of_a_second_one_leaves_the_transaction_usable(self, buyer: User) -> None:
        errands.later("billing.remember_card", once="card:1", purchase_id="1")
        with transaction.atomic():
            errands.later("billing.remember_card", once="card:1", purchase_id="1")
            User.objects.filter(pk=buyer.pk).update(email="changed@example.com")
        assert User.objects.get(pk=buyer.pk).email == "changed@example.com"

    def test_it_knows_a_task(self) -> None:
        assert tasks.remember_card.name == "billing.remember_card"
        assert (tasks.remember_card.queue, tasks.send_mail.queue) == (errands.QUEUE, errands.QUEUE)


class TestAMail:
    def test_the_queue_keeps_no_address(self, buyer: User) -> None:
        mails.send_later("reload_needs_you", buyer.pk, purchase_id=str(uuid4()))
        ((task, arguments),) = jobs()
        assert task == "billing.send_mail"
        assert buyer.email not in str(arguments)

    def test_its_first_line_is_the_subject(self, buyer: User, sell: Sell) -> None:
        mails.send("reload_needs_you", buyer.pk, {"purchase_id": str(sell().pk), "stop_url": "https://x.example/s/"})
        (letter,) = mail.outbox
        assert letter.to == ["buyer@example.com"]
        assert str(letter.subject) not in str(letter.body)
        assert letter.extra_headers == {
            "List-Unsubscribe": "<https://x.example/s/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def test_somebody_deactivated_gets_none(self, buyer: User, sell: Sell) -> None:
        User.objects.filter(pk=buyer.pk).update(is_active=False)
        mails.send("reload_needs_you", buyer.pk, {"purchase_id": str(sell().pk)})
        assert mail.outbox == []


class TestAConsent:
    def test_consent_is_final(self, buyer: User) -> None:
        consents.record(
            user=buyer, purpose=Consent.Purpose.SAVE_CARD, wording=consents.KEEP_CARD, ip_address="192.0.2.1"
        )
        for sql in ("UPDATE billing_consent SET wording = 'Anything'", "DELETE FROM billing_consent"):
            with pytest.raises(IntegrityError, match="consent_is_final"), connection.cursor() as cursor:
                cursor.execute(sql)
        assert Consent.objects.get().wording == consents.KEEP_CARD

    def test_an_auto_reload_without_one_is_refused(self, sell: Sell) -> None:
        with pytest.raises(IntegrityError, match="purchase_auto_reload_has_consent_and_cap"), transaction.atomic():
            sell(way=Purchase.Way.AUTO_RELOAD, package=None, monthly_cap_cents=10000)
