"""Signing in and out, passwords, and what a stranger may learn or reach: nothing."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.journeys import PASSWORD, sign_in

Mails = list[EmailMessage]


@pytest.fixture
def member(buyer: User) -> User:
    """The buyer, with a proven address."""
    EmailAddress.objects.create(user=buyer, email=buyer.email, verified=True, primary=True)
    return buyer


def reset_link(mail: EmailMessage) -> str:
    found = re.search(r"^(https?://\S+/password/reset/key/\S+)$", str(mail.body), re.MULTILINE)
    assert found, mail.body
    return found.group(1)


class TestSigningIn:
    @pytest.mark.parametrize("email", ["buyer@example.com", "BUYER@Example.Com", " buyer@example.com "])
    def test_leads_to_the_studio_however_the_address_is_typed(self, email: str, client: Client, member: User) -> None:
        assert sign_in(client, email).headers["Location"] == "/generate/"
        assert client.session["_auth_user_id"] == str(member.pk)

    def test_changes_the_session_key(self, client: Client, member: User) -> None:
        session = client.session
        session["draft"] = {"area": "patio"}
        session.save()
        before = session.session_key
        sign_in(client, member.email)
        assert client.session.session_key != before
        assert client.session["draft"] == {"area": "patio"}

    def test_says_the_same_to_a_wrong_password_and_an_unknown_address(self, client: Client, member: User) -> None:
        answers = []
        for email in (member.email, "nobody@example.com"):
            text = sign_in(client, email, "not-the-password").content.decode()
            text = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", text)
            answers.append(text.replace(email, "EMAIL"))
        assert answers[0] == answers[1]
        assert 'class="error-summary"' in answers[0]

    def test_is_refused_to_an_inactive_person(self, client: Client, member: User) -> None:
        User.objects.update(is_active=False)
        sign_in(client, member.email)
        assert "_auth_user_id" not in client.session

    def test_ends_at_once_when_the_person_is_made_inactive(self, client: Client, member: User) -> None:
        sign_in(client, member.email)
        User.objects.update(is_active=False)
        assert client.get(reverse("tokens:statement")).status_code == 302

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https:///evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://testserver@evil.example/",
            "http://testserver.evil.example/",
            "\thttps://evil.example",
            "/%0d%0aLocation:https://evil.example",
            "\x00//evil.example",
        ],
    )
    def test_goes_on_to_our_own_pages_only(self, target: str, client: Client, member: User) -> None:
        answer = client.post(reverse("account_login"), {"login": member.email, "password": PASSWORD, "next": target})
        location = answer.headers["Location"]
        assert re.fullmatch(r"/(?![/\\])[^\r\n]*", location), location

    def test_goes_on_to_the_page_that_was_asked_for(self, client: Client, member: User) -> None:
        asked = client.get("/tokens/").headers["Location"]
        answer = client.post(asked, {"login": member.email, "password": PASSWORD})
        page = client.get(asked)
        assert asked == "/accounts/login/?next=/tokens/"
        assert [answer.headers["Location"], page.headers["Location"]] == ["/tokens/", "/tokens/"]

    def test_page_names_its_fields_for_password_managers(self, client: Client, db: None) -> None:
        text = client.get(reverse("account_login")).content.decode()
        assert re.search(r'<input type="email" name="login"[^>]*autocomplete="email"', text)
        assert re.search(r'<input type="password" name="password"[^>]*autocomplete="current-password"', text)


class TestSigningOut:
    def test_takes_a_post(self, client: Client, member: User) -> None:
        sign_in(client, member.email)
        client.get(reverse("account_logout"))
        assert client.session["_auth_user_id"] == str(member.pk)
        client.post(reverse("account_logout"))
        assert "_auth_user_id" not in client.session

    def test_kills_the_session_for_every_copy_of_its_cookie(self, client: Client, member: User) -> None:
        sign_in(client, member.email)
        copy = Client()
        copy.cookies["session"] = client.cookies["session"].value
        assert copy.get("/tokens/balance/").status_code == 200
        client.post(reverse("account_logout"))
        assert copy.get("/tokens/balance/").status_code == 401


class TestANewPassword:
    def test_signs_every_other_browser_out(self, client: Client, member: User, mailoutbox: Mails) -> None:
        sign_in(client, member.email)
        other = Client()
        sign_in(other, member.email)
        new = "another-long-passphrase"
        client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
        assert other.get("/tokens/balance/").status_code == 401
        assert client.get("/tokens/balance/").status_code == 401
        assert sign_in(client, member.email, new).headers["Location"] == "/generate/"
        assert [mail.subject for mail in mailoutbox] == ["Password Changed"]

    def test_by_link_works_once(self, client: Client, member: User, mailoutbox: Mails) -> None:
        client.post(reverse("account_reset_password"), {"email": member.email})
        link = reset_link(mailoutbox[0])
        form = client.get(link, follow=True).redirect_chain[-1][0]
        new = "another-long-passphrase"
        client.post(form, {"password1": new, "password2": new})
        member.refresh_from_db()
        assert member.check_password(new)
        again = Client()
        dead = again.get(link, follow=True)
        again.post(dead.request["PATH_INFO"], {"password1": "a-third-passphrase", "password2": "a-third-passphrase"})
        member.refresh_from_db()
        assert member.check_password(new)

    @pytest.mark.parametrize("host", ["localhost:666", "127.0.0.1", "127.0.0.1:1"])
    def test_link_leads_to_this_site_whatever_host_was_claimed(
        self, host: str, client: Client, member: User, mailoutbox: Mails, settings: Any
    ) -> None:
        client.post(reverse("account_reset_password"), {"email": member.email}, headers={"host": host})
        assert reset_link(mailoutbox[0]).startswith(f"{settings.SITE_URL}/accounts/password/reset/key/")

    def test_page_says_the_same_whether_or_not_there_is_an_account(self, member: User, mailoutbox: Mails) -> None:
        seen = []
        for email in (member.email, "nobody@example.com"):
            client = Client()
            answer = client.post(reverse("account_reset_password"), {"email": email})
            seen.append((answer.headers["Location"], client.get(answer.headers["Location"]).content.count(b"@")))
        assert seen[0] == seen[1]
        assert [mail.to for mail in mailoutbox] == [[member.email], ["nobody@example.com"]]
        assert mailoutbox[1].subject == "No Verdant account with this address"


class TestAForgedForm:
    @pytest.mark.parametrize("name", ["account_login", "account_signup", "account_logout", "account_change_password"])
    def test_is_refused_with_a_page_that_explains(self, name: str, member: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(member)
        answer = client.post(reverse(name), {})
        assert answer.status_code == 403
        assert b"<h1>That form was too old</h1>" in answer.content
