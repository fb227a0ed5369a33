"""A reload from the crossing to the credit, with a Stripe stand-in in its own process."""

import pytest
from django.core import mail

from accounts.models import User
from billing import auto_reload, reload_sweep, standing_order, tasks
from billing.models import TokenPackage
from generations import studio
from tests.billing.reloading import (
    a_minute_later,
    balance,
    charged_at_stripe,
    give,
    jobs,
    keep_card,
    letters,
    order_of,
    order_reloads,
    save_card,
    send_letters,
    skips,
    states,
)
from tests.sandbox_process import SandboxProcess
from tokens.models import TokenTransaction

pytestmark = pytest.mark.django_db(transaction=True)

RELOAD = "billing.reload"


@pytest.fixture
def ready(buyer: User, staff: User, sandbox: SandboxProcess) -> User:
    """Somebody with 9 tokens, a card that pays, and an order to reload 50 below 10."""
    give(buyer, 9, staff)
    save_card(buyer)
    order_reloads(buyer)
    return buyer


class TestAReload:
    def test_tokens_are_bought_with_the_saved_card(self, ready: User, sandbox: SandboxProcess) -> None:
        auto_reload.reload(ready.pk)
        assert (states(ready), balance(ready)) == (["paid"], 59)
        assert charged_at_stripe(sandbox) == [("succeeded", 4900)]

    def test_they_are_in_the_books_as_a_reload_of_their_own_type(self, ready: User) -> None:
        purchase = auto_reload.reload(ready.pk)
        assert purchase is not None
        entry = TokenTransaction.objects.get(purchase=purchase)
        assert (entry.type, entry.amount, entry.price_paid_cents) == ("auto_reload", 50, 4900)
        assert entry.stripe_payment_intent_id == purchase.stripe_payment_intent_id

    def test_its_owner_is_told_with_the_new_balance_and_a_link_that_stops_it(self, ready: User) -> None:
        auto_reload.reload(ready.pk)
        send_letters()
        [told] = mail.outbox
        assert told.subject == "50 tokens reloaded for $49.00"
        assert "You have 59 tokens now." in told.body
        assert told.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/stop/auto-reload/" in told.extra_headers["List-Unsubscribe"]

    def test_it_is_made_under_the_consent_and_the_cap_that_were_agreed_to(self, ready: User) -> None:
        purchase = auto_reload.reload(ready.pk)
        assert purchase is not None
        order = order_of(ready)
        assert (purchase.consent_id, purchase.monthly_cap_cents) == (order.consent_id, 500_00)
        assert order.last_reload_at is not None

    def test_the_second_one_at_once_is_not_made(self, ready: User) -> None:
        auto_reload.reload(ready.pk)
        assert auto_reload.reload(ready.pk) is None
        assert states(ready) == ["paid"]

    def test_nothing_is_bought_at_or_above_the_threshold(self, ready: User, staff: User) -> None:
        give(ready, 1, staff)
        assert auto_reload.reload(ready.pk) is None
        assert (states(ready), skips(ready)) == ([], [])

    def test_a_reload_that_is_not_enough_is_followed_by_another_a_minute_later(self, ready: User) -> None:
        order_reloads(ready, threshold=100, amount=50)
        auto_reload.reload(ready.pk)
        auto_reload.reload(ready.pk)
        assert (states(ready), skips(ready)) == (["paid"], [("throttled", 1)])
        a_minute_later()
        assert reload_sweep.sweep() == 1
        auto_reload.reload(ready.pk)
        assert (states(ready), balance(ready)) == (["paid", "paid"], 109)


class TestCrossingTheThreshold:
    def test_a_design_that_takes_the_balance_below_queues_a_reload(self, ready: User, staff: User) -> None:
        give(ready, 1, staff)
        tasks.reload(str(ready.pk))
        assert states(ready) == []
        jobs_before = len(jobs(RELOAD))
        studio.start_designs(user=ready, form_key=ready.pk, areas=["front-yard"], style="english-garden", prompt="")[0]
        assert (jobs_before, jobs(RELOAD)) == (1, [{"user_id": str(ready.pk)}])
        tasks.reload(str(ready.pk))
        assert (states(ready), balance(ready)) == (["paid"], 59)

    def test_an_adjustment_by_staff_counts_as_well(self, buyer: User, staff: User, sandbox: SandboxProcess) -> None:
        give(buyer, 12, staff)
        save_card(buyer)
        order_reloads(buyer)
        assert jobs(RELOAD) == []
        give(buyer, -3, staff)
        assert jobs(RELOAD) == [{"user_id": str(buyer.pk)}]

    def test_a_movement_that_does_not_cross_queues_nothing(self, buyer: User, staff: User) -> None:
        give(buyer, 12, staff)
        keep_card(buyer)
        order_reloads(buyer)
        give(buyer, -2, staff)
        assert jobs(RELOAD) == []

    def test_switching_on_below_the_threshold_queues_one(self, ready: User) -> None:
        assert jobs(RELOAD) == [{"user_id": str(ready.pk)}]

    def test_the_sweep_finds_what_lost_its_trigger(self, ready: User, stranger: User, staff: User) -> None:
        give(stranger, 3, staff)
        assert (reload_sweep.sweep(), reload_sweep.sweep()) == (1, 1)
        assert jobs(RELOAD) == [{"user_id": str(ready.pk)}]

    def test_the_sweep_leaves_alone_who_has_enough_or_switched_off(self, ready: User, staff: User) -> None:
        give(ready, 1, staff)
        assert reload_sweep.sweep() == 0
        give(ready, -5, staff)
        standing_order.switch_off(ready.pk)
        assert reload_sweep.sweep() == 0


class TestThePriceChanges:
    def test_nobody_pays_a_price_they_did_not_agree_to(self, ready: User, sandbox: SandboxProcess) -> None:
        TokenPackage.objects.filter(code="package_50").update(price_cents=59_00)
        auto_reload.reload(ready.pk)
        order = order_of(ready)
        assert (states(ready), charged_at_stripe(sandbox), letters()) == ([], [], ["reload_price_changed"])
        assert (order.enabled, order.off_because) == (False, auto_reload.PRICE_CHANGED)

    def test_nothing_on_sale_is_no_price_at_all(self, ready: User) -> None:
        TokenPackage.objects.update(on_sale=False)
        assert auto_reload.reload(ready.pk) is None
        assert (states(ready), order_of(ready).enabled) == ([], False)
