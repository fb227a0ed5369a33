"""`manage.py create_demo_accounts`: somebody to be on a laptop, without waiting for mail."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class Command(BaseCommand):
    help = "Create buyer@example.com and staff@example.com on a local installation; a second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the passwords; whichever is missing is generated and printed once."""
        parser.add_argument("--buyer-password", default="")
        parser.add_argument("--staff-password", default="")

    def handle(self, *args: Any, buyer_password: str, staff_password: str, verbosity: int, **options: Any) -> None:
        """Create the accounts that are missing. Raises CommandError when SITE_URL is not local."""
        if urlsplit(settings.SITE_URL).hostname not in LOCAL_HOSTS:
            raise CommandError(
                f"Demo accounts have known addresses, so they are for a local installation only: SITE_URL is "
                f"{settings.SITE_URL}. For a first staff member use `manage.py createsuperuser`."
            )
        people: tuple[tuple[str, str, dict[str, bool]], ...] = (
            ("buyer@example.com", buyer_password, {}),
            ("staff@example.com", staff_password, {"is_staff": True, "is_superuser": True}),
        )
        for email, password, rights in people:
            chosen = password or secrets.token_urlsafe(12)
            created = _create(email, chosen, rights)
            if verbosity:
                shown = f"created, password {chosen}" if created else "exists, password unchanged"
                self.stdout.write(f"{email}: {shown}")


def _create(email: str, password: str, rights: dict[str, bool]) -> bool:
    """Create one person with a confirmed address unless there is one; return whether it was created.

    The confirmation is announced as after a typed code, outside the transaction, so that whoever listens
    (the free trial) acts on a committed person.
    """
    if User.objects.filter(email__iexact=email).exists():
        return False
    with transaction.atomic():
        user = User.objects.create_user(email, password, **rights)
        address = EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
    return True
