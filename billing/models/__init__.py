"""Selling: what is on offer, what somebody bought, what went back, and what Stripe told us."""

from billing.models.decline import DeclinedAttempt
from billing.models.inbox import StripeEvent
from billing.models.matching import Difference, ReconcileRun, StripeCheck
from billing.models.money_back import Dispute, Refund
from billing.models.offer import Plan, TokenPackage
from billing.models.person import Consent, SavedCard, StripeCustomer
from billing.models.purchase import Purchase
from billing.models.reload import AutoReload, ReloadSkip
from billing.models.subscription import Subscription

__all__ = [
    "AutoReload",
    "Consent",
    "DeclinedAttempt",
    "Difference",
    "Dispute",
    "Plan",
    "Purchase",
    "ReconcileRun",
    "Refund",
    "ReloadSkip",
    "SavedCard",
    "StripeCheck",
    "StripeCustomer",
    "StripeEvent",
    "Subscription",
    "TokenPackage",
]
