"""Nothing unmatched: Stripe's payments, refunds, disputes and subscriptions against our rows and the books.

What is safe to repair is repaired by the functions that webhooks use too, so a webhook that comes at the same
moment does no harm. The rest is listed as a Difference until it matches or staff have settled it.
"""

from billing.matching.differences import settle
from billing.matching.mending import compare_again
from billing.matching.walk import Report, next_since, walk

__all__ = ["Report", "compare_again", "next_since", "settle", "walk"]
