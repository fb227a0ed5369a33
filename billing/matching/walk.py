"""One walk through everything that may differ, from a moment on."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from time import monotonic
from typing import Final

import structlog
from django.utils import timezone

from billing import gateway, reconcile
from billing.matching import money_back, ours, payments, subscriptions
from billing.matching.differences import Compared, conclude
from billing.models import Difference, ReconcileRun

logger = structlog.get_logger(__name__)

# A payment may be made as long after it was opened.
OVERLAP: Final = timedelta(minutes=gateway.LONGEST_SESSION_MINUTES)
FIRST_TIME: Final = timedelta(days=30)
PAGE: Final = 100


class OutOfTime(Exception):
    """The seconds are over; what is left comes next time."""


@dataclass(slots=True)
class Report:
    """What a walk did. `ending` is why it did not come to its end, "" if it did."""

    run: ReconcileRun
    ending: str = ""

    def __str__(self) -> str:
        run = self.run
        sentence = f"{run.compared:,} compared, {run.repaired:,} repaired, {run.differing:,} "
        sentence += "differs" if run.differing == 1 else "differ"
        sentence += f", {run.failed:,} failed" if run.failed else ""
        return f"{sentence}. {self.ending}".strip()


@dataclass(slots=True)
class _Tally:
    """Where a walk stands. `unanswered` counts the last questions in a row that Stripe did not answer."""

    run: ReconcileRun
    deadline: float
    listed: set[str]
    seen: set[str] = field(default_factory=set)
    unanswered: int = 0
    invoices: set[str] | None = None

    def is_of_invoice(self, payment_intent_id: str) -> bool:
        """Whether a subscription's invoice was paid by it; asked once a walk, when the first one is unclear."""
        if self.invoices is None:
            self.invoices = gateway.payments_of_invoices(since=_seconds(self.run.since - OVERLAP))
        return payment_intent_id in self.invoices


def next_since() -> datetime:
    """Return from when on the next walk must look: a day before the last one that left nothing out began."""
    complete = ReconcileRun.objects.filter(ended_at__isnull=False, failed=0).order_by("-started_at").first()
    earliest = timezone.now() - FIRST_TIME
    return max(complete.started_at - OVERLAP, earliest) if complete else earliest


def walk(*, since: datetime, seconds: float = math.inf) -> Report:
    """Compare Stripe with the shop, both ways, from `since` on; repair what is safe, list the rest, and say how much.

    Ends politely when Stripe does not answer or the seconds are over; such a run does not move `next_since`, and
    the next one finds repaired what this one has repaired. What was listed before is always looked at again.
    """
    report = Report(ReconcileRun.objects.create(since=since, started_at=timezone.now()))
    listed = set(Difference.objects.filter(settled_at=None).values_list("subject", flat=True))
    tally = _Tally(report.run, monotonic() + seconds, listed)
    try:
        for stage in _STAGES:
            stage(tally)
        report.run.ended_at = timezone.now()
    except gateway.StripeUnavailable:
        report.ending = "Stripe does not answer; the rest waits."
    except gateway.StripeRefused as refusal:
        report.ending = f"Stripe refused the question: {refusal}."
    except OutOfTime:
        report.ending = "Time is up; the rest waits."
    finally:
        report.run.save()
    logger.info("stripe_matched", report=str(report))
    return report


def _seconds(moment: datetime) -> int:
    return max(int(moment.timestamp()), 0)


def _compare(tally: _Tally, subject: str, comparison: Callable[[], Compared]) -> None:
    """Count one comparison. One that fails does not stop the others, unless Stripe leaves several unanswered."""
    if subject in tally.seen:
        return
    if monotonic() >= tally.deadline:
        raise OutOfTime
    tally.seen.add(subject)
    run = tally.run
    try:
        compared = comparison()
        listed_as = compared.subject or subject
        if compared.verdict or listed_as in tally.listed:
            run.differing += conclude(listed_as, compared.verdict)
    except gateway.StripeUnavailable:
        run.failed += 1
        tally.unanswered += 1
        if tally.unanswered >= reconcile.OUTAGE:
            raise
    except Exception:
        run.failed += 1
        logger.exception("not_compared", subject=subject)
    else:
        tally.unanswered = 0
        run.compared += 1
        run.repaired += compared.repaired


def _undecided(tally: _Tally) -> None:
    """What has not come to an end yet, however old."""
    asked = reconcile.reconcile(everything=True, seconds=tally.deadline - monotonic())
    tally.run.compared += asked.compared
    tally.run.repaired += asked.changed - asked.parked
    tally.run.failed += asked.failed
    if asked.outage:
        raise gateway.StripeUnavailable("reconcile")
    if asked.out_of_time:
        raise OutOfTime


def _payments(tally: _Tally) -> None:
    listed = gateway.recent_payments(since=_seconds(tally.run.since))
    while page := list(islice(listed, PAGE)):
        purchases = payments.purchases_of(page)
        for payment in page:
            found = purchases.get(payment.payment_intent_id)
            comparison = partial(payments.compare, payment, found, is_of_invoice=tally.is_of_invoice)
            _compare(tally, payment.payment_intent_id, comparison)


def _money_back(tally: _Tally) -> None:
    since = _seconds(tally.run.since)
    listed: Iterator[money_back.Told] = chain(gateway.recent_refunds(since=since), gateway.recent_disputes(since=since))
    for told in listed:
        _compare(tally, money_back.key_of(told), partial(money_back.compare, told))


def _subscriptions(tally: _Tally) -> None:
    for now in subscriptions.at_stripe(_seconds(tally.run.since)):
        _compare(tally, now.stripe_subscription_id, partial(subscriptions.compare, now))
    for known in subscriptions.running_here():
        _compare(tally, known, partial(subscriptions.compare_by_id, known))
    for subscription in subscriptions.pages_here():
        _compare(tally, str(subscription.pk), partial(subscriptions.compare_page, subscription))


def _ours(tally: _Tally) -> None:
    """The other way round: what we know and Stripe has not told of."""
    for purchase in ours.paid_since(tally.run.since):
        payment = purchase.stripe_payment_intent_id or ""
        _compare(tally, payment, partial(ours.look_up, payment))
    for entry in ours.credits_without_purchase(tally.run.since):
        _compare(tally, ours.subject_of(entry), partial(ours.compare_credit, entry))
    for known in money_back.unfinished(tally.run.since):
        _compare(tally, known.pk, partial(money_back.compare_known, known))
    for parked in ours.parked():
        _compare(tally, str(parked.pk), partial(ours.compare_parked, parked))


def _listed_before(tally: _Tally) -> None:
    """What is still open, or was repaired by a click, and is too old for the other stages."""
    for subject in sorted(tally.listed | ours.repaired_lately()):
        _compare(tally, subject, partial(ours.look_up, subject))


_STAGES: Final = (_undecided, _payments, _money_back, _subscriptions, _ours, _listed_before)
