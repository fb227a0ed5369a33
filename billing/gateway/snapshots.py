"""What Stripe says about a payment, in the few words we act on; from an answer or from an event alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

BANK_REFUSED = "The bank did not make the payment. You were not charged."


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """A Checkout session, or a payment without one (then `session_id` is ""). Amounts are in cents.

    `status` is open, complete or expired, as of a session. `amount_refunded` and `disputed` are None when that
    was not said: only the answer to a question does. `failure` is the sentence for the buyer once the bank has
    refused for good; `decline` the one after which another card may be tried, `declined_charge_id` the charge it was
    about, if it came to one; `needs_action` says that the bank wants its customer to confirm, `bank_away` that it
    could not be reached or did not decide: the card may be good.
    """

    session_id: str
    purchase_id: UUID | None
    status: str
    payment_status: str
    amount_total: int | None
    currency: str
    payment_intent_id: str | None
    livemode: bool
    amount_refunded: int | None = None
    disputed: bool | None = None
    failure: str = ""
    decline: str = ""
    declined_charge_id: str = ""
    needs_action: bool = False
    bank_away: bool = False
    url: str = ""
    expires_at: int = 0

    @property
    def complete(self) -> bool:
        """Whether the buyer is through with it, paid or about to be."""
        return self.status == "complete"

    @property
    def paid(self) -> bool:
        """Whether Stripe owes us the money. https://docs.stripe.com/checkout/fulfillment"""
        return self.complete and self.payment_status in {"paid", "no_payment_required"}

    @property
    def money_went_back(self) -> bool:
        """Whether Stripe said that some of the money was refunded or is disputed."""
        return bool(self.amount_refunded or self.disputed)


def of_session(session: Mapping[str, Any], *, event_type: str = "") -> PaymentSnapshot:
    """Return the snapshot of a Checkout session as Stripe writes it; `event_type` of the event it came in."""
    intent = session.get("payment_intent")
    return PaymentSnapshot(
        session_id=session["id"],
        purchase_id=_purchase_id(session),
        status=session.get("status") or "",
        payment_status=session.get("payment_status") or "",
        amount_total=session.get("amount_total"),
        currency=session.get("currency") or "",
        payment_intent_id=intent["id"] if isinstance(intent, Mapping) else intent,
        livemode=session.get("livemode") is True,
        amount_refunded=_of_charge(intent, "amount_refunded"),
        disputed=_of_charge(intent, "disputed"),
        failure=BANK_REFUSED if _failed(session, event_type) else "",
        url=session.get("url") or "",
        expires_at=session.get("expires_at") or 0,
    )


# "Attempt the payment again": https://docs.stripe.com/declines/codes
_BANK_AWAY = {"issuer_not_available", "processing_error", "reenter_transaction", "try_again_later"}
# https://docs.stripe.com/payments/paymentintents/lifecycle
_STATUS_OF_INTENT = {"succeeded": "complete", "processing": "complete", "canceled": "expired"}


def of_intent(intent: Mapping[str, Any]) -> PaymentSnapshot:
    """Return the snapshot of a payment as Stripe writes it."""
    status = intent.get("status") or ""
    error = intent.get("last_payment_error") or {}
    paid, declined = status == "succeeded", status == "requires_payment_method"
    return PaymentSnapshot(
        session_id="",
        purchase_id=_purchase_id(intent),
        status=_STATUS_OF_INTENT.get(status, "open"),
        payment_status="paid" if paid else "unpaid",
        amount_total=intent.get("amount_received") if paid else intent.get("amount"),
        currency=intent.get("currency") or "",
        payment_intent_id=intent["id"],
        livemode=intent.get("livemode") is True,
        amount_refunded=_of_charge(intent, "amount_refunded"),
        disputed=_of_charge(intent, "disputed"),
        decline=_decline(error) if declined else "",
        declined_charge_id=error.get("charge") or "" if declined else "",
        needs_action=status == "requires_action" or error.get("code") == "authentication_required",
        bank_away=declined and not _BANK_AWAY.isdisjoint({error.get("code"), error.get("decline_code")}),
    )


def _decline(error: Mapping[str, Any]) -> str:
    """Return the sentence Stripe wrote for the buyer, "" when nothing was declined."""
    return str(error.get("message") or BANK_REFUSED) if error else ""


def _failed(session: Mapping[str, Any], event_type: str) -> bool:
    if event_type == "checkout.session.async_payment_failed":
        return True
    intent = session.get("payment_intent")
    return (
        session.get("status") == "complete"
        and session.get("payment_status") == "unpaid"
        and isinstance(intent, Mapping)
        and intent.get("status") in {"requires_payment_method", "canceled"}
    )


def _of_charge(intent: Any, name: str) -> Any:
    """Return a field of the payment's charge; None when the payment came without its charge."""
    charge = intent.get("latest_charge") if isinstance(intent, Mapping) else None
    return charge.get(name) if isinstance(charge, Mapping) else None


def _purchase_id(subject: Mapping[str, Any]) -> UUID | None:
    """Return our id out of the metadata, which only we write; None when it is not there, or contradicted.

    A reference alone proves nothing: whoever pays by a Payment Link of the same Stripe account may choose it.
    https://docs.stripe.com/payment-links/url-parameters
    """
    metadata, reference = subject.get("metadata"), subject.get("client_reference_id")
    ours = metadata.get("purchase_id") if isinstance(metadata, Mapping) else None
    try:
        return UUID(ours) if isinstance(ours, str) and reference in (None, ours) else None
    except ValueError:
        return None
