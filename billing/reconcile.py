"""Reconciliation: what webhooks and return pages missed is asked at Stripe, until every purchase is decided."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from billing import checkout, gateway
from billing.effects import settle_now
from billing.models import Purchase, StripeCustomer

logger = structlog.get_logger(__name__)

State = Purchase.State
UNDECIDED = (State.CREATED, State.OPEN, State.PROCESSING)
# A purchase younger than this is still in the hands of the request that made it.
LEFT_ALONE = timedelta(minutes=1)
PATIENCE = 10
CLOCKS_DIFFER = timedelta(minutes=5)
# A call to Stripe may take its time-out three times over; a worker that was about to make it may be slow.
ABOUT_TO_CHARGE = timedelta(minutes=5)
# One question may fail by itself: Stripe replays a 500 for its key. So many in a row are an outage.
OUTAGE = 3


class NotOpened(gateway.StripeUnavailable):
    """A purchase could not be opened at Stripe now either; it is tried again. Stripe itself may be well.

    A 500 is replayed for the key of the first attempt, and so is a 409 while that is still under way.
    """


@dataclass(slots=True)
class Report:
    """One run: how many purchases were compared, how many of these changed, and how many failed to be compared.

    `parked` are those of the changed that need a look now. `unanswered` counts the last questions in a row that Stripe
    did not answer; `out_of_time` says that some were left.
    """

    compared: int = 0
    changed: int = 0
    parked: int = 0
    failed: int = 0
    unanswered: int = 0
    out_of_time: bool = False

    @property
    def outage(self) -> bool:
        """Whether Stripe seems to be away; that ends a run."""
        return self.unanswered >= OUTAGE

    def __str__(self) -> str:
        ending = ""
        if self.outage:
            ending = " Stripe does not answer; the rest waits."
        elif self.out_of_time:
            ending = " Time is up; the rest waits."
        return f"{self.compared} compared, {self.changed} changed, {self.failed} failed.{ending}"


def reconcile(*, everything: bool = False, seconds: float = math.inf) -> Report:
    """Compare undecided purchases older than a minute with Stripe and settle them.

    Asks about each one every minute at first, then whenever its age has grown by a tenth; with `everything`,
    about all of them now. Those not asked about for longest come first, so that none starves when `seconds`
    are over: then no further one is asked about. One that fails does not stop the others; when Stripe leaves
    several in a row unanswered, the rest waits for the next run.
    """
    report, now, deadline = Report(), timezone.now(), monotonic() + seconds
    undecided = Purchase.objects.filter(state__in=UNDECIDED, created_at__lt=now - LEFT_ALONE)
    for purchase in undecided.select_related("user").order_by(Coalesce("asked_at", "created_at")):
        if not (everything or _due(purchase, now)):
            continue
        report.out_of_time = monotonic() >= deadline
        if report.out_of_time or report.outage:
            break
        _compare(purchase, report)
    logger.info("purchases_reconciled", compared=report.compared, changed=report.changed, failed=report.failed)
    return report


def ask_stripe(purchase: Purchase) -> Purchase:
    """Ask Stripe about `purchase`, settle it and return it. A paid one is not asked about.

    One that never reached Stripe is opened now, under the key of the first attempt, or expires when its time
    is over. Raises StripeUnavailable (NotOpened when Stripe did answer) or StripeRefused; nothing is charged by asking.
    """
    if purchase.state == State.PAID:
        return purchase
    if purchase.stripe_session_id:
        return settle_now(gateway.retrieve_checkout_session(purchase.stripe_session_id))
    if purchase.stripe_payment_intent_id:
        return settle_now(gateway.retrieve_payment(purchase.stripe_payment_intent_id))
    if purchase.way != Purchase.Way.CHECKOUT:
        return _look_for_payment(purchase)
    if purchase.state == State.CREATED and timezone.now() < purchase.expires_at:
        return _open(purchase)
    # Nobody was ever sent to its page. Should it be paid all the same, settle overrides this.
    Purchase.objects.filter(pk=purchase.pk, state=State.CREATED).update(state=State.EXPIRED)
    purchase.refresh_from_db()
    return purchase


def _open(purchase: Purchase) -> Purchase:
    try:
        return checkout.open_at_stripe(purchase)
    except gateway.StripeUnavailable as error:
        if error.status:
            raise NotOpened(str(error), status=error.status) from error
        raise


def _look_for_payment(purchase: Purchase) -> Purchase:
    """Settle a purchase whose maker died between Stripe's payment and our row. Nothing new is charged.

    The payment is looked for among the buyer's own. Without one, the purchase expires once nobody can be about to
    make it, by PostgreSQL's time.
    """
    customer = StripeCustomer.objects.filter(user=purchase.user_id).first()
    if customer and customer.stripe_customer_id:
        since = int((purchase.created_at - CLOCKS_DIFFER).timestamp())
        for payment in gateway.payments_of(customer.stripe_customer_id, since=since):
            if payment.purchase_id == purchase.pk:
                return settle_now(payment)
    unmade = Purchase.objects.filter(pk=purchase.pk, state=State.CREATED, created_at__lt=Now() - ABOUT_TO_CHARGE)
    unmade.update(state=State.EXPIRED)
    purchase.refresh_from_db()
    return purchase


def _due(purchase: Purchase, now: datetime) -> bool:
    return purchase.asked_at is None or now - purchase.asked_at >= (now - purchase.created_at) / PATIENCE


def _compare(purchase: Purchase, report: Report) -> None:
    before = purchase.state
    try:
        after = ask_stripe(purchase).state
    except gateway.StripeUnavailable as silence:
        report.failed += 1
        report.unanswered += not isinstance(silence, NotOpened)
    except Exception:
        report.failed += 1
        logger.exception("purchase_not_compared", purchase_id=str(purchase.pk))
    else:
        report.unanswered = 0
        report.compared += 1
        report.changed += after != before
        report.parked += after != before and after == State.MISMATCHED
    Purchase.objects.filter(pk=purchase.pk).update(asked_at=timezone.now())
