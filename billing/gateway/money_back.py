"""Refunds and disputes as Stripe tells of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from billing.gateway.client import client, translated


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund. `payment_intent_id` is "" when it is of something else. Amounts are in cents.

    `reason` is Stripe's word for it. `note`, `requested_by` and `form_key` are our own, "" for a refund that was
    not made here: they travel with the refund, so that nothing is lost when we die before we could write it down.
    """

    refund_id: str
    payment_intent_id: str
    amount_cents: int
    currency: str
    status: str
    reason: str
    created_at: datetime
    note: str = ""
    requested_by: str = ""
    form_key: str = ""


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """A dispute or, while its status begins with `warning_`, an inquiry: then no money moved."""

    dispute_id: str
    payment_intent_id: str
    amount_cents: int
    currency: str
    status: str
    reason: str
    answer_by: datetime | None
    created_at: datetime


def of_refund(refund: Mapping[str, Any]) -> RefundSnapshot:
    """Return the snapshot of a refund as Stripe writes it."""
    ours = refund.get("metadata") or {}
    return RefundSnapshot(
        refund_id=refund["id"],
        payment_intent_id=_id(refund.get("payment_intent")),
        amount_cents=refund["amount"],
        currency=refund["currency"],
        status=refund.get("status") or "pending",
        reason=refund.get("reason") or "",
        created_at=_time(refund["created"]),
        note=ours.get("note", ""),
        requested_by=ours.get("requested_by", ""),
        form_key=ours.get("form_key", ""),
    )


def of_dispute(dispute: Mapping[str, Any]) -> DisputeSnapshot:
    """Return the snapshot of a dispute as Stripe writes it."""
    due = (dispute.get("evidence_details") or {}).get("due_by")
    return DisputeSnapshot(
        dispute_id=dispute["id"],
        payment_intent_id=_id(dispute.get("payment_intent")),
        amount_cents=dispute["amount"],
        currency=dispute["currency"],
        status=dispute["status"],
        reason=dispute.get("reason") or "",
        answer_by=_time(due) if due else None,
        created_at=_time(dispute["created"]),
    )


def refund_payment(
    payment_intent_id: str, *, amount_cents: int, note: str, requested_by: UUID, form_key: UUID
) -> RefundSnapshot:
    """Give `amount_cents` of a payment back. The second call for the same form gives nothing and returns the first.

    Raises StripeRefused when less is left to give back, or a dispute is open. https://docs.stripe.com/refunds
    """
    with translated("refund_payment"):
        refund = client().v1.refunds.create(
            params={
                "payment_intent": payment_intent_id,
                "amount": amount_cents,
                "reason": "requested_by_customer",
                "metadata": {"note": note, "requested_by": str(requested_by), "form_key": str(form_key)},
            },
            options={"idempotency_key": f"refund-{form_key}"},
        )
    return of_refund(refund.to_dict(for_json=True))


def refunds_of(payment_intent_id: str) -> list[RefundSnapshot]:
    """Return every refund of a payment."""
    with translated("refunds_of"):
        found = client().v1.refunds.list(params={"payment_intent": payment_intent_id, "limit": 100})
        return [of_refund(refund.to_dict(for_json=True)) for refund in found.auto_paging_iter()]


def disputes_of(payment_intent_id: str) -> list[DisputeSnapshot]:
    """Return every dispute about a payment."""
    with translated("disputes_of"):
        found = client().v1.disputes.list(params={"payment_intent": payment_intent_id, "limit": 100})
        return [of_dispute(dispute.to_dict(for_json=True)) for dispute in found.auto_paging_iter()]


def recent_refunds(*, since: int) -> Iterator[RefundSnapshot]:
    """Yield all refunds younger than `since` (seconds since 1970), newest first."""
    with translated("recent_refunds"):
        found = client().v1.refunds.list(params={"created": {"gte": since}, "limit": 100})
        for refund in found.auto_paging_iter():
            yield of_refund(refund.to_dict(for_json=True))


def recent_disputes(*, since: int) -> Iterator[DisputeSnapshot]:
    """Yield all disputes younger than `since` (seconds since 1970), newest first."""
    with translated("recent_disputes"):
        found = client().v1.disputes.list(params={"created": {"gte": since}, "limit": 100})
        for dispute in found.auto_paging_iter():
            yield of_dispute(dispute.to_dict(for_json=True))


def _id(reference: Any) -> str:
    """Return the id of something that may have come expanded; "" for nothing."""
    return reference["id"] if isinstance(reference, Mapping) else reference or ""


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
