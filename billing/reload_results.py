"""What an auto-reload's outcome means for the standing order; called once per outcome, by the one who settles it.

Called with the purchase locked; locks the account and the AutoReload of the buyer, in this order.
"""

from datetime import date
from uuid import UUID

import structlog
from django.db.models import Sum
from django.utils import timezone

from billing import errands, mails, stop_links
from billing.models import AutoReload, Purchase
from tokens import ledger, notices
from tokens.models import LOW_MARK

logger = structlog.get_logger(__name__)

State = Purchase.State
CLOSE = "billing.close_reload"
DECLINES = 3
CAP_NEAR, CAP_FULL = 80, 100  # percent
# What counts against the cap: money that went or may still go.
_COUNTED = [State.CREATED, State.OPEN, State.PROCESSING, State.PAID, State.MISMATCHED]


def note_paid(purchase: Purchase) -> None:
    """The reload came through: forget earlier declines, tell its owner, and say when the cap is near."""
    order = _locked(purchase)
    if order is None:
        return
    order.failure_count, order.last_reload_at = 0, timezone.now()
    order.save(update_fields=["failure_count", "last_reload_at", "updated_at"])
    _tell(purchase, "reload_made", entry_id=purchase.transaction_id)
    _tell_about_the_cap(order, purchase)


def note_declined(purchase: Purchase) -> None:
    """The bank refused the card: count it, tell the owner, and switch off at the third in a row.

    Its payment is closed by an errand, so that nobody pays it beside the next one.
    """
    errands.later(CLOSE, once=f"close:{purchase.pk}", purchase_id=str(purchase.pk))
    order = _locked(purchase)
    if order is None:
        return
    order.failure_count += 1
    last_straw = order.failure_count >= DECLINES
    if last_straw and order.enabled:
        order.enabled = False
        order.off_because = f"The card was declined {DECLINES} times in a row: {purchase.state_reason}"[:200]
        ledger.watch(user_id=order.user_id, low_mark=LOW_MARK)
    order.save(update_fields=["failure_count", "enabled", "off_because", "updated_at"])
    logger.warning("reload_declined", purchase_id=str(purchase.pk), in_a_row=order.failure_count)
    _tell(purchase, "reload_off" if last_straw else "reload_declined", in_a_row=order.failure_count)


def note_needs_action(purchase: Purchase) -> None:
    """The bank wants its customer to confirm: ask them to. No other reload begins until this one has ended."""
    _tell(purchase, "reload_needs_you")


def spent_this_month_cents(user_id: UUID, month: date) -> int:
    """Return what auto-reloads of the month (UTC) cost or may still cost, in cents."""
    reloads = Purchase.objects.filter(
        user_id=user_id,
        way=Purchase.Way.AUTO_RELOAD,
        state__in=_COUNTED,
        created_at__year=month.year,
        created_at__month=month.month,
    )
    return reloads.aggregate(cents=Sum("price_cents"))["cents"] or 0


def _locked(purchase: Purchase) -> AutoReload | None:
    notices.held_still(purchase.user_id)
    return AutoReload.objects.select_for_update(no_key=True).filter(pk=purchase.user_id).first()


def _tell(purchase: Purchase, letter: str, **facts: int | str | None) -> None:
    stop_url = stop_links.to_stop_reloads(purchase.user_id)
    mails.send_later(letter, purchase.user_id, purchase_id=str(purchase.pk), stop_url=stop_url, **facts)


def _tell_about_the_cap(order: AutoReload, purchase: Purchase) -> None:
    """Write once a month when 80 % of the cap are spent, and once when no further reload fits into it."""
    month = timezone.now().date().replace(day=1)
    spent, cap = spent_this_month_cents(order.user_id, month), order.monthly_cap_cents
    full = spent + purchase.price_cents > cap
    reached = CAP_FULL if full else CAP_NEAR if spent * 100 >= cap * CAP_NEAR else 0
    noticed = order.cap_noticed_percent if order.cap_noticed_on == month else 0
    if reached <= noticed:
        return
    order.cap_noticed_on, order.cap_noticed_percent = month, reached
    order.save(update_fields=["cap_noticed_on", "cap_noticed_percent", "updated_at"])
    _tell(purchase, "reload_cap", percent=reached, spent_cents=spent, cap_cents=cap)
