"""The free trial: granted when an address is confirmed, once per mailbox."""

from typing import Any

import structlog
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.utils.crypto import salted_hmac

from accounts.mailbox import mailbox
from accounts.models import User
from tokens import ledger
from tokens.models import TokenTransaction

logger = structlog.get_logger(__name__)


def grant_trial(user: User, email: str) -> TokenTransaction | None:
    """Credit the trial credits once per person and once per mailbox; return the person's trial row, else None.

    Whoever comes second - the same person, with this or another address, or somebody else with another
    spelling of the mailbox - changes nothing. Locks the person, so that two addresses confirmed at once bring
    one trial. The books keep a keyed hash of the mailbox, not the mailbox.
    """
    try:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            had = TokenTransaction.objects.filter(account_id=user.pk, type=TokenTransaction.Type.TRIAL).first()
            return had or ledger.credit(
                user_id=user.pk,
                amount=settings.TRIAL_CREDITS,
                type=TokenTransaction.Type.TRIAL,
                key=f"trial:{_fingerprint(email)}",
                description="Free credits",
            )
    except ledger.KeyReused:
        logger.info("trial_already_used", user_id=str(user.pk))
        return None


def _fingerprint(email: str) -> str:
    return salted_hmac("tokens.trial", mailbox(email), secret=settings.TRIAL_PEPPER, algorithm="sha256").hexdigest()


@receiver(email_confirmed)
def _when_an_address_is_confirmed(email_address: EmailAddress, **_: Any) -> None:
    grant_trial(email_address.user, email_address.email)


@receiver(user_logged_in)
def _when_somebody_signs_in(user: User, **_: Any) -> None:
    """Make good a grant that a crash between confirmation and credit lost."""
    if TokenTransaction.objects.filter(account_id=user.pk, type=TokenTransaction.Type.TRIAL).exists():
        return
    confirmed = EmailAddress.objects.filter(user=user, verified=True, primary=True).first()
    if confirmed:
        grant_trial(user, confirmed.email)
