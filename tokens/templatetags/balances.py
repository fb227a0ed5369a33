"""What templates may ask of the books: the balance of whoever is signed in."""

from django import template

from accounts.models import User
from tokens import balance

register = template.Library()


@register.simple_tag
def balance_of(user: User) -> balance.Balance:
    """Return what `user` holds, for the navbar; runs no query when `user` is the one of the session."""
    return balance.read(user)
