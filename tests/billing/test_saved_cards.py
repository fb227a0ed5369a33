"""Cards are kept with consent only, by whatever comes first; replaced, removed and expiring ones are told of."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from billing import consents, gateway, mails, saved_cards
from billing.models import AutoReload, Consent, Purchase, SavedCard, StripeCustomer
from tests.billing.paying import confirm, letters, order, type_in, work
from tests.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("package")]

ADD = "/account/billing/add/"
MASTERCARD = "5555555555554444"


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def at_stripe(user: User) -> list[str]:
    customer = StripeCustomer.objects.get(user=user).stripe_customer_id
    return sorted(card.payment_method_id for card in gateway.cards_of(customer or ""))


def kept(user: User) -> list[str]:
    return [str(card) for card in saved_cards.kept(user.pk)]


def go_to_page(client: Client, address: str = ADD) -> str:
    """Agree, and return the id of the page at Stripe."""
    answer = client.post(address, {"consent": "on"})
    assert answer.status_code == 303, words(answer)
    return str(answer.headers["Location"].rsplit("/", 1)[1].split("?")[0].split("#")[0])


def come_back(client: Client, page: str) -> Any:
    return client.get(f"/account/billing/?session_id={page}", follow=True)


def save(client: Client, sandbox: SandboxProcess, address: str = ADD, **card: str) -> Any:
    page = go_to_page(client, address)
    sandbox.control(f"pay/{page}", dict(card))
    return come_back(client, page)


def written_down(user: User, number: int = 1, **fields: Any) -> SavedCard:
    """A card as it is known here, without Stripe."""
    month = {"exp_month": 12, "exp_year": 2034, **fields}
    return SavedCard.objects.create(pk=f"pm_{number}", user=user, brand="visa", last4=f"{number:04}", **month)


def reloads_of(user: User) -> AutoReload:
    consent = consents.record(user=user, purpose=Consent.Purpose.AUTO_RELOAD, wording="Yes.", ip_address=None)
    return AutoReload.objects.create(
        user=user, enabled=True, threshold=5, amount=50, monthly_cap_cents=10000, consent=consent
    )


@pytest.fixture
def street(sandbox: SandboxProcess, live_server: LiveServer) -> SandboxProcess:
    """The sandbox, delivering its events to this very shop."""
    sandbox.control("settings", {"mode": "auto", "webhook_url": f"{live_server.url}/webhooks/stripe/"})
    return sandbox


def delivered(street: SandboxProcess) -> None:
    assert street.control("wait", {"seconds": 20})["undelivered"] == 0


class TestACardOfAPurchase:
    def test_is_kept_after_checkout_when_its_buyer_agreed(
        self, signed_in: Client, buyer: User, street: SandboxProcess
    ) -> None:
        signed_in.post("/purchase/checkout/", {"package": "package_50", "save_card": "on"})
        purchase = Purchase.objects.get()
        assert purchase.consent is not None
        assert (purchase.consent.wording, purchase.consent.ip_address) == (consents.KEEP_CARD, "127.0.0.1")
        street.control(f"pay/{purchase.stripe_session_id}", {})
        delivered(street)
        assert work() == ["billing.remember_card"]
        card = SavedCard.objects.get()
        assert (kept(buyer), card.consent) == (["Visa ending in 4242"], purchase.consent)

    def test_is_kept_after_the_card_form_whoever_tells_first(
        self, signed_in: Client, buyer: User, street: SandboxProcess
    ) -> None:
        ordered = order(signed_in, save_card=True)
        type_in(street, ordered, MASTERCARD)
        delivered(street)
        confirm(signed_in, ordered["payment_intent"])
        assert work() == ["billing.remember_card"]
        assert kept(buyer) == ["Mastercard ending in 4444"]
        assert at_stripe(buyer) == [SavedCard.objects.get().pk]

    @pytest.mark.parametrize("way", ["checkout", "card"])
    def test_is_not_kept_without_the_tick(
        self, signed_in: Client, buyer: User, street: SandboxProcess, way: str
    ) -> None:
        if way == "card":
            type_in(street, order(signed_in))
        else:
            signed_in.post("/purchase/checkout/", {"package": "package_50"})
            street.control(f"pay/{Purchase.objects.get().stripe_session_id}", {})
        delivered(street)
        assert (work(), kept(buyer), at_stripe(buyer)) == ([], [], [])
        assert Purchase.objects.get().state == "paid"

    def test_is_not_kept_without_a_consent_on_record(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        ordered = order(signed_in, save_card=True)
        Purchase.objects.update(consent=None)
        type_in(sandbox, ordered)
        confirm(signed_in, ordered["payment_intent"])
        work()
        assert kept(buyer) == []


class TestThePage:
    def test_without_cards_it_says_what_one_is_for(self, signed_in: Client) -> None:
        assert "No card is saved" in words(signed_in.get("/account/billing/"))

    def test_it_shows_each_card_its_expiry_and_which_one_is_charged(self, signed_in: Client, buyer: User) -> None:
        today = timezone.localdate()
        written_down(buyer, 1, exp_month=today.month, exp_year=today.year - 1)
        written_down(buyer, 2, exp_month=today.month, exp_year=today.year)
        written_down(buyer, 3)
        page = words(signed_in.get("/account/billing/"))
        assert [page.count(flag) for flag in ("Expired", "Expires soon", "12/2034")] == [1, 1, 1]
        assert page.index("ending in 0003") < page.index("Auto-reload would charge this one") < page.index("in 0002")
        reloads_of(buyer)
        assert words(signed_in.get("/account/billing/")).count("Auto-reload charges this one") == 1

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_takes_the_same_few_queries_for_one_and_for_three(
        self, signed_in: Client, buyer: User, count: int, django_assert_num_queries: Any
    ) -> None:
        for number in range(count):
            written_down(buyer, number)
        with django_assert_num_queries(4):  # session, user with balance, cards, auto-reload
            signed_in.get("/account/billing/")

    def test_it_is_for_people_who_are_signed_in(self, client: Client) -> None:
        for address in ("/account/billing/", ADD, "/account/billing/pm_1/remove/"):
            assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


class TestAdding:
    def test_it_needs_the_tick(self, signed_in: Client) -> None:
        page = signed_in.get(ADD)
        assert (consents.KEEP_CARD in words(page), "checked" in words(page)) == (True, False)
        answer = signed_in.post(ADD, {})
        assert (answer.status_code, "without it no card is kept" in words(answer)) == (422, True)
        assert (Consent.objects.count(), StripeCustomer.objects.count()) == (0, 0)

    def test_the_card_is_there_on_return_with_its_consent(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        answer = save(signed_in, sandbox)
        assert "Your Visa ending in 4242 is kept." in words(answer)
        consent = Consent.objects.get()
        assert (consent.wording, consent.ip_address, consent.purpose) == (consents.KEEP_CARD, "127.0.0.1", "save_card")
        assert (SavedCard.objects.get().consent, kept(buyer)) == (consent, ["Visa ending in 4242"])
        assert sandbox.control("truth")["payment_intents"] == []

    def test_the_event_may_come_first_or_alone(self, signed_in: Client, buyer: User, street: SandboxProcess) -> None:
        page = go_to_page(signed_in)
        street.control(f"pay/{page}", {})
        delivered(street)
        assert kept(buyer) == ["Visa ending in 4242"]
        come_back(signed_in, page)
        assert (kept(buyer), len(at_stripe(buyer))) == (["Visa ending in 4242"], 1)

    def test_leaving_stripes_page_saves_nothing(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        page = go_to_page(signed_in)
        assert "No card is saved" in words(come_back(signed_in, page))

    def test_somebody_elses_page_adds_nothing(self, signed_in: Client, stranger: User, sandbox: SandboxProcess) -> None:
        page = go_to_page(signed_in)
        sandbox.control(f"pay/{page}", {})
        thief = Client()
        thief.force_login(stranger)
        assert "No card is saved" in words(come_back(thief, page))
        assert SavedCard.objects.count() == 0

    @pytest.mark.parametrize("page", ["cs_test_nothing", "x", "", "cs_" + "x" * 300])
    def test_a_made_up_page_adds_nothing(self, signed_in: Client, sandbox: SandboxProcess, page: str) -> None:
        assert come_back(signed_in, page).status_code == 200
        assert SavedCard.objects.count() == 0

    def test_a_purchase_is_no_page_for_a_card(self, signed_in: Client, sandbox: SandboxProcess) -> None:
        signed_in.post("/purchase/checkout/", {"package": "package_50"})
        session = Purchase.objects.get().stripe_session_id
        sandbox.control(f"pay/{session}", {})
        come_back(signed_in, str(session))
        assert SavedCard.objects.count() == 0

    def test_ten_an_hour_are_enough(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        for _ in range(10):
            go_to_page(signed_in)
        assert signed_in.post(ADD, {"consent": "on"}).status_code == 429
        assert Consent.objects.count() == 10

    @pytest.mark.parametrize("address", [ADD, ""])
    def test_stripe_away_is_said_and_nothing_changed(
        self, signed_in: Client, sandbox: SandboxProcess, address: str
    ) -> None:
        page = go_to_page(signed_in)
        sandbox.control("faults", {"kind": "down", "calls": 20})
        if address:
            answer = signed_in.post(address, {"consent": "on"})
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        else:
            assert "Your card appears here in a few minutes." in words(come_back(signed_in, page))
        assert SavedCard.objects.count() == 0


class TestReplacing:
    def test_the_old_card_goes_once_the_new_one_is_known(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        save(signed_in, sandbox)
        old = SavedCard.objects.get()
        reloads_of(buyer)
        replace = f"{ADD}?replace={old.pk}"
        assert "Your Visa ending in 4242 stays until the new card is saved" in words(signed_in.get(replace))
        back = save(signed_in, sandbox, replace, card=MASTERCARD)
        said = "4444 is kept. Your Visa ending in 4242 is being removed, which takes a moment."
        assert said in words(back)
        assert kept(buyer) == ["Mastercard ending in 4444", "Visa ending in 4242"]
        assert work() == ["billing.remove_card"]
        assert (kept(buyer), len(at_stripe(buyer))) == (["Mastercard ending in 4444"], 1)
        assert AutoReload.objects.get().enabled is True

    def test_coming_back_twice_removes_once(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        save(signed_in, sandbox)
        page = go_to_page(signed_in, f"{ADD}?replace={SavedCard.objects.get().pk}")
        sandbox.control(f"pay/{page}", {"card": MASTERCARD})
        come_back(signed_in, page)
        come_back(signed_in, page)
        assert work() == ["billing.remove_card"] * 2
        assert (kept(buyer), len(at_stripe(buyer))) == (["Mastercard ending in 4444"], 1)
        come_back(signed_in, page)
        assert (work(), kept(buyer)) == ([], ["Mastercard ending in 4444"])

    def test_leaving_stripes_page_keeps_the_old_one(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        save(signed_in, sandbox)
        come_back(signed_in, go_to_page(signed_in, f"{ADD}?replace={SavedCard.objects.get().pk}"))
        assert (work(), kept(buyer)) == ([], ["Visa ending in 4242"])

    def test_somebody_elses_card_is_not_replaced(
        self, signed_in: Client, stranger: User, sandbox: SandboxProcess
    ) -> None:
        theirs = written_down(stranger)
        save(signed_in, sandbox, f"{ADD}?replace={theirs.pk}")
        assert (work(), kept(stranger)) == ([], ["Visa ending in 0001"])


class TestRemoving:
    def test_it_asks_once_more_and_then_forgets_here_and_at_stripe(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        save(signed_in, sandbox)
        address = f"/account/billing/{SavedCard.objects.get().pk}/remove/"
        assert "Remove this card?" in words(signed_in.get(address))
        assert (kept(buyer), len(at_stripe(buyer))) == (["Visa ending in 4242"], 1)
        page = words(signed_in.post(address, follow=True))
        assert ("Your Visa ending in 4242 was removed." in page, "auto-reload is off" in page) == (True, False)
        assert (kept(buyer), at_stripe(buyer)) == ([], [])
        assert signed_in.post(address).status_code == 404

    def test_the_last_one_switches_auto_reload_off_with_a_message_and_a_mail(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        save(signed_in, sandbox)
        reloads_of(buyer)
        address = f"/account/billing/{SavedCard.objects.get().pk}/remove/"
        assert "auto-reload will be switched off" in words(signed_in.get(address))
        assert "so auto-reload is off now" in words(signed_in.post(address, follow=True))
        order = AutoReload.objects.get()
        assert (order.enabled, order.off_because) == (False, "The last saved card was removed.")
        assert letters() == ["reload_off_without_card"]

    def test_one_of_two_leaves_auto_reload_on(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        save(signed_in, sandbox)
        save(signed_in, sandbox, card=MASTERCARD)
        reloads_of(buyer)
        signed_in.post(f"/account/billing/{saved_cards.kept(buyer.pk)[0].pk}/remove/")
        assert (AutoReload.objects.get().enabled, kept(buyer)) == (True, ["Visa ending in 4242"])

    def test_one_detached_at_stripe_is_removed_here_too(
        self, signed_in: Client, buyer: User, street: SandboxProcess
    ) -> None:
        save(signed_in, street)
        reloads_of(buyer)
        gateway.forget_card(SavedCard.objects.get().pk)
        delivered(street)
        assert (kept(buyer), AutoReload.objects.get().enabled) == ([], False)
        assert letters() == ["reload_off_without_card"]

    def test_one_detached_meanwhile_is_removed_all_the_same(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        save(signed_in, sandbox)
        card = SavedCard.objects.get()
        gateway.forget_card(card.pk)
        assert signed_in.post(f"/account/billing/{card.pk}/remove/").status_code == 302
        assert kept(buyer) == []

    @pytest.mark.parametrize("refusal", ["", "secret_key_required", "more_permissions_required"])
    def test_one_that_stripe_refuses_to_forget_stays(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, refusal: str
    ) -> None:
        def refuse(payment_method_id: str) -> None:
            raise gateway.StripeRefused(refusal, "req_1")

        save(signed_in, sandbox)
        reloads_of(buyer)
        monkeypatch.setattr(gateway, "forget_card", refuse)
        answer = signed_in.post(f"/account/billing/{SavedCard.objects.get().pk}/remove/")
        assert (answer.status_code, "Nothing was changed" in words(answer)) == (503, True)
        assert (kept(buyer), AutoReload.objects.get().enabled) == (["Visa ending in 4242"], True)

    def test_one_that_stripe_never_knew_is_removed_all_the_same(
        self, signed_in: Client, buyer: User, sandbox: SandboxProcess
    ) -> None:
        assert signed_in.post(f"/account/billing/{written_down(buyer).pk}/remove/").status_code == 302
        assert kept(buyer) == []

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_strangers_card_is_not_found(self, client: Client, buyer: User, stranger: User, method: str) -> None:
        card = written_down(buyer)
        client.force_login(stranger)
        assert getattr(client, method)(f"/account/billing/{card.pk}/remove/").status_code == 404
        assert kept(buyer) == ["Visa ending in 0001"]

    def test_stripe_away_changes_nothing(self, signed_in: Client, buyer: User, sandbox: SandboxProcess) -> None:
        save(signed_in, sandbox)
        sandbox.control("faults", {"kind": "down", "calls": 20})
        answer = signed_in.post(f"/account/billing/{SavedCard.objects.get().pk}/remove/")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "Nothing was changed" in words(answer)
        assert kept(buyer) == ["Visa ending in 4242"]


class TestACardThatExpires:
    def in_months(self, count: int) -> dict[str, int]:
        today = timezone.localdate()
        months = today.year * 12 + today.month - 1 + count
        return {"exp_month": months % 12 + 1, "exp_year": months // 12}

    @pytest.mark.parametrize(("months", "told"), [(-2, 1), (0, 1), (1, 0), (12, 0)])
    def test_its_owner_is_told_this_month_or_later(self, buyer: User, months: int, told: int) -> None:
        written_down(buyer, **self.in_months(months))
        reloads_of(buyer)
        assert saved_cards.tell_about_expiry() == told
        assert letters() == ["card_expires"] * told

    def test_once_a_month(self, buyer: User) -> None:
        card = written_down(buyer, **self.in_months(0))
        reloads_of(buyer)
        assert [saved_cards.tell_about_expiry() for _ in range(3)] == [1, 0, 0]
        last_month = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
        SavedCard.objects.filter(pk=card.pk).update(expiry_noticed_on=last_month)
        assert saved_cards.tell_about_expiry() == 1

    def test_only_the_card_that_is_charged_counts(self, buyer: User) -> None:
        written_down(buyer, 1, **self.in_months(0))
        written_down(buyer, 2)
        reloads_of(buyer)
        assert saved_cards.tell_about_expiry() == 0

    def test_only_while_auto_reload_is_on(self, buyer: User) -> None:
        written_down(buyer, **self.in_months(0))
        AutoReload.objects.filter(pk=reloads_of(buyer).pk).update(enabled=False)
        assert saved_cards.tell_about_expiry() == 0

    def test_the_letter_says_what_to_do(self, buyer: User) -> None:
        mails.send("card_expires", buyer.pk, {"card": "Visa ending in 4242", "month": 11, "year": 2026})
        (letter,) = mail.outbox
        assert letter.subject == "Your card for auto-reload expires"
        for words_of_it in ("your Visa ending in 4242", "11/2026", "You have 0 tokens", "/account/billing/"):
            assert words_of_it in letter.body

    def test_a_new_expiry_from_the_bank_is_written_down(self, buyer: User) -> None:
        card = written_down(buyer, **self.in_months(0))
        saved_cards.note_changed(gateway.CardSnapshot(card.pk, "cus_1", "visa", "0001", 1, 2034))
        card.refresh_from_db()
        assert (card.expires_soon, card.exp_month) == (False, 1)
