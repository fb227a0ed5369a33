"""The session ended while somebody wrote or waited: the words survive signing in, and a waiting page says so."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts.models import User
from generations import drafts
from generations.chat_forms import MESSAGE_CHARACTERS
from generations.forms import PROMPT_CHARACTERS
from generations.models import Generation
from tests.generations.conftest import Give, Start, address, text
from tests.generations.wishing import form, order, order_address, photo_file

pytestmark = pytest.mark.django_db

SITE = "http://testserver"
KEPT = "You are signed out. Sign in to go on: what you entered is kept."
SENTENCE = 'You are signed out. <a href="/accounts/login/?next={page}">Sign in</a> to go on.'


def htmx(page: str) -> dict[str, str]:
    """What htmx says of itself, from a page of this site or another."""
    return {"HX-Request": "true", "HX-Current-URL": page}


def sign_in(browser: Client, user: User, page: str) -> Any:
    """Sign in with the form, and be led to the page."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    answer = browser.post(
        "/accounts/login/", {"login": user.email, "password": "a-long-passphrase", "next": page}, follow=True
    )
    assert answer.request["PATH_INFO"] == page
    return answer


def begins_with(response: Any) -> list[Any]:
    return [response.context["form"][name].value() for name in ("area", "style", "prompt")]


class TestADesignFormSentSignedOut:
    def test_is_there_again_after_signing_in(self, client: Client, buyer: User) -> None:
        away = order(client, area=["patio", "walkway"], prompt="a <pond>")
        assert (away.status_code, away.headers["Location"]) == (302, "/accounts/login/?next=/generate/")
        assert KEPT in text(client.get(away.headers["Location"]))
        back = sign_in(client, buyer, "/generate/")
        assert begins_with(back) == [["walkway", "patio"], "japanese-zen", "a <pond>"]
        assert "choose the photo again" not in text(back)
        assert Generation.objects.count() == 0

    def test_somebody_who_signs_in_there_later_does_not_find_it(self, client: Client, stranger: User) -> None:
        with time_machine.travel(timezone.now() - drafts.SIGNED_OUT_SPAN - timedelta(seconds=1)):
            order(client, prompt="a secret pond")
        back = sign_in(client, stranger, "/generate/")
        assert begins_with(back) == [None, "english-garden", None]
        assert "secret" not in text(back)

    def test_its_photo_is_not_kept_which_is_said(self, client: Client, buyer: User) -> None:
        away = order(client, photo=photo_file())
        assert "what you entered is kept, but not the photo." in text(client.get(away.headers["Location"]))
        assert "Please choose the photo again: it was not kept" in text(sign_in(client, buyer, "/generate/"))

    def test_whatever_is_in_it_the_rest_survives(self, client: Client, buyer: User) -> None:
        long = "x" * 10_000
        away = order(client, area=["moon"], style="baroque", prompt=long, photo_id="nonsense", key="")
        assert away.status_code == 302
        assert begins_with(sign_in(client, buyer, "/generate/")) == [None, "english-garden", long[:PROMPT_CHARACTERS]]

    def test_a_photo_from_earlier_is_shown_to_its_owner_alone(self, client: Client, buyer: User) -> None:
        order(client, photo_id=str(uuid4()))
        assert sign_in(client, buyer, "/generate/").context["form"].photo_shown is None

    def test_sent_once_more_it_is_kept_no_longer(self, client: Client, buyer: User, give: Give) -> None:
        give(buyer, 1)
        order(client, prompt="a pond")
        sign_in(client, buyer, "/generate/")
        assert order(client, prompt="a pond").status_code == 303
        assert begins_with(client.get("/generate/")) == [None, "english-garden", None]


class TestAMessageSentSignedOut:
    @pytest.mark.parametrize("path", ["/chat/", f"/chat/{uuid4()}/"], ids=["a new one", "a begun one"])
    def test_htmx_is_led_away_as_a_whole_and_told_that_nothing_was_sent(self, client: Client, path: str) -> None:
        away = client.post(path, {"text": "And roses?"}, headers=htmx(f"{SITE}{path}?at=1#message"))
        assert (away.status_code, away.content) == (401, b"")
        assert away.headers["HX-Redirect"] == f"/accounts/login/?next={path}%3Fat%3D1"
        assert "Location" not in away.headers
        assert drafts.recall(client.session, path) == {"text": "And roses?"}

    def test_the_box_holds_it_after_signing_in(self, client: Client, buyer: User) -> None:
        client.post("/chat/", {"text": "And <roses>?"})
        assert begins(sign_in(client, buyer, "/chat/")) == "And <roses>?"

    def test_only_as_much_is_kept_as_a_message_may_have(self, client: Client) -> None:
        client.post("/chat/", {"text": "x" * 10_000})
        assert client.session["draft"]["text"] == "x" * MESSAGE_CHARACTERS

    def test_of_nothing_nothing_is_kept_and_nothing_promised(self, client: Client) -> None:
        away = client.post("/chat/", {"text": " \n"})
        assert "draft" not in client.session
        assert "is kept" not in text(client.get(away.headers["Location"]))


def begins(response: Any) -> Any:
    return response.context["form"]["text"].value()


class TestTheWayBack:
    @pytest.mark.parametrize(
        "said",
        ["https://evil.example/", "//evil.example/", f"{SITE}//evil.example/", "javascript:alert(1)", "", "http://["],
    )
    def test_leads_to_this_site_whatever_the_browser_says(self, client: Client, said: str) -> None:
        answer = client.get("/tokens/", headers=htmx(said))
        assert answer.headers["HX-Redirect"] == "/accounts/login/?next=/tokens/"
        assert client.post("/chat/", {"text": "x"}, headers=htmx(said)).status_code == 401
        assert client.session["draft"]["next"] == "/chat/"

    def test_from_a_button_leads_to_the_page_it_stood_on(self, client: Client) -> None:
        retry = f"/generations/{uuid4()}/retry/"
        away = client.post(retry, headers={"Referer": f"{SITE}/generations/?state=failed"})
        assert away.headers["Location"] == "/accounts/login/?next=/generations/%3Fstate%3Dfailed"
        assert client.post(retry).headers["Location"] == f"/accounts/login/?next={retry}"


class TestAPageThatWaits:
    def test_says_that_its_session_has_ended(self, client: Client, buyer: User, give: Give, start: Start) -> None:
        give(buyer, 1)
        design = start(buyer)
        for poll in (address("status", design), order_address(design.order_id, "order-status")):
            answer = client.get(poll, headers=htmx(f"{SITE}/orders/x/?a=b&c=d"))
            assert answer.status_code == 286
            assert SENTENCE.format(page="%2Forders%2Fx%2F%3Fa%3Db%26c%3Dd") in text(answer)
            assert "HX-Retarget" in answer.headers
            assert not answer.cookies

    def test_says_nothing_about_what_it_waits_for(self, client: Client) -> None:
        polls = [f"/generations/{uuid4()}/status/", f"/orders/{uuid4()}/status/", f"/chat/messages/{uuid4()}/status/"]
        assert [client.get(poll, headers=htmx(SITE)).status_code for poll in polls] == [286] * 3


def test_what_somebody_signed_in_wanted_goes_when_they_sign_out(client: Client, buyer: User, stranger: User) -> None:
    """It is theirs, and never passes to whoever signs in after them in the same browser."""
    client.force_login(stranger)
    assert order(client, **form(prompt="my secret garden")).status_code == 402
    client.post("/accounts/logout/")
    assert begins_with(sign_in(client, buyer, "/generate/")) == [None, "english-garden", None]
