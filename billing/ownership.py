"""Whether something at Stripe is ours: the account may be shared with other programs, or our row may be lost."""


class NotOurs(Exception):
    """Stripe speaks of something that no row of ours knows; the sentence says of what. Nothing changed."""
