"""A process dies at any step of a flow that asks Stripe; nothing is charged or refunded twice, or for nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import F

from accounts.models import User
from billing import auto_reload, card_form, reconcile, refunding
from billing.models import Purchase, Refund
from tests.billing.reloading import balance, give, order_reloads, save_card
from tests.faults.test_death_at_every_step import keys_like, sweep
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]


@pytest.fixture
def payments(sandbox: SandboxProcess) -> Any:
    """`payments(purchase)` returns what Stripe knows of payments for this purchase."""

    def of(purchase: Purchase) -> list[dict[str, Any]]:
        known = sandbox.control("truth")["payment_intents"]
        return [payment for payment in known if payment["metadata"].get("purchase_id") == str(purchase.pk)]

    return of


def somebody() -> User:
    return User.objects.create_user(f"{uuid4().hex}@example.com")


def later() -> None:
    """Let so much time pass that reconciliation takes whatever is unfinished into its own hands, and run it."""
    Purchase.objects.filter(state="created").update(created_at=F("created_at") - timedelta(minutes=10))
    assert reconcile.reconcile(everything=True).failed == 0


def test_an_auto_reload(staff: User, payments: Any) -> None:
    def make() -> User:
        user = somebody()
        give(user, 9, staff)
        save_card(user)
        order_reloads(user)
        return user

    def made_whole(user: User) -> None:
        later()
        reloads = list(Purchase.objects.filter(user=user))
        charged = [payment for reload in reloads for payment in payments(reload)]
        assert [payment["status"] for payment in charged] == ["succeeded"] * len(charged)
        assert len(charged) <= 1
        assert balance(user) == 9 + 50 * len(charged)
        assert {reload.state for reload in reloads} <= {"paid", "expired"}

    sweep(make, lambda user: auto_reload.reload(user.pk), made_whole)


def test_opening_a_payment_for_the_card_form(payments: Any) -> None:
    def open_form(user: User) -> Purchase:
        payable = card_form.open_purchase(
            user=user, package_code="package_50", save_card=False, shown_terms="", ip_address=None
        )
        return payable.purchase

    def again(user: User) -> None:
        purchase = open_form(user)
        assert list(Purchase.objects.filter(user=user)) == [purchase]
        assert [payment["status"] for payment in payments(purchase)] == ["requires_payment_method"]

    sweep(somebody, open_form, again)


def test_a_refund_by_staff(staff: User, payments: Any) -> None:
    def make() -> tuple[Purchase, UUID]:
        user = somebody()
        give(user, 9, staff)
        save_card(user)
        order_reloads(user)
        purchase = auto_reload.reload(user.pk)
        assert purchase is not None
        return purchase, uuid4()

    def refund(subject: tuple[Purchase, UUID]) -> Refund:
        purchase, form_key = subject
        purchase.refresh_from_db()
        return refunding.refund_purchase(
            purchase=purchase, staff=staff, amount_cents=4900, reason="A mistake", form_key=form_key
        )

    def again(subject: tuple[Purchase, UUID]) -> None:
        refund(subject)
        purchase = Purchase.objects.get(pk=subject[0].pk)
        [payment] = payments(purchase)
        assert (payment["amount_refunded"], len(payment["refunds"])) == (4900, 1)
        assert (purchase.tokens_gone, keys_like(f"purchase:{purchase.pk}:reversed")) == (50, 1)
        assert balance(purchase.user) == 9

    sweep(make, refund, again)
