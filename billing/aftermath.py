"""What follows from a purchase's new state, in the transaction that gives it that state: so it follows once."""

from billing import errands, reload_results
from billing.gateway import PaymentSnapshot
from billing.models import Purchase

State = Purchase.State


def of_payment(purchase: Purchase) -> None:
    """The purchase has just been credited: remember its card if its buyer wants that, and count a reload."""
    if purchase.save_card:
        errands.later("billing.remember_card", purchase_id=str(purchase.pk))
    if purchase.way == Purchase.Way.AUTO_RELOAD:
        reload_results.note_paid(purchase)


def of_move(purchase: Purchase, before: Purchase.State, snapshot: PaymentSnapshot) -> None:
    """The purchase has moved from `before` without being paid: a reload is counted, and its owner told."""
    if purchase.way != Purchase.Way.AUTO_RELOAD or purchase.state == before:
        return
    if purchase.state == State.FAILED:
        (reload_results.note_bank_away if snapshot.bank_away else reload_results.note_declined)(purchase)
    elif purchase.state == State.OPEN and snapshot.needs_action:
        reload_results.note_needs_action(purchase)
