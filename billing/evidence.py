"""What we can show a bank about a disputed payment, from our own receipts: who bought, what was agreed to, each use.

Nothing in it is secret: no keys, no wishes of the buyer's, no name of ours.
"""

from dataclasses import dataclass
from typing import Final

from allauth.account.models import EmailAddress
from django.template.loader import render_to_string

from accounts.models import User
from billing.models import Dispute, Purchase, Refund
from tokens.models import TokenTransaction

_USES: Final = [TokenTransaction.Type.DEDUCTION, TokenTransaction.Type.REFUND]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The receipts about one payment, oldest first. Amounts are tokens, but of the refunds: cents.

    `uses` are the deductions since the purchase and their returns; `held_before` is what the buyer had without it.
    """

    dispute: Dispute
    purchase: Purchase
    email_confirmed: bool
    earlier_purchases: int
    held_before: int
    uses: list[TokenTransaction]
    refunds: list[Refund]

    @property
    def buyer(self) -> User:
        return self.purchase.user

    @property
    def used(self) -> int:
        """Tokens and trial credits spent since the purchase, less those returned."""
        return -sum(use.amount for use in self.uses)


def collect(dispute: Dispute) -> Evidence | None:
    """Gather what we know about the disputed payment; None when no paid purchase of ours has it."""
    payment = dispute.stripe_payment_intent_id
    paid = Purchase.objects.select_related("user", "consent", "transaction")
    purchase = paid.filter(stripe_payment_intent_id=payment, state=Purchase.State.PAID).first()
    if purchase is None or purchase.transaction is None:
        return None
    credit = purchase.transaction
    uses = TokenTransaction.objects.filter(account_id=credit.account_id, number__gt=credit.number, type__in=_USES)
    before = Purchase.objects.filter(user=purchase.user_id, state=Purchase.State.PAID, paid_at__lt=purchase.paid_at)
    return Evidence(
        dispute=dispute,
        purchase=purchase,
        email_confirmed=EmailAddress.objects.filter(
            user=purchase.user, email=purchase.user.email, verified=True
        ).exists(),
        earlier_purchases=before.count(),
        held_before=max(credit.balance_after - credit.amount, 0),
        uses=list(uses.order_by("number")),
        refunds=list(Refund.objects.filter(stripe_payment_intent_id=payment).order_by("created_at")),
    )


def as_text(evidence: Evidence, site_name: str) -> str:
    """Write the receipts as plain text, to be sent to Stripe with the answer to the dispute."""
    text = render_to_string("billing/admin/evidence.txt", {"evidence": evidence, "site_name": site_name})
    return text.strip() + "\n"
