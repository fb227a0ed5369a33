"""Disputes that staff must hear of: those of payments made to us. Others of the account are not ours to answer."""

import structlog

from billing.models import Dispute

logger = structlog.get_logger(__name__)


def of_disputes(payment_intent_id: str) -> None:
    """Raise an alarm for each dispute that is known of a payment of ours. Whoever learns that it is ours calls this."""
    for known in Dispute.objects.filter(stripe_payment_intent_id=payment_intent_id):
        logger.error("dispute_opened", dispute_id=known.pk, payment=payment_intent_id, status=known.status)
