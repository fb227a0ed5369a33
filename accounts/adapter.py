"""How sign-up differs from allauth's own: nothing is told about who has an account, and mail carries no surprises."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Allauth's own behaviour; the place where the shop departs from it."""
