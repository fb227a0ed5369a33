"""How sign-up differs from allauth's own: links lead to this site only, and limits cannot be dodged by a header."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.mailbox import is_quoted
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Allauth's own behaviour, except for what a forged Host header could reach."""

    def clean_email(self, email: str) -> str:
        """Return the address of a sign-up or a change; refuse quoted ones, which spell one mailbox endlessly."""
        cleaned: str = super().clean_email(email)
        if is_quoted(cleaned):
            raise ValidationError("Please write the address without quotes and backslashes.")
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Save a new person. Of two sign-ups with one address at once, the second is answered like a taken one."""
        try:
            with transaction.atomic():
                saved: User = super().save_user(request, user, form, commit=commit)
                return saved
        except IntegrityError as error:
            answer = prevent_enumeration(request, email=form.cleaned_data["email"])
            raise ImmediateHttpResponse(answer) from error

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tell the owner of a taken address, after as much work as a new person's password takes.

        Otherwise the time of the answer would tell who has an account here.
        """
        make_password("as slow as a real one")
        super().send_account_already_exists_mail(email)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the mail with every link on SITE_URL, whatever host and port the request claimed."""
        links = {name: _on_this_site(link) for name, link in context.items() if name.endswith("_url")}
        context = {**context, **links, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
        message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        return message

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what failed sign-ins are counted by: the address alone.

        Allauth's own key holds the Host header with its port, so each made-up port would be a fresh limit.
        """
        return str(credentials.get("email", credentials.get("username", ""))).strip().lower()


def _on_this_site(link: str) -> str:
    parts = urlsplit(link)
    query = f"?{parts.query}" if parts.query else ""
    return f"{settings.SITE_URL}{parts.path}{query}"
