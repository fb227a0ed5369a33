"""The page on which a bank asks its customer about a reload."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from billing import auto_reload
from billing.models import Purchase, SavedCard
from tests.billing.reloading import (
    ASKS_THE_BANK,
    give,
    order_reloads,
    save_card,
    states,
    text,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/account/auto-reload/"


class TestConfirmingAtTheBank:
    @pytest.fixture
    def asked(self, client: Client, buyer: User, staff: User, sandbox: SandboxProcess) -> Client:
        give(buyer, 4, staff)
        save_card(buyer, ASKS_THE_BANK)
        order_reloads(buyer)
        auto_reload.reload(buyer.pk)
        client.force_login(buyer)
        return client

    def test_the_settings_lead_there(self, asked: Client) -> None:
        page = asked.get(PAGE)
        assert "Your bank wants you to confirm a payment of $49.00." in text(page)
        assert f"/purchase/{Purchase.objects.get().pk}/confirm/" in page.content.decode()

    def test_the_page_has_what_stripes_script_needs(self, asked: Client, settings: Any) -> None:
        purchase = Purchase.objects.get()
        answer = asked.get(f"/purchase/{purchase.pk}/confirm/")
        page = answer.content.decode()
        assert f'data-client-secret="{purchase.stripe_payment_intent_id}_secret_' in page
        assert f'data-payment-method="{SavedCard.objects.get().pk}"' in page
        assert f'<script src="{settings.STRIPE_JS_URL}" defer>' in page
        policy = answer.headers["Content-Security-Policy"]
        origin = settings.STRIPE_JS_URL.removesuffix("/js/stripe.js")
        assert f"script-src 'self' {origin}" in policy

    def test_it_is_nobody_elses(self, asked: Client, stranger: User) -> None:
        asked.force_login(stranger)
        assert asked.get(f"/purchase/{Purchase.objects.get().pk}/confirm/").status_code == 404

    def test_one_that_is_decided_shows_what_became_of_it(self, asked: Client) -> None:
        purchase = Purchase.objects.get()
        auto_reload.close(purchase)
        answer = asked.get(f"/purchase/{purchase.pk}/confirm/")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/purchase/{purchase.pk}/")

    def test_while_stripe_is_away_it_says_so(self, asked: Client, sandbox: SandboxProcess) -> None:
        sandbox.control("faults", {"kind": "down", "calls": 50})
        answer = asked.get(f"/purchase/{Purchase.objects.get().pk}/confirm/")
        assert (answer.status_code, "We cannot reach your payment" in text(answer)) == (503, True)

    def test_a_purchase_of_another_kind_has_no_such_page(self, asked: Client, buyer: User) -> None:
        assert states(buyer) == ["open"]
        Purchase.objects.update(way="card", package="package_50", monthly_cap_cents=None)
        assert asked.get(f"/purchase/{Purchase.objects.get().pk}/confirm/").status_code == 404
