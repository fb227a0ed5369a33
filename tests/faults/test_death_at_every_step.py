"""A process dies at any step of any flow; whoever comes next makes it whole, and nothing is there twice."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from billing import inbox
from billing.models import Purchase, StripeEvent
from generations import conversations, erasure, studio
from generations.engines import Reply
from generations.models import Conversation, Generation
from tests import stripe_events
from tests.billing.conftest import Sell
from tests.faults.deaths import kill_at, steps_of
from tests.generations.engines import painting
from tokens import audit, ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

FEWEST = 6  # steps; fewer would mean that the wrapping has come loose


def sweep(make: Callable[[], Any], run: Callable[[Any], object], recover: Callable[[Any], object]) -> int:
    """Kill `run(make())` at each of its steps in turn, have `recover` called, and return how many steps there were.

    Ends with the books as right as before, each time.
    """
    run(make())  # what happens only once, such as opening an account, is over now
    steps = steps_of(partial(run, make()))
    assert steps >= FEWEST
    for step in range(1, steps + 1):
        subject = make()
        kill_at(step, partial(run, subject))
        recover(subject)
        found = [str(found) for found in audit.discrepancies()]
        assert (step, found) == (step, [])
    return steps


def keys_like(prefix: str) -> int:
    return TokenTransaction.objects.filter(key__startswith=prefix).count()


def test_a_webhook(sell: Sell) -> None:
    def delivered(purchase: Purchase) -> tuple[bytes, str]:
        raw = stripe_events.body(event_of[purchase.pk])
        return raw, stripe_events.signature(raw)

    event_of: dict[UUID, dict[str, Any]] = {}

    def make() -> Purchase:
        purchase = sell()
        event_of[purchase.pk] = stripe_events.completed(purchase)
        return purchase

    def again(purchase: Purchase) -> None:
        inbox.receive(*delivered(purchase))
        purchase.refresh_from_db()
        event = StripeEvent.objects.get(pk=event_of[purchase.pk]["id"])
        assert (purchase.state, event.state, keys_like(f"purchase:{purchase.pk}")) == ("paid", "applied", 1)

    sweep(make, lambda purchase: inbox.receive(*delivered(purchase)), again)


def test_a_refund_by_webhook(sell: Sell) -> None:
    def make() -> dict[str, Any]:
        purchase = sell()
        raw = stripe_events.body(stripe_events.completed(purchase))
        inbox.receive(raw, stripe_events.signature(raw))
        refund = {
            "id": f"re_{uuid4().hex}",
            "object": "refund",
            "amount": purchase.price_cents,
            "currency": "usd",
            "payment_intent": f"pi_{purchase.pk.hex}",
            "status": "succeeded",
            "reason": None,
            "created": 1_790_000_000,
        }
        return {"purchase": purchase, "event": stripe_events.event("refund.created", refund)}

    def run(subject: dict[str, Any]) -> None:
        raw = stripe_events.body(subject["event"])
        inbox.receive(raw, stripe_events.signature(raw))

    def again(subject: dict[str, Any]) -> None:
        run(subject)
        purchase = Purchase.objects.get(pk=subject["purchase"].pk)
        assert (purchase.tokens_gone, keys_like(f"purchase:{purchase.pk}:reversed")) == (50, 1)

    sweep(make, run, again)


class TestAGeneration:
    @pytest.fixture(autouse=True)
    def _a_thousand_tokens(self, buyer: User) -> None:
        ledger.adjust(user_id=buyer.pk, amount=1000, reason="Given", adjusted_by_id=buyer.pk, key="given")

    def start(self, buyer: User, form_key: UUID) -> Generation:
        return studio.start_designs(
            user=buyer, form_key=form_key, areas=["front-yard"], style="english-garden", prompt="roses"
        )[0]

    def test_its_start(self, buyer: User) -> None:
        def again(form_key: UUID) -> None:
            generation = self.start(buyer, form_key)
            assert Generation.objects.filter(order_id=form_key).count() == 1
            assert keys_like(f"generation:{generation.pk}:charge") == 1
            assert TokenAccount.objects.get(pk=buyer.pk).balance == 1000 - Generation.objects.count()

        sweep(uuid4, partial(self.start, buyer), again)

    def test_its_start_with_three_areas(self, buyer: User) -> None:
        def order(form_key: UUID) -> list[Generation]:
            areas = ["front-yard", "walkway", "patio"]
            return studio.start_designs(user=buyer, form_key=form_key, areas=areas, style="japanese-zen", prompt="")

        def again(form_key: UUID) -> None:
            assert Generation.objects.filter(order_id=form_key).count() in (0, 3)
            designs = order(form_key)
            assert Generation.objects.filter(order_id=form_key).count() == len(designs) == 3
            assert [keys_like(f"generation:{design.pk}:charge") for design in designs] == [1, 1, 1]
            assert ProcrastinateJob.objects.filter(pk__in=[design.job_id for design in designs]).count() == 3
            assert TokenAccount.objects.get(pk=buyer.pk).balance == 1000 - Generation.objects.count()

        sweep(uuid4, order, again)

    def test_its_retry(self, buyer: User) -> None:
        def make() -> Generation:
            failed = self.start(buyer, uuid4())
            studio.fail(failed.pk, reason="The painter fell asleep.")
            failed.refresh_from_db()
            return failed

        def again(failed: Generation) -> None:
            tried = studio.retry(failed)
            assert [each.pk for each in Generation.objects.filter(retry_of=failed)] == [tried.pk]
            assert keys_like(f"generation:{tried.pk}:charge") == 1
            unfinished = Generation.objects.filter(state=Generation.State.QUEUED).count()
            assert TokenAccount.objects.get(pk=buyer.pk).balance == 1000 - unfinished

        sweep(make, studio.retry, again)

    def test_its_cancel(self, buyer: User) -> None:
        def again(generation_id: UUID) -> None:
            studio.cancel(generation_id)
            assert Generation.objects.get(pk=generation_id).state == Generation.State.CANCELLED
            assert keys_like(f"generation:{generation_id}:charge:refund") == 1
            assert studio.take_lease(generation_id) is None

        sweep(lambda: self.start(buyer, uuid4()).pk, studio.cancel, again)
        assert TokenAccount.objects.get(pk=buyer.pk).balance == 1000

    def test_its_refund(self, buyer: User) -> None:
        def make() -> studio.Lease:
            lease = studio.take_lease(self.start(buyer, uuid4()).pk)
            assert lease is not None
            return lease

        def fail(lease: studio.Lease) -> bool:
            return studio.fail(lease.generation_id, reason="The painter fell asleep.", attempt=lease.attempt)

        def sweep_up(lease: studio.Lease) -> None:
            studio.expire_overdue(now=timezone.now() + timedelta(hours=1))
            assert Generation.objects.get(pk=lease.generation_id).state == Generation.State.FAILED
            assert keys_like(f"generation:{lease.generation_id}:charge:refund") == 1

        sweep(make, fail, sweep_up)
        assert TokenAccount.objects.get(pk=buyer.pk).balance == 1000

    def test_its_deletion(self, buyer: User) -> None:
        files: dict[UUID, list[str]] = {}

        def make() -> UUID:
            lease = studio.take_lease(self.start(buyer, uuid4()).pk)
            assert lease is not None
            studio.finish(lease, painting(), engine="obedient")
            generation = Generation.objects.get(pk=lease.generation_id)
            files[generation.pk] = [str(generation.image), str(generation.thumbnail)]
            return generation.pk

        def removals(generation_id: UUID) -> int:
            jobs = ProcrastinateJob.objects.filter(task_name=erasure.REMOVE_TASK)
            return sum(job.args["names"] == files[generation_id] for job in jobs)

        def again(generation_id: UUID) -> None:
            before = Generation.objects.get(pk=generation_id)
            # Dead before the commit: as if it had never been asked for. After it: erased, and the removal queued.
            assert (bool(before.image), bool(before.prompt), removals(generation_id)) in [
                (True, True, 0),
                (False, False, 1),
            ]
            erasure.erase_design(buyer.pk, generation_id)
            erased = Generation.objects.get(pk=generation_id)
            assert (str(erased.image), erased.prompt, removals(generation_id)) == ("", "", 1)
            erasure.remove_files(files[generation_id])
            assert not any(map(default_storage.exists, files[generation_id]))

        sweep(make, partial(erasure.erase_design, buyer.pk), again)


class TestAMessage:
    @pytest.fixture(autouse=True)
    def _a_thousand_tokens(self, buyer: User, settings: Any) -> None:
        settings.CHAT_ENGINE = "tests.generations.engines.ObedientAssistant"
        ledger.adjust(user_id=buyer.pk, amount=1000, reason="Given", adjusted_by_id=buyer.pk, key="given")

    def send(self, buyer: User, subject: tuple[UUID, Conversation | None]) -> Generation:
        form_key, conversation = subject
        return studio.start_message(user=buyer, form_key=form_key, text="Roses?", conversation=conversation)

    def talk(self, buyer: User) -> Conversation:
        """A conversation of one answered message."""
        message = self.send(buyer, (uuid4(), None))
        lease = studio.take_lease(message.pk)
        assert lease is not None
        studio.finish(lease, Reply("In autumn.", "By rules."), engine="obedient")
        return Conversation.objects.get(messages=message)

    @pytest.mark.parametrize("begins", [True, False])
    def test_its_start(self, buyer: User, begins: bool) -> None:
        """Dead at any step, the same form again leads to one message in one conversation, charged once."""

        def again(subject: tuple[UUID, Conversation | None]) -> None:
            message = self.send(buyer, subject)
            assert Generation.objects.filter(form_key=subject[0]).count() == 1
            assert keys_like(f"generation:{message.pk}:charge") == 1
            assert TokenAccount.objects.get(pk=buyer.pk).balance == 1000 - Generation.objects.count()
            assert Conversation.objects.filter(messages=None).count() == 0
            assert subject[1] is None or message.conversation == subject[1]

        sweep(lambda: (uuid4(), None if begins else self.talk(buyer)), partial(self.send, buyer), again)

    def test_its_conversations_deletion(self, buyer: User) -> None:
        def delete(conversation: Conversation) -> bool:
            return conversations.delete(buyer.pk, conversation.pk)

        def again(conversation: Conversation) -> None:
            """All of it or nothing: a title without words, or words without a title, is never seen."""
            message = Generation.objects.get(conversation=conversation)
            conversation.refresh_from_db()
            assert bool(conversation.title) == bool(message.prompt) == bool(message.reply)
            delete(conversation)
            message.refresh_from_db()
            assert (message.prompt, message.reply, message.deleted_at is None) == ("", "", False)

        sweep(lambda: self.talk(buyer), delete, again)


def test_an_adjustment(buyer: User, staff: User) -> None:
    def adjust(key: UUID) -> TokenTransaction:
        return ledger.adjust(
            user_id=buyer.pk, amount=5, reason="A present", adjusted_by_id=staff.pk, key=f"adjustment:{key}"
        )

    def again(key: UUID) -> None:
        adjust(key)
        assert keys_like(f"adjustment:{key}") == 1

    sweep(uuid4, adjust, again)


@pytest.mark.books_alone
def test_two_transactions_instead_of_one_are_found_out(buyer: User) -> None:
    """The harness itself: a flow that charges in one commit and writes its receipt in another loses a token."""
    ledger.adjust(user_id=buyer.pk, amount=100, reason="Given", adjusted_by_id=buyer.pk, key="given")

    def careless(key: UUID) -> None:
        charge = ledger.charge(user_id=buyer.pk, cost=1, key=f"generation:{key}:charge", description="A design")
        ledger.refund(charge.entry, description="Returned") if charge.entry else None

    lost = []
    for step in range(1, steps_of(partial(careless, uuid4())) + 1):
        before = TokenAccount.objects.get(pk=buyer.pk).balance
        kill_at(step, partial(careless, uuid4()))
        lost.append(before - TokenAccount.objects.get(pk=buyer.pk).balance)
    assert set(lost) == {0, 1}
    for charged in TokenTransaction.objects.filter(type="deduction", refunds=None):
        ledger.refund(charged, description="Returned")
