"""Steps of a person through the sign-up and sign-in pages, as a browser takes them."""

import re
from typing import Any

from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

PASSWORD = "a-long-passphrase"


def sign_up(client: Client, email: str, **data: Any) -> Any:
    return client.post(reverse("account_signup"), {"email": email, "password1": PASSWORD, **data})


def sign_in(client: Client, email: str, password: str = PASSWORD, **headers: Any) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": password}, **headers)


def code_in(mail: EmailMessage) -> str:
    found = re.search(r"^    (\S+)$", str(mail.body), re.MULTILINE)
    assert found, mail.body
    return found.group(1)


def enter_code(client: Client, code: str) -> Any:
    return client.post(reverse("account_email_verification_sent"), {"code": code})
