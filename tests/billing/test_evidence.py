"""What staff can show a bank: complete, from our own receipts, and without a secret."""

from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing import evidence
from billing.models import Consent, Dispute, Purchase
from generations import studio
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tests.stripe_events.money_back import dispute, refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought(sell: Sell, buyer: User) -> Purchase:
    """50 tokens for $49.00, with a consent, of which one was used and one returned, and $4.90 refunded."""
    EmailAddress.objects.create(user=buyer, email=buyer.email, verified=True, primary=True)
    wording = "Keep this card for later purchases."
    consent = Consent.objects.create(user=buyer, purpose="save_card", wording=wording, ip_address="203.0.113.7")
    post_event(stripe_events.completed(sell()))
    purchase = sell(consent=consent)
    post_event(stripe_events.completed(purchase))
    for style in ("japanese-zen", "english-garden"):
        [generation] = studio.start_designs(
            user=buyer, form_key=uuid4(), areas=["patio"], style=style, prompt="my secret wish"
        )
        if style == "japanese-zen":
            studio.fail(generation.pk, reason="It failed.")
    post_event(refund(purchase, 490))
    purchase.refresh_from_db()
    return purchase


@pytest.fixture
def disputed(bought: Purchase) -> Dispute:
    post_event(dispute(bought, 4410, "needs_response"))
    return Dispute.objects.get()


def text_of(dispute: Dispute) -> str:
    collected = evidence.collect(dispute)
    assert collected is not None
    return evidence.as_text(collected, "Verdant")


class TestTheReceipts:
    def test_tell_who_bought_what_and_used_it_when(self, disputed: Dispute, bought: Purchase) -> None:
        lines = text_of(disputed).splitlines()
        for line in (
            f"Evidence about payment {bought.stripe_payment_intent_id}",
            "E-mail:              buyer@example.com",
            "E-mail confirmed:    yes",
            "Last sign-in:        none noted",
            "Earlier purchases:   1",
            f"Paid and delivered:  {bought.paid_at:%Y-%m-%d %H:%M:%S}",
            "Price:               $49.00 for 50 tokens",
            "Held before it:      50 tokens",
            '                     "Keep this card for later purchases."',
            "USE SINCE THE PURCHASE: 1 in all",
        ):
            assert lines.count(line) == 1, line
        assert [line[21:] for line in lines if "Japanese Zen" in line] == [
            "-1  Japanese Zen, patio",
            "+1  Returned: Japanese Zen, patio",
        ]
        assert [line[21:] for line in lines if line.endswith("Refunded")] == ["$4.90  Refunded"]

    def test_tell_from_where_the_consent_came(self, disputed: Dispute) -> None:
        assert text_of(disputed).count("from 203.0.113.7") == 1

    def test_tell_no_secret(self, disputed: Dispute) -> None:
        text = text_of(disputed)
        assert [
            word for word in ("my secret wish", "generation:", "purchase:", "staff@", "trial:") if word in text
        ] == []

    def test_leave_out_what_was_used_before(self, disputed: Dispute, bought: Purchase) -> None:
        collected = evidence.collect(disputed)
        assert collected is not None
        assert bought.transaction is not None
        assert min(use.number for use in collected.uses) > bought.transaction.number

    def test_leave_out_what_others_did(self, disputed: Dispute, stranger: User, sell: Sell) -> None:
        theirs = sell(user=stranger)
        post_event(stripe_events.completed(theirs))
        studio.start_designs(user=stranger, form_key=theirs.pk, areas=["patio"], style="desert-landscape", prompt="")[0]
        assert "Desert" not in text_of(disputed)

    def test_are_none_for_a_payment_that_is_not_ours(self, bought: Purchase) -> None:
        post_event(dispute(bought, 100, "needs_response", name="two", payment_intent="pi_theirs"))
        assert evidence.collect(Dispute.objects.get()) is None


class TestThePages:
    def address(self, name: str, disputed: Dispute) -> str:
        return reverse(f"admin:billing_dispute_{name}", args=[disputed.pk])

    def test_the_page_shows_the_same(self, desk: Client, disputed: Dispute) -> None:
        page = desk.get(self.address("evidence", disputed)).content.decode()
        for words in ("buyer@example.com, confirmed", "Returned: Japanese Zen, patio", "203.0.113.7", "$4.90"):
            assert page.count(words) == 1, words
        assert self.address("evidence_text", disputed) in page

    def test_the_text_is_a_file(self, desk: Client, disputed: Dispute, bought: Purchase) -> None:
        answer = desk.get(self.address("evidence_text", disputed))
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="evidence-{bought.pk}.txt"'
        assert answer.content.decode() == text_of(disputed)

    def test_what_is_not_ours_says_so(self, desk: Client, bought: Purchase) -> None:
        post_event(dispute(bought, 100, "needs_response", payment_intent="pi_theirs"))
        theirs = Dispute.objects.get()
        assert (
            "No paid purchase here has payment pi_theirs" in desk.get(self.address("evidence", theirs)).content.decode()
        )
        assert desk.get(self.address("evidence_text", theirs)).status_code == 404

    @pytest.mark.parametrize("name", ["evidence", "evidence_text"])
    def test_only_who_may_see_disputes(self, client: Client, buyer: User, disputed: Dispute, name: str) -> None:
        client.force_login(buyer)
        assert client.get(self.address(name, disputed)).status_code == 302
        support = User.objects.create_user("support@example.com", "a-long-passphrase", is_staff=True)
        client.force_login(support)
        assert client.get(self.address(name, disputed)).status_code == 403
        support.user_permissions.add(Permission.objects.get(codename="view_dispute"))
        assert client.get(self.address(name, disputed)).status_code == 200


class TestTheLists:
    def rows(self, answer: Any) -> list[tuple[str, str | None]]:
        return [(row.stripe_payment_intent_id[:8], row.buyer_email) for row in answer.context["cl"].result_list]

    def test_disputes_begin_with_what_must_be_answered_first(self, desk: Client, sell: Sell, buyer: User) -> None:
        for name, status, due in (("a", "won", 1), ("b", "needs_response", 3_000), ("c", "needs_response", 2_000)):
            event = dispute(sell(), 4900, status, payment_intent=f"pi_{name}", evidence_details={"due_by": due})
            post_event(event)
        answer = desk.get("/admin/billing/dispute/")
        assert [payment for payment, _ in self.rows(answer)] == ["pi_c", "pi_b", "pi_a"]

    def test_they_name_the_buyer(self, desk: Client, disputed: Dispute, buyer: User) -> None:
        for model in ("dispute", "refund"):
            assert [email for _, email in self.rows(desk.get(f"/admin/billing/{model}/"))] == [buyer.email]

    @pytest.mark.parametrize("model", ["dispute", "refund"])
    def test_nothing_is_added_changed_or_deleted_by_hand(self, desk: Client, disputed: Dispute, model: str) -> None:
        key = disputed.pk if model == "dispute" else f"re_one_{disputed.pk}"
        assert desk.post(f"/admin/billing/{model}/add/", {}).status_code == 403
        assert desk.post(f"/admin/billing/{model}/{key}/delete/", {"post": "yes"}).status_code in (302, 403)
        assert Dispute.objects.count() == 1

    def test_a_dispute_has_its_page_with_the_way_to_the_evidence(self, desk: Client, disputed: Dispute) -> None:
        page = desk.get(reverse("admin:billing_dispute_change", args=[quote(disputed.pk)])).content.decode()
        assert reverse("admin:billing_dispute_evidence", args=[disputed.pk]) in page


def test_a_dispute_leads_to_its_purchase(client: Client, staff: User, disputed: Dispute, bought: Purchase) -> None:
    client.force_login(staff)
    page = client.get(reverse("admin:billing_dispute_change", args=[quote(disputed.pk)])).content.decode()
    assert f'href="/admin/billing/purchase/{bought.pk}/change/"' in page
    assert "$44.10, opened: answer it" in page
