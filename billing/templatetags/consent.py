"""The words people agree to, for templates: the very sentence that is kept when they do."""

from django import template

from billing import consents

register = template.Library()


@register.simple_tag
def words_to_keep_card() -> str:
    """Return what ticking the box beside a payment says."""
    return consents.KEEP_CARD
