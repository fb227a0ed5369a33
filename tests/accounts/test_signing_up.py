"""Signing up: a code proves the address, and the first proof of a mailbox brings the free trial."""

import re
from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.accounts.journeys import PASSWORD, code_in, enter_code, sign_in, sign_up
from tests.together import together
from tokens import balance
from tokens.models import TokenTransaction

Mails = list[EmailMessage]


def trial_of(email: str) -> int:
    return balance.read(User.objects.get(email=email)).trial_balance


class TestANewcomer:
    def test_gets_three_trial_credits_with_the_right_code(self, client: Client, mailoutbox: Mails) -> None:
        assert sign_up(client, "new@example.com").headers["Location"] == reverse("account_email_verification_sent")
        assert not TokenTransaction.objects.exists()
        answer = enter_code(client, code_in(mailoutbox[0]))
        assert (answer.status_code, answer.headers["Location"]) == (302, "/generate/")
        assert trial_of("new@example.com") == 3
        assert client.session["_auth_user_id"] == str(User.objects.get().pk)

    def test_gets_nothing_with_a_wrong_code(self, client: Client, mailoutbox: Mails) -> None:
        sign_up(client, "new@example.com")
        answer = enter_code(client, "WRONG-CODE")
        assert answer.status_code == 200
        assert b'class="error-summary"' in answer.content
        assert not TokenTransaction.objects.exists()
        assert "_auth_user_id" not in client.session

    def test_may_not_guess_for_ever(self, client: Client, mailoutbox: Mails) -> None:
        sign_up(client, "new@example.com")
        for _ in range(3):
            enter_code(client, "WRONG-CODE")
        enter_code(client, code_in(mailoutbox[0]))
        assert "_auth_user_id" not in client.session
        assert not EmailAddress.objects.filter(verified=True).exists()

    def test_can_ask_for_another_code(self, client: Client, mailoutbox: Mails, monkeypatch: Any) -> None:
        sign_up(client, "new@example.com")
        client.post(reverse("account_email_verification_sent"), {"action": "resend"})
        assert [mail.to for mail in mailoutbox] == [["new@example.com"]] * len(mailoutbox)
        enter_code(client, code_in(mailoutbox[-1]))
        assert trial_of("new@example.com") == 3

    @pytest.mark.parametrize("spelling", ['"ann"@example.com', '"a\\nn"@example.com'])
    def test_may_not_spell_an_address_in_quotes(self, client: Client, mailoutbox: Mails, spelling: str) -> None:
        page = sign_up(client, spelling)
        assert "without quotes" in page.content.decode()
        assert len(mailoutbox) == 0

    def test_is_told_what_is_wrong_beside_the_field(self, client: Client) -> None:
        page = client.post(reverse("account_signup"), {"email": "new@example.com", "password1": "12345"})
        text = page.content.decode()
        assert 'class="error-summary" role="alert" tabindex="-1" autofocus' in text
        assert 'href="#id_password1"' in text
        field = re.search(r"<input[^>]*id=\"id_password1\"[^>]*>", text)
        assert field
        assert 'aria-invalid="true"' in field[0]
        assert "id_password1_error" in field[0]
        assert 'autocomplete="new-password"' in field[0]
        assert "placeholder" not in field[0]

    def test_reads_mail_that_sounds_like_the_site(self, client: Client, mailoutbox: Mails, settings: Any) -> None:
        sign_up(client, "new@example.com", headers={"host": "127.0.0.1"})
        mail = mailoutbox[0]
        assert mail.subject == f"{code_in(mail)} is your Verdant code"
        assert str(mail.body).endswith(f"Verdant\n{settings.SITE_URL}")
        assert mail.from_email == settings.DEFAULT_FROM_EMAIL


class TestWhereLocalMailIs:
    def pages(self, client: Client) -> list[bytes]:
        before = client.get(reverse("account_signup"))
        waiting = client.get(sign_up(client, "new@example.com").headers["Location"])
        return [before.content, waiting.content]

    def test_is_said_when_mail_stays_here(self, client: Client, settings: Any) -> None:
        settings.MAILBOX_URL = "http://127.0.0.1:8420/mail/"
        assert [b'href="http://127.0.0.1:8420/mail/"' in page for page in self.pages(client)] == [True, True]

    def test_is_not_said_when_mail_is_sent(self, client: Client, settings: Any) -> None:
        settings.MAILBOX_URL = ""
        assert [b"mailbox" in page for page in self.pages(client)] == [False, False]


@pytest.mark.django_db(transaction=True)
class TestASecondSpellingOfOneMailbox:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("new@example.com", "new+again@example.com"),
            ("a.b.c@gmail.com", "abc+x@googlemail.com"),
            ("new@example.com", "NEW+Again@EXAMPLE.com"),
            ("new@bücher.example", "new@xn--bcher-kva.example"),
        ],
    )
    def test_signs_up_but_gets_no_second_trial(self, first: str, second: str, mailoutbox: Mails) -> None:
        for email in (first, second):
            client = Client()
            sign_up(client, email)
            answer = enter_code(client, code_in(mailoutbox[-1]))
            assert answer.headers["Location"] == "/generate/", answer.content
        assert [entry.amount for entry in TokenTransaction.objects.all()] == [3]
        assert User.objects.count() == 2


class TestALostGrant:
    def test_is_made_good_at_the_next_sign_in(self, client: Client) -> None:
        user = User.objects.create_user("new@example.com", PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        for _ in range(2):
            sign_in(client, "new@example.com")
            client.post(reverse("account_logout"))
        assert trial_of("new@example.com") == 3

    def test_is_not_made_good_before_the_address_is_proven(self, client: Client, mailoutbox: Mails) -> None:
        User.objects.create_user("new@example.com", PASSWORD)
        answer = sign_in(client, "new@example.com")
        assert answer.headers["Location"] == reverse("account_email_verification_sent")
        assert not TokenTransaction.objects.exists()


class TestATakenAddress:
    def test_looks_like_a_new_one(self, mailoutbox: Mails) -> None:
        taken = User.objects.create_user("taken@example.com", PASSWORD)
        EmailAddress.objects.create(user=taken, email=taken.email, verified=True, primary=True)
        seen = []
        for email in ("fresh@example.com", "taken@example.com", "TAKEN@example.com"):
            client = Client()
            cache.clear()
            answer = sign_up(client, email)
            page = client.get(answer.headers["Location"])
            text = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", page.content.decode())
            seen.append((answer.status_code, answer.headers["Location"], text.lower().replace(email.lower(), "EMAIL")))
        assert seen[0] == seen[1] == seen[2]
        assert User.objects.count() == 2

    def test_takes_as_much_work_as_a_new_one(self, mailoutbox: Mails, monkeypatch: pytest.MonkeyPatch) -> None:
        """The slow part of a sign-up is hashing the password; both kinds hash exactly once."""
        taken = User.objects.create_user("taken@example.com", PASSWORD)
        EmailAddress.objects.create(user=taken, email=taken.email, verified=True, primary=True)
        hashed: list[str] = []
        encode = MD5PasswordHasher.encode

        def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
            hashed.append("once")
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
        counts = []
        for email in ("fresh@example.com", "taken@example.com"):
            hashed.clear()
            sign_up(Client(), email)
            counts.append(len(hashed))
        assert counts == [1, 1]

    def test_gets_a_mail_that_says_so(self, client: Client, mailoutbox: Mails, settings: Any) -> None:
        taken = User.objects.create_user("taken@example.com", PASSWORD)
        EmailAddress.objects.create(user=taken, email=taken.email, verified=True, primary=True)
        sign_up(client, "taken@example.com")
        assert [mail.subject for mail in mailoutbox] == ["You already have a Verdant account"]
        assert f"{settings.SITE_URL}{reverse('account_reset_password')}" in str(mailoutbox[0].body)


def change_address(client: Client, email: str) -> None:
    """Ask for another address; the password is wanted first, so that an unlocked screen gives nothing away."""
    form = {"action_add": "", "email": email}
    answer = client.post(reverse("account_email"), form)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), form)


class TestANewAddress:
    def test_replaces_the_old_one_only_when_its_code_is_entered(self, client: Client, mailoutbox: Mails) -> None:
        sign_up(client, "old@example.com")
        enter_code(client, code_in(mailoutbox[-1]))
        change_address(client, "newer@example.com")
        user = User.objects.get()
        assert user.email == "old@example.com"
        assert mailoutbox[-1].to == ["newer@example.com"]
        enter_code(client, code_in(mailoutbox[-1]))
        user.refresh_from_db()
        assert user.email == "newer@example.com"
        assert [address.email for address in EmailAddress.objects.all()] == ["newer@example.com"]

    def test_brings_no_second_trial(self, client: Client, mailoutbox: Mails) -> None:
        sign_up(client, "old@example.com")
        enter_code(client, code_in(mailoutbox[-1]))
        change_address(client, "newer@example.com")
        enter_code(client, code_in(mailoutbox[-2] if "code" not in mailoutbox[-1].subject else mailoutbox[-1]))
        assert User.objects.get().email == "newer@example.com"
        assert [entry.amount for entry in TokenTransaction.objects.all()] == [3]


@pytest.mark.django_db(transaction=True)
class TestOneAddressFromManySides:
    def test_is_one_person_and_nobody_sees_an_error(self, mailoutbox: Mails) -> None:
        answers = together(*[partial(sign_up, Client(), "new@example.com") for _ in range(4)])
        assert {answer.status_code for answer in answers} <= {302, 429}
        assert User.objects.count() == 1
