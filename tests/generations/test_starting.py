from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import ConnectorException

from accounts.models import User
from generations import studio
from generations.models import Generation
from tests.generations.conftest import Give, Start, held
from tests.subscribed import subscription_of
from tests.together import together
from tokens.ledger import InsufficientTokens, Type
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db


def jobs() -> list[tuple[str, str, dict[str, str]]]:
    return list(ProcrastinateJob.objects.values_list("task_name", "status", "args"))


class TestSomebodyWhoCanPay:
    def test_the_design_is_charged_written_down_and_queued(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 2)
        generation = start(buyer, prompt="Roses")
        generation.refresh_from_db()
        charge = generation.charge
        assert charge is not None
        assert (generation.state, generation.source, generation.cost) == ("queued", "token", 1)
        assert (charge.amount, charge.key) == (-1, f"generation:{generation.pk}:charge")
        assert held(buyer) == (1, 0)
        assert jobs() == [("generations.paint", "todo", {"generation_id": str(generation.pk)})]
        assert ProcrastinateJob.objects.get().pk == generation.job_id

    def test_the_line_on_the_statement_does_not_tell_the_prompt(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        start(buyer, prompt="a secret garden")
        assert TokenTransaction.objects.latest("pk").description == "English Garden, front yard"

    def test_the_trial_is_used_before_tokens(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        give(buyer, 1, Type.TRIAL)
        assert [start(buyer).source for _ in range(2)] == ["trial", "token"]
        assert held(buyer) == (0, 0)

    def test_a_subscription_covers_it_without_a_row_in_the_books(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        subscription_of(buyer)
        generation = start(buyer)
        assert (generation.source, generation.cost, generation.charge) == ("subscription", 0, None)
        assert held(buyer) == (1, 0)


class TestSomebodyWhoCannotPay:
    def test_it_is_refused_and_nothing_is_left_behind(self, buyer: User, start: Start) -> None:
        with pytest.raises(InsufficientTokens):
            start(buyer)
        assert not Generation.objects.exists()
        assert jobs() == []


class TestTheSameFormTwice:
    def test_it_is_one_generation_even_when_the_first_took_the_last_token(
        self, buyer: User, give: Give, start: Start
    ) -> None:
        give(buyer, 1)
        key = uuid4()
        first, second = start(buyer, form_key=key), start(buyer, form_key=key)
        assert first.pk == second.pk
        assert held(buyer) == (0, 0)
        assert len(jobs()) == 1

    def test_it_is_charged_once_when_more_could_be_paid(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 9)
        key = uuid4()
        assert len({start(buyer, form_key=key).pk for _ in range(3)}) == 1
        assert held(buyer) == (8, 0)
        assert len(jobs()) == 1

    def test_somebody_elses_key_means_nothing(self, buyer: User, stranger: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        give(stranger, 1)
        key = uuid4()
        assert start(buyer, form_key=key).pk != start(stranger, form_key=key).pk


class TestOneCommit:
    def test_a_rollback_leaves_neither_charge_nor_design_nor_job(self, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        with pytest.raises(RuntimeError), transaction.atomic():
            start(buyer)
            assert len(jobs()) == 1
            raise RuntimeError
        assert held(buyer) == (1, 0)
        assert not Generation.objects.exists()
        assert jobs() == []

    def test_when_the_queue_is_away_nothing_is_taken(
        self, buyer: User, give: Give, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(buyer, 1)

        def away(*_: object, **__: object) -> None:
            raise ConnectorException

        monkeypatch.setattr(app.job_manager, "defer_job", away)
        with pytest.raises(OperationalError):
            start(buyer)
        assert held(buyer) == (1, 0)
        assert not Generation.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("empty_queue")
class TestTheCostOfStarting:
    def test_it_takes_at_most_eight_statements(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        with CaptureQueriesContext(connection) as queries:
            studio.start_designs(user=buyer, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")
        statements = [query["sql"].split()[0] for query in queries.captured_queries]
        assert statements == ["BEGIN", "SELECT", "WITH", "SELECT", "SELECT", "INSERT", "COMMIT"]

    def test_another_connection_sees_no_job_before_the_commit(self, buyer: User, give: Give) -> None:
        give(buyer, 1)
        with transaction.atomic():
            studio.start_designs(user=buyer, form_key=uuid4(), areas=["patio"], style="japanese-zen", prompt="")[0]
            assert together(jobs) == [[]]
        assert len(jobs()) == 1
