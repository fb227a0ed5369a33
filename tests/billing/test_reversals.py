"""Money that goes back: what each refund and dispute takes and gives, in whatever order it is heard of."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from billing import errands, gateway, health, mails, tasks
from billing.models import Dispute, Purchase, Refund, StripeEvent
from tests import stripe_events
from tests.billing.conftest import Sell, post_event
from tests.billing.reloading import jobs, keep_card
from tests.stripe_events import money_back
from tests.stripe_events.money_back import dispute, refund
from tokens import ledger
from tokens.models import TokenAccount, TokenTransaction

pytestmark = pytest.mark.django_db

Told = dict[str, Any]
PAID_INVOICE = {"id": "pi_invoice", "status": "succeeded", "amount": 9900, "amount_received": 9900, "currency": "usd"}


def tell(*events: Told) -> None:
    """Deliver each event twice, as Stripe may."""
    for event in events:
        assert [post_event(event).content for _ in range(2)] == [b"applied\n", b"duplicate\n"]


def gone(purchase: Purchase) -> tuple[int, int]:
    """Tokens taken back of the purchase, and cents that went back."""
    purchase.refresh_from_db()
    return purchase.tokens_gone, purchase.money_back_cents


def held(purchase: Purchase) -> tuple[int, int]:
    account = TokenAccount.objects.get(pk=purchase.user_id)
    return account.balance, account.debt


def spend(purchase: Purchase, cost: int) -> None:
    """Spend some of the buyer's tokens. An adjustment, because a deduction would need its generation."""
    ledger.adjust(
        user_id=purchase.user_id, amount=-cost, reason="Spent", adjusted_by_id=purchase.user_id, key=f"spent:{cost}"
    )


@pytest.fixture
def bought(purchase: Purchase) -> Purchase:
    """50 tokens for $49.00, paid."""
    tell(stripe_events.completed(purchase))
    purchase.refresh_from_db()
    return purchase


class TestARefund:
    @pytest.mark.parametrize(("cents", "tokens"), [(1, 0), (97, 0), (98, 1), (2450, 25), (4899, 49), (4900, 50)])
    def test_takes_its_part_of_the_tokens_rounded_in_the_buyers_favour(
        self, bought: Purchase, cents: int, tokens: int
    ) -> None:
        tell(refund(bought, cents))
        assert gone(bought) == (tokens, cents)
        assert held(bought) == (50 - tokens, 0)

    def test_of_spent_tokens_leaves_debt_that_the_next_purchase_pays(self, bought: Purchase, sell: Sell) -> None:
        spend(bought, 30)
        tell(refund(bought, 4900))
        assert held(bought) == (0, 30)
        tell(stripe_events.completed(sell()))
        assert held(bought) == (20, 0)

    def test_in_parts_takes_the_part_of_their_sum(self, bought: Purchase) -> None:
        tell(refund(bought, 97, name="a"), refund(bought, 1, name="b"))
        assert gone(bought) == (1, 98)

    @pytest.mark.parametrize("status", ["pending", "requires_action", "succeeded"])
    def test_takes_them_as_long_as_the_money_is_not_ours(self, bought: Purchase, status: str) -> None:
        tell(refund(bought, 4900, status))
        assert gone(bought) == (50, 4900)

    @pytest.mark.parametrize("status", ["failed", "canceled"])
    def test_that_came_to_nothing_gives_them_again(self, bought: Purchase, status: str) -> None:
        spend(bought, 20)
        tell(refund(bought, 4900))
        assert held(bought) == (0, 20)
        tell(refund(bought, 4900, status))
        assert (gone(bought), held(bought)) == ((0, 0), (30, 0))
        assert (bought.tokens_reversed, bought.tokens_reinstated) == (50, 50)

    def test_that_failed_stays_failed_whatever_comes_late(self, bought: Purchase) -> None:
        tell(refund(bought, 4900, "failed"), refund(bought, 4900), refund(bought, 4900, "pending"))
        assert (gone(bought), Refund.objects.get().status) == ((0, 0), "failed")
        assert TokenTransaction.objects.count() == 1

    def test_can_follow_one_that_failed(self, bought: Purchase) -> None:
        tell(refund(bought, 4900, name="a"), refund(bought, 4900, "failed", name="a"), refund(bought, 4900, name="b"))
        assert gone(bought) == (50, 4900)
        assert (bought.tokens_reversed, bought.tokens_reinstated) == (100, 50)

    def test_in_another_currency_takes_nothing_and_raises_an_alarm(
        self, bought: Purchase, caplog: pytest.LogCaptureFixture
    ) -> None:
        tell(refund(bought, 4900, currency="eur"))
        assert gone(bought) == (0, 0)
        alarms = [record for record in caplog.records if "money_back_in_another_currency" in record.getMessage()]
        assert [alarm.levelname for alarm in alarms] == ["ERROR"]

    def test_of_a_currency_without_cents(self, sell: Sell) -> None:
        purchase = sell(price_cents=5000, currency="jpy")
        tell(stripe_events.completed(purchase), refund(purchase, 100))
        assert gone(purchase) == (1, 100)

    def test_in_a_status_we_do_not_know_takes_nothing(self, bought: Purchase) -> None:
        tell(refund(bought, 4900, "teleported"))
        assert gone(bought) == (0, 0)
        tell(refund(bought, 4900))
        assert gone(bought) == (50, 4900)

    def test_of_something_without_a_payment_is_not_ours(self, db: None) -> None:
        told = stripe_events.event("refund.created", {"id": "re_1", "amount": 1, "currency": "usd", "created": 1})
        assert post_event(told).content == b"ignored\n"
        assert not Refund.objects.exists()

    def test_is_asked_about_when_only_its_charge_is_told_of(
        self, bought: Purchase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = gateway.of_refund(money_back.refund_object(bought, 2450))
        monkeypatch.setattr(gateway, "refunds_of", lambda payment: [known])
        monkeypatch.setattr(gateway, "disputes_of", lambda payment: [])
        charge = {"id": "ch_1", "payment_intent": bought.stripe_payment_intent_id, "amount_refunded": 2450}
        tell(stripe_events.event("charge.refunded", charge))
        assert gone(bought) == (25, 2450)

    def test_of_a_charge_of_somebody_else_is_not_asked_about(self, db: None) -> None:
        told = stripe_events.event("charge.refunded", {"id": "ch_1", "payment_intent": "pi_theirs"})
        assert post_event(told).content == b"ignored\n"


class TestADispute:
    @pytest.mark.parametrize("status", ["needs_response", "under_review", "lost", "appeal_needs_response"])
    def test_takes_the_tokens_and_leaves_debt(self, bought: Purchase, status: str) -> None:
        spend(bought, 10)
        tell(dispute(bought, 4900, status))
        assert (gone(bought), held(bought)) == ((50, 4900), (0, 10))

    @pytest.mark.parametrize(
        "status", ["warning_needs_response", "warning_under_review", "warning_closed", "prevented", "won"]
    )
    def test_takes_nothing_when_no_money_moved(self, bought: Purchase, status: str) -> None:
        tell(dispute(bought, 4900, status))
        assert (gone(bought), held(bought)) == ((0, 0), (50, 0))

    def test_takes_them_when_an_inquiry_becomes_one(self, bought: Purchase) -> None:
        tell(dispute(bought, 4900, "warning_needs_response"), dispute(bought, 4900, "needs_response"))
        assert gone(bought) == (50, 4900)

    def test_that_is_won_gives_them_again_and_they_pay_the_debt(self, bought: Purchase) -> None:
        spend(bought, 10)
        tell(dispute(bought, 4900, "needs_response"), dispute(bought, 4900, "won"))
        assert (gone(bought), held(bought)) == ((0, 0), (40, 0))

    def test_that_is_lost_and_appealed_can_still_be_won(self, bought: Purchase) -> None:
        appeal = ["needs_response", "lost", "appeal_under_review", "won", "lost"]
        tell(*[dispute(bought, 4900, status) for status in appeal])
        assert (gone(bought), Dispute.objects.get().status) == ((0, 0), "won")

    def test_heard_of_backwards_ends_the_same(self, bought: Purchase) -> None:
        tell(*[dispute(bought, 4900, status) for status in ("won", "under_review", "needs_response")])
        assert (gone(bought), TokenTransaction.objects.count()) == ((0, 0), 1)

    def test_beside_refunds_takes_no_more_than_was_bought(self, bought: Purchase) -> None:
        tell(refund(bought, 3000, name="a"), refund(bought, 1000, name="b"), dispute(bought, 4900, "needs_response"))
        assert gone(bought) == (50, 4900)
        tell(dispute(bought, 4900, "won"))
        assert gone(bought) == (40, 4000)

    def test_in_another_currency_takes_nothing(self, bought: Purchase) -> None:
        tell(dispute(bought, 4900, "lost", currency="eur"))
        assert gone(bought) == (0, 0)

    def test_raises_an_alarm_once(self, bought: Purchase, caplog: pytest.LogCaptureFixture) -> None:
        tell(dispute(bought, 4900, "needs_response"), dispute(bought, 4900, "under_review"))
        alarms = [record.levelname for record in caplog.records if "dispute_opened" in record.getMessage()]
        assert alarms == ["ERROR"]

    def test_of_somebody_elses_payment_raises_none(self, purchase: Purchase, caplog: pytest.LogCaptureFixture) -> None:
        tell(dispute(purchase, 4900, "needs_response"))
        assert "dispute_opened" not in caplog.text

    def test_of_a_payment_that_turns_out_to_be_ours_raises_it_then(
        self, purchase: Purchase, caplog: pytest.LogCaptureFixture
    ) -> None:
        tell(dispute(purchase, 4900, "needs_response"), stripe_events.completed(purchase))
        assert caplog.text.count("dispute_opened") == 1

    def test_of_a_subscriptions_payment_raises_it_once_stripe_has_said_whose_it_is(
        self, buyer: User, purchase: Purchase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep_card(buyer)
        listed = gateway.ListedPayment(gateway.of_intent(PAID_INVOICE), "cus_1", timezone.now(), {})
        monkeypatch.setattr(gateway, "look_up_payment", lambda payment: listed)
        tell(dispute(purchase, 9900, "needs_response", payment_intent="pi_invoice"))
        assert "dispute_opened" not in caplog.text
        [asked] = jobs("billing.stop_reloads")
        tasks.stop_reloads(**asked)
        assert caplog.text.count("dispute_opened") == 1

    def test_notes_a_later_date_for_the_answer(self, bought: Purchase) -> None:
        tell(dispute(bought, 4900, "needs_response", evidence_details={"due_by": 1_800_000_000}))
        tell(dispute(bought, 4900, "under_review", evidence_details={"due_by": None}))
        due = Dispute.objects.get().answer_by
        assert due is not None
        assert due.timestamp() == 1_800_000_000


class TestSomethingForeign:
    """Another program on the same Stripe account may sell in a currency whose cents are many."""

    @pytest.mark.parametrize("cents", [2_500_000_000, 10**15])
    @pytest.mark.parametrize("news", [refund, dispute])
    def test_of_any_amount_is_taken_calmly(self, purchase: Purchase, news: Any, cents: int) -> None:
        tell(news(purchase, cents, "pending", payment_intent="pi_foreign", currency="idr"))
        assert (gone(purchase), TokenTransaction.objects.count()) == ((0, 0), 0)

    def test_with_an_effect_that_can_never_be_had_is_shown_to_staff_and_blocks_nothing(
        self, purchase: Purchase
    ) -> None:
        beyond = refund(purchase, 10**30, payment_intent="pi_foreign")
        assert [post_event(beyond).status_code for _ in range(2)] == [500, 500]
        kept = StripeEvent.objects.get()
        assert (kept.state, kept.attempts, kept.reason.split(":")[0]) == ("failed", 2, "OverflowError")
        assert health.facts().events_waiting == 1
        assert [problem for problem in health._events() if "failed: 1." in problem] != []
        tell(stripe_events.completed(purchase), refund(purchase, 2450))
        assert held(purchase) == (25, 0)


class TestBeforeThePaymentIsKnown:
    def test_a_refund_waits_and_is_taken_in_the_transaction_that_credits(self, purchase: Purchase) -> None:
        tell(refund(purchase, 4900))
        assert (gone(purchase), TokenTransaction.objects.count()) == ((0, 0), 0)
        tell(stripe_events.completed(purchase))
        assert (gone(purchase), held(purchase), purchase.state) == ((50, 4900), (0, 0), "paid")
        assert list(TokenTransaction.objects.order_by("number").values_list("amount", flat=True)) == [50, -50]

    def test_a_part_leaves_the_rest(self, purchase: Purchase) -> None:
        tell(refund(purchase, 980), stripe_events.completed(purchase))
        assert (gone(purchase), held(purchase)) == ((10, 980), (40, 0))

    @pytest.mark.parametrize("end", [refund, dispute])
    def test_what_came_to_nothing_by_then_takes_nothing(self, purchase: Purchase, end: Callable[..., Told]) -> None:
        first, last = ("pending", "failed") if end is refund else ("needs_response", "won")
        tell(end(purchase, 4900, first), end(purchase, 4900, last), stripe_events.completed(purchase))
        assert (gone(purchase), TokenTransaction.objects.count()) == ((0, 0), 1)

    def test_a_refund_of_a_payment_that_never_is_ours_touches_nobody(self, bought: Purchase) -> None:
        tell(refund(bought, 4900, payment_intent="pi_of_another_program"))
        assert (gone(bought), held(bought)) == ((0, 0), (50, 0))


class TestTheLetters:
    @pytest.fixture
    def letters(self, bought: Purchase, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[str, str]]]:
        """Send each mail at once; returns those sent: subject and text in one line."""
        monkeypatch.setattr(
            errands, "later", lambda task, **job: mails.send(job["letter"], job["user_id"], job["facts"])
        )
        return lambda: [(str(sent.subject), " ".join(sent.body.split())) for sent in mail.outbox]

    def test_a_refund_is_told_with_what_is_left(
        self, bought: Purchase, letters: Callable[[], list[tuple[str, str]]]
    ) -> None:
        tell(refund(bought, 980))
        [(subject, text)] = letters()
        assert subject == "10 tokens taken back, because their money went back"
        assert "$9.80 of that is refunded to you." in text
        assert "So 10 tokens were taken back. You have 40 tokens left." in text
        assert "Why:" not in text
        assert f"http://localhost:8000/purchase/{bought.pk}/" in text

    def test_debt_is_told_with_the_way_out(
        self, bought: Purchase, letters: Callable[[], list[tuple[str, str]]]
    ) -> None:
        spend(bought, 49)
        mail.outbox.clear()
        tell(dispute(bought, 4900, "needs_response"))
        [(_, text)] = letters()
        assert "Your bank has taken back $49.00 of that, because the payment was disputed." in text
        assert "so you owe 49 tokens now." in text
        assert "your next purchase pays them first: http://localhost:8000/purchase/" in text

    def test_a_staff_members_reason_is_told(
        self, bought: Purchase, staff: User, letters: Callable[[], list[tuple[str, str]]]
    ) -> None:
        ours = {"note": "Sorry for the outage & the wait", "requested_by": str(staff.pk), "form_key": "0" * 32}
        tell(refund(bought, 4900, metadata=ours))
        assert "Why: Sorry for the outage & the wait" in letters()[0][1]

    def test_tokens_given_again_are_told(self, bought: Purchase, letters: Callable[[], list[tuple[str, str]]]) -> None:
        tell(dispute(bought, 4900, "needs_response"), dispute(bought, 4900, "won"))
        subject, text = letters()[1]
        assert subject == "50 tokens given to you again"
        assert "You have 50 tokens now. There is nothing you need to do." in text

    def test_a_part_worth_no_token_is_not_written_about(
        self, bought: Purchase, letters: Callable[[], list[tuple[str, str]]]
    ) -> None:
        tell(refund(bought, 97))
        assert letters() == []


class TestWhoAskedForARefund:
    @pytest.mark.parametrize("who", ["buyer", "nobody", "nonsense"])
    def test_words_that_name_nobody_who_works_here_are_not_ours(self, bought: Purchase, buyer: User, who: str) -> None:
        asked_by = {"buyer": str(buyer.pk), "nobody": str(bought.pk), "nonsense": "x"}[who]
        ours = {"note": "Free money", "requested_by": asked_by, "form_key": "0" * 32}
        tell(refund(bought, 4900, metadata=ours))
        known = Refund.objects.get()
        assert (known.reason, known.requested_by, known.form_key) == ("requested_by_customer", None, None)


class TestWhatTheBuyerSees:
    @pytest.fixture(autouse=True)
    def _signed_in(self, client: Any, buyer: User) -> None:
        client.force_login(buyer)
        self.client = client

    def pages(self, bought: Purchase) -> tuple[str, str]:
        """The list of purchases and the page of this one, with their white space collapsed."""
        addresses = ("/purchase/", bought.get_absolute_url())
        listed, own = [" ".join(self.client.get(address).content.decode().split()) for address in addresses]
        return listed, own

    def test_a_part_refunded(self, bought: Purchase) -> None:
        tell(refund(bought, 980))
        listed, own = self.pages(bought)
        assert "Refunded $9.80 of $49.00" in listed
        assert "A part of this purchase was refunded" in own
        assert "10 of its 50 tokens were taken back. You have <strong>40 tokens</strong> now." in own

    def test_all_of_it_refunded(self, bought: Purchase) -> None:
        tell(refund(bought, 4900))
        listed, own = self.pages(bought)
        assert "Refunded $49.00 of $49.00" in listed
        assert ("This purchase was refunded" in own, "50 tokens are yours" in own) == (True, False)

    def test_a_dispute_and_the_debt(self, bought: Purchase) -> None:
        spend(bought, 10)
        tell(dispute(bought, 4900, "needs_response"))
        listed, own = self.pages(bought)
        assert ">Disputed</span>" in listed
        assert "Your bank disputes this payment" in own
        assert "You owe 10 tokens that were spent before the money went back" in own

    def test_a_dispute_that_is_lost_promises_nothing(self, bought: Purchase) -> None:
        tell(dispute(bought, 4900, "needs_response"), dispute(bought, 4900, "lost"))
        _, own = self.pages(bought)
        assert ("Your bank has taken this payment back" in own, "the tokens come back" in own) == (True, False)

    def test_a_dispute_that_was_won_leaves_no_trace(self, bought: Purchase) -> None:
        tell(dispute(bought, 4900, "needs_response"), dispute(bought, 4900, "won"))
        listed, own = self.pages(bought)
        assert (">Paid</span>" in listed, "50 tokens are yours" in own) == (True, True)
