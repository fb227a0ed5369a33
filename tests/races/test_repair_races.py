"""Two staff members, one difference: one gives the tokens, the other the money. Only one of them may."""

from contextlib import nullcontext, suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from accounts.models import User
from billing import gateway
from billing.matching import mending
from billing.models import Difference, Refund
from tests.billing.conftest import Sell, _sandbox, package, sandbox, sell  # noqa: F401 - fixtures
from tests.billing.test_matching import balance, charge, sale, walk
from tests.sandbox_process import SandboxProcess
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listed(buyer: User, sell: Sell, sandbox: SandboxProcess) -> Difference:  # noqa: F811
    """$48.00 were paid for what was sold for $49.00."""
    sandbox.control("settings", {"mode": "drop"})
    purchase = sell(way="card", stripe_session_id=None, state="created")
    charge(buyer, 4800, **sale(buyer, purchase_id=str(purchase.pk)))
    walk()
    return Difference.objects.get()


@pytest.fixture
def colleague(db: None) -> User:
    return User.objects.create_superuser("colleague@example.com", "a-long-passphrase")


def give_and_refund(listed: Difference, staff: User, colleague: User) -> list[Any]:
    own, theirs = Difference.objects.get(pk=listed.pk), Difference.objects.get(pk=listed.pk)
    return together(partial(mending.give, own, by=staff), partial(mending.refund, theirs, by=colleague))


def both_look_before_either_acts(monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Whoever has looked at Stripe waits for the other one to have looked, too, but not for longer than this."""
    barrier, look = Barrier(2), mending.compare_again

    def looked(difference: Difference) -> bool:
        differs = look(difference)
        with suppress(BrokenBarrierError):
            barrier.wait(timeout=seconds)
        return differs

    monkeypatch.setattr(mending, "compare_again", looked)


class TestGiveAndRefundAtOnce:
    def test_one_is_done_and_the_other_is_told(
        self, listed: Difference, buyer: User, staff: User, colleague: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both_look_before_either_acts(monkeypatch, seconds=0.5)
        ends = give_and_refund(listed, staff, colleague)
        [refused] = [end for end in ends if isinstance(end, mending.NotPossible)]
        assert str(refused) == (
            "Another repair of this is under way, or has just been made. Look again in five minutes."
        )
        assert sorted([balance(buyer), 50 * Refund.objects.count()]) == [0, 50]

    def test_while_a_refund_is_on_its_way_nothing_is_given(
        self, listed: Difference, buyer: User, staff: User, colleague: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refund_payment = gateway.refund_payment

        def refund(*arguments: Any, **named: Any) -> gateway.RefundSnapshot:
            with pytest.raises(mending.NotPossible, match="under way"):
                mending.give(Difference.objects.get(), by=colleague)
            return refund_payment(*arguments, **named)

        monkeypatch.setattr(gateway, "refund_payment", refund)
        mending.refund(listed, by=staff)
        assert (balance(buyer), Refund.objects.count()) == (0, 1)

    def test_without_the_claim_the_buyer_gets_both(
        self, listed: Difference, buyer: User, staff: User, colleague: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both_look_before_either_acts(monkeypatch, seconds=20)

        def unclaimed(difference: Difference, order: str, by: User) -> Any:
            mending._still_differs(difference, order)
            return nullcontext()

        monkeypatch.setattr(mending, "_alone", unclaimed)
        give_and_refund(listed, staff, colleague)
        assert (balance(buyer), Refund.objects.count()) == (50, 1)
