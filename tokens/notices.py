"""Who wants to hear that their tokens run low, and an account held still for somebody above who decides by it."""

from uuid import UUID

from django.utils import timezone

from tokens.models import TokenAccount


def wanted(user_id: UUID) -> bool:
    """Whether somebody is to be told by mail: they have bought tokens before and did not opt out."""
    return TokenAccount.objects.filter(pk=user_id, low_balance_mail=True, total_purchased__gt=0).exists()


def opted_in(user_id: UUID) -> bool:
    """Whether somebody left mails about a low balance switched on, as they are at first."""
    return not TokenAccount.objects.filter(pk=user_id, low_balance_mail=False).exists()


def choose(*, user_id: UUID, mail: bool) -> None:
    """Switch mails about a low balance on or off; the second call changes nothing."""
    TokenAccount.objects.filter(pk=user_id).update(low_balance_mail=mail, updated_at=timezone.now())


def held_still(user_id: UUID) -> TokenAccount | None:
    """Return the account as it is, locked until the caller's transaction ends; None if nothing ever touched it.

    Whoever locks rows of their own that others lock after the account calls this first.
    """
    return TokenAccount.objects.select_for_update(no_key=True).filter(pk=user_id).first()
