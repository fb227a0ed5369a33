"""What an auto-reload's outcome means for the standing order; called once per outcome, by the one who settles it.

Called with the purchase locked; locks the account and the AutoReload of the buyer, in this order.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db.models import Q, Sum

from billing import clock, errands, mails, reload_skips, stop_links
from billing.models import AutoReload, Purchase, ReloadSkip
from tokens import ledger, notices
from tokens.models import LOW_MARK

logger = structlog.get_logger(__name__)

State = Purchase.State
CLOSE = "billing.close_reload"
DECLINES = 3
CAP_NEAR, CAP_FULL = 80, 100  # percent
# How long nobody is charged after a bank could not be reached.
BANK_PAUSE: Final = timedelta(hours=1)
# What may still be charged counts against the cap of every month it may be charged in.
_UNDECIDED = [State.CREATED, State.OPEN, State.PROCESSING, State.MISMATCHED]


def note_paid(purchase: Purchase) -> None:
    """The reload came through: forget earlier declines, tell its owner, and say when the cap is near."""
    order = _locked(purchase)
    if order is None:
        return
    order.failure_count, order.last_reload_at = 0, clock.now()
    order.save(update_fields=["failure_count", "last_reload_at", "updated_at"])
    _tell(purchase, "reload_made", entry_id=purchase.transaction_id)
    _tell_about_the_cap(order, purchase)


def note_declined(purchase: Purchase) -> None:
    """The bank refused the card: count it, tell the owner, and switch off at the third in a row.

    Its payment is closed by an errand, so that nobody pays it beside the next one.
    """
    errands.later(CLOSE, purchase_id=str(purchase.pk))
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


def note_bank_away(purchase: Purchase) -> None:
    """The bank or its network could not decide: count nothing against the card, and try again after an hour.

    Its payment is closed by an errand, as after a decline.
    """
    errands.later(CLOSE, purchase_id=str(purchase.pk))
    order = _locked(purchase)
    if order is None:
        return
    order.paused_until = clock.now() + BANK_PAUSE
    order.save(update_fields=["paused_until", "updated_at"])
    reload_skips.note(order.user_id, ReloadSkip.Reason.BANK_AWAY)


def note_needs_action(purchase: Purchase) -> None:
    """The bank wants its customer to confirm: ask them to. No other reload begins until this one has ended."""
    _tell(purchase, "reload_needs_you")


def spent_this_month_cents(user_id: UUID, month: date) -> int:
    """Return what auto-reloads cost that were charged in the month (UTC) or may still be charged in it, in cents."""
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    end = (begin + timedelta(days=32)).replace(day=1)
    counted = Q(paid_at__gte=begin, paid_at__lt=end) | Q(state__in=_UNDECIDED, created_at__lt=end)
    reloads = Purchase.objects.filter(counted, user_id=user_id, way=Purchase.Way.AUTO_RELOAD)
    return reloads.aggregate(cents=Sum("price_cents"))["cents"] or 0


def _locked(purchase: Purchase) -> AutoReload | None:
    notices.held_still(purchase.user_id)
    return AutoReload.objects.select_for_update(no_key=True).filter(pk=purchase.user_id).first()


def _tell(purchase: Purchase, letter: str, **facts: int | str | None) -> None:
    stop_url = stop_links.to_stop_reloads(purchase.user_id)
    mails.send_later(letter, purchase.user_id, purchase_id=str(purchase.pk), stop_url=stop_url, **facts)


def _tell_about_the_cap(order: AutoReload, purchase: Purchase) -> None:
    """Write once a month when 80 % of the cap are spent, and once when no further reload fits into it."""
    month = clock.now().date().replace(day=1)
    spent, cap = spent_this_month_cents(order.user_id, month), order.monthly_cap_cents
    full = spent + purchase.price_cents > cap
    reached = CAP_FULL if full else CAP_NEAR if spent * 100 >= cap * CAP_NEAR else 0
    noticed = order.cap_noticed_percent if order.cap_noticed_on == month else 0
    if reached <= noticed:
        return
    order.cap_noticed_on, order.cap_noticed_percent = month, reached
    order.save(update_fields=["cap_noticed_on", "cap_noticed_percent", "updated_at"])
    _tell(purchase, "reload_cap", percent=reached, spent_cents=spent, cap_cents=cap)
