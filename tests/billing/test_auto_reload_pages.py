"""The pages of auto-reload: what is said before anything is agreed to, and that nothing else switches it on."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from billing import outlook
from billing.amounts import cents
from billing.models import AutoReload, Consent, Purchase, ReloadSkip, SavedCard, TokenPackage
from tests.billing.reloading import (
    give,
    jobs,
    keep_card,
    order_of,
    order_reloads,
    text,
)

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/account/auto-reload/"
SETTINGS = {"threshold": "10", "amount": "50", "monthly_cap": "150"}


def shown(answer: Any) -> str:
    """What the form says it showed; the balance in the navbar says so of itself, too."""
    found: str = re.findall(r'name="shown" value="([^"]*)"', answer.content.decode())[-1]
    return found


@pytest.fixture
def member(client: Client, buyer: User, staff: User) -> Client:
    """The buyer, signed in, with 4 tokens and a saved card."""
    give(buyer, 4, staff)
    keep_card(buyer)
    client.force_login(buyer)
    return client


def preview(member: Client, **changes: str) -> Any:
    return member.post(f"{PAGE}preview/", {**SETTINGS, **changes})


def save(member: Client, seen: str, **changes: str) -> Any:
    return member.post(f"{PAGE}save/", {**SETTINGS, "shown": seen, "agreed": "on", **changes})


def reload_of(user: User, **fields: Any) -> Purchase:
    """Write down a reload that was begun just now."""
    consent = Consent.objects.create(user=user, purpose="auto_reload", wording="buy 50 tokens for $49.00 and")
    return Purchase.objects.create(
        **{
            "user": user,
            "way": "auto_reload",
            "tokens": 50,
            "price_cents": 4900,
            "currency": "usd",
            "consent": consent,
            "monthly_cap_cents": 15000,
            "expires_at": timezone.now(),
            **fields,
        }
    )


class TestThePage:
    def test_it_is_off_and_nothing_is_ticked(self, member: Client) -> None:
        page = member.get(PAGE)
        assert "Buys tokens with your saved card when you run low" in text(page)
        assert 'name="agreed"' not in page.content.decode()
        assert AutoReload.objects.count() == 0

    def test_without_a_card_it_asks_for_one_first(self, signed_in: Client) -> None:
        page = text(signed_in.get(PAGE))
        assert ("First, a card" in page, "See what this does" in page) == (True, False)

    def test_an_expired_card_is_to_be_replaced_first(self, member: Client) -> None:
        SavedCard.objects.update(exp_year=2020)
        page = text(member.get(PAGE))
        assert ("Visa ending in 4242 has expired" in page, "See what this does" in page) == (True, False)

    def test_it_shows_what_was_done_and_what_was_not_and_why(self, member: Client, buyer: User) -> None:
        order = order_reloads(buyer)
        Purchase.objects.create(
            user=buyer,
            way="auto_reload",
            tokens=50,
            price_cents=4900,
            currency="usd",
            state="failed",
            consent=order.consent,
            monthly_cap_cents=15000,
            expires_at=timezone.now(),
        )
        AutoReload.objects.update(failure_count=2)
        ReloadSkip.objects.create(user=buyer, reason="cap", balance=4, times=7)
        page = text(member.get(PAGE))
        assert "Below 10 tokens, 50 tokens for $49.00 are bought with your Visa ending in 4242." in page
        assert "2 of 3, then it switches itself off" in page
        assert "It would pass the monthly cap 4 7" in page
        assert "$49.00 Failed, not charged" in page

    def test_what_waits_to_be_confirmed_is_not_counted_as_spent(self, member: Client, buyer: User) -> None:
        order_reloads(buyer)
        reload_of(buyer, state="open", stripe_payment_intent_id="pi_1")
        page = text(member.get(PAGE))
        assert "$0.00 of at most $500.00; $49.00 more waits for you to confirm it" in page

    @pytest.mark.parametrize("state", ["failed", "expired"])
    def test_the_page_of_a_reload_that_came_to_nothing_leads_to_the_cards(
        self, member: Client, buyer: User, state: str
    ) -> None:
        reload = reload_of(buyer, state=state, stripe_payment_intent_id=None)
        page = member.get(reload.get_absolute_url()).content.decode()
        assert ("Back to the packages" in page, ">Your cards</a>" in page) == (False, True)

    def test_a_past_reason_for_which_it_went_off_stays_on_the_page(self, member: Client, buyer: User) -> None:
        order_reloads(buyer)
        AutoReload.objects.update(enabled=False, off_because="The card was declined 3 times in a row.")
        assert "Auto-reload was switched off. The card was declined 3 times in a row." in text(member.get(PAGE))

    def test_the_stranger_sees_nothing_of_it(self, member: Client, buyer: User, stranger: User) -> None:
        order_reloads(buyer)
        member.force_login(stranger)
        assert "First, a card" in text(member.get(PAGE))


class TestThePreview:
    def test_it_says_that_saving_charges_now(self, member: Client) -> None:
        page = preview(member)
        assert (
            "You have 4 tokens, fewer than 10: saving charges $49.00 to your Visa ending in 4242 within two minutes."
            in text(page)
        )
        assert "Turn on and pay $49.00 within two minutes" in text(page)

    def test_it_says_that_saving_charges_nothing_now(self, member: Client, buyer: User, staff: User) -> None:
        give(buyer, 36, staff)
        page = text(preview(member))
        assert "You have 40 tokens: saving charges nothing now." in page
        assert "Turn auto-reload on" in page

    def test_it_rehearses_the_last_thirty_days(self, member: Client, buyer: User, staff: User) -> None:
        give(buyer, 60, staff)
        give(buyer, -60, staff)
        assert "They would have charged you once, $49.00 in all." in text(preview(member))

    def test_it_saves_and_charges_nothing(self, member: Client) -> None:
        preview(member)
        assert (AutoReload.objects.count(), Consent.objects.count(), jobs("billing.reload")) == (0, 0, [])

    def test_the_box_is_not_ticked(self, member: Client) -> None:
        page = preview(member).content.decode()
        box = re.search(r"<input[^>]*name=\"agreed\"[^>]*>", page)
        assert box
        assert "checked" not in box[0]

    @pytest.mark.parametrize(
        ("field", "value", "problem"),
        [
            ("threshold", "0", "Write a whole number from 1 to 100."),
            ("threshold", "101", "Write a whole number from 1 to 100."),
            ("threshold", "٣", "Write a whole number from 1 to 100."),
            ("amount", "9", "Write a whole number from 10 to 10,000."),
            ("amount", "1e2", "Write a whole number from 10 to 10,000."),
            ("amount", "999999999999", "Write a whole number from 10 to 10,000."),
            ("amount", "-50", "Write a whole number from 10 to 10,000."),
            ("monthly_cap", "", "Write an amount of money"),
            ("monthly_cap", "48.99", "Write an amount from $49.00, which one reload costs"),
            ("monthly_cap", "NaN", "Write an amount of money"),
            ("monthly_cap", "1e9", "Write an amount of money"),
            ("monthly_cap", "150.5", "Write an amount of money"),
            ("monthly_cap", "999999999", "Write an amount from $49.00, which one reload costs, to $999,999.99"),
        ],
    )
    def test_what_makes_no_sense_is_explained(self, member: Client, field: str, value: str, problem: str) -> None:
        answer = preview(member, **{field: value})
        assert (answer.status_code, problem in text(answer)) == (422, True)

    def test_everything_that_makes_no_sense_is_said_at_once(self, member: Client) -> None:
        page = text(preview(member, threshold="-1", amount="", monthly_cap="lots"))
        said = ["Reload below: Write a whole", "Tokens to buy each time: Write a whole", "At most per month: Write an"]
        assert [sentence in page for sentence in said] == [True, True, True]

    def test_right_after_a_reload_the_next_one_still_comes_within_two_minutes(
        self, member: Client, buyer: User
    ) -> None:
        reload_of(buyer, state="failed")
        assert "saving charges $49.00 to your Visa ending in 4242 within two minutes" in text(preview(member))

    def test_right_after_a_reload_a_cap_that_is_reached_is_said_all_the_same(self, member: Client, buyer: User) -> None:
        reload_of(buyer, state="mismatched")
        page = text(preview(member))
        assert "saving charges nothing yet: another reload is not finished." in page
        Purchase.objects.update(state="failed")
        ten = [reload_of(buyer, state="failed", stripe_payment_intent_id=f"pi_{number}") for number in range(10)]
        assert (len(ten), "nothing yet: enough reloads for one day." in text(preview(member))) == (10, True)


class TestMoneyAsPeopleWriteIt:
    @pytest.mark.parametrize(
        ("written", "read"), [("150", 15000), ("$1,250.50", 125050), (" 49.00 ", 4900), ("0", 0), ("90", 9000)]
    )
    def test_it_is_read_exactly(self, written: str, read: int) -> None:
        assert cents(written, "usd") == read

    def test_a_currency_without_decimals_has_none(self) -> None:
        assert cents("4,900", "jpy") == 4900
        with pytest.raises(ValueError, match=r"49\.00"):
            cents("49.00", "jpy")

    @pytest.mark.parametrize("written", ["", "-1", "1.5", "1,00", "1e3", "inf", "٣", "1.2.3", "50 dollars"])
    def test_what_is_no_money_is_refused(self, written: str) -> None:
        with pytest.raises(ValueError, match="^" + re.escape(written)):
            cents(written, "usd")


class TestSaving:
    def test_it_is_on_and_a_reload_is_queued(self, member: Client, buyer: User) -> None:
        answer = save(member, shown(preview(member)))
        assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
        order = order_of(buyer)
        assert (order.enabled, order.threshold, order.amount, order.monthly_cap_cents) == (True, 10, 50, 150_00)
        assert jobs("billing.reload") == [{"user_id": str(buyer.pk)}]
        assert "Auto-reload is on. 50 tokens for $49.00 are bought within two minutes." in text(member.get(PAGE))

    def test_the_consent_is_word_for_word_what_was_shown(self, member: Client, buyer: User) -> None:
        seen = preview(member)
        save(member, shown(seen))
        consent = Consent.objects.get()
        assert consent.wording in text(seen)
        assert (consent.user, consent.purpose, consent.ip_address) == (buyer, "auto_reload", "127.0.0.1")

    def test_without_the_tick_nothing_is_saved(self, member: Client) -> None:
        answer = save(member, shown(preview(member)), agreed="")
        assert (answer.status_code, "Tick the box if you agree. Nothing was saved." in text(answer)) == (422, True)
        assert (AutoReload.objects.count(), Consent.objects.count()) == (0, 0)

    def test_a_price_that_changed_meanwhile_is_shown_again(self, member: Client) -> None:
        seen = shown(preview(member))
        TokenPackage.objects.filter(code="package_50").update(price_cents=59_00)
        answer = save(member, seen)
        assert (answer.status_code, "has just changed. Nothing was saved" in text(answer)) == (422, True)
        assert "50 tokens for $59.00" in text(answer)
        assert AutoReload.objects.count() == 0

    def test_a_charge_that_was_not_announced_is_announced_first(self, member: Client, buyer: User, staff: User) -> None:
        give(buyer, 36, staff)
        seen = shown(preview(member))
        give(buyer, -36, staff)
        answer = save(member, seen)
        assert (answer.status_code, "saving charges $49.00 to your" in text(answer)) == (422, True)
        assert (AutoReload.objects.count(), jobs("billing.reload")) == (0, [])

    def test_without_a_card_it_cannot_be_switched_on(self, member: Client) -> None:
        SavedCard.objects.update(removed_at=timezone.now())
        answer = save(member, shown(preview(member)))
        assert (answer.status_code, AutoReload.objects.count()) == (422, 0)

    def test_the_last_card_removed_at_the_same_moment_is_said(
        self, member: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        look = outlook.look

        def look_before_it_goes(*given: Any) -> outlook.Outlook:
            seen = look(*given)
            SavedCard.objects.update(removed_at=timezone.now())
            return seen

        seen = shown(preview(member))
        monkeypatch.setattr(outlook, "look", look_before_it_goes)
        answer = save(member, seen)
        assert (answer.status_code, "Your last saved card was removed just now." in text(answer)) == (422, True)
        assert (AutoReload.objects.count(), Consent.objects.count()) == (0, 0)

    def test_nothing_on_sale_is_said(self, member: Client) -> None:
        TokenPackage.objects.update(on_sale=False)
        assert "No tokens are on sale at the moment" in text(preview(member))
        assert member.get(PAGE).status_code == 200


class TestSwitchingOff:
    def test_one_click_is_enough_and_the_second_changes_nothing(self, member: Client, buyer: User) -> None:
        order_reloads(buyer)
        for _ in range(2):
            answer = member.post(f"{PAGE}off/", follow=True)
            assert "Auto-reload is off. It stays off until you switch it on again." in text(answer)
        assert not order_of(buyer).enabled

    @pytest.mark.parametrize("address", ["preview/", "save/", "off/"])
    def test_no_address_changes_anything_by_being_visited(self, member: Client, buyer: User, address: str) -> None:
        order_reloads(buyer)
        assert member.get(f"{PAGE}{address}").status_code == 405
        assert order_of(buyer).enabled
