"""What billing does of itself, in the worker."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from billing import (
    auto_reload,
    card_form,
    errands,
    health,
    lapses,
    mails,
    matching,
    reconcile,
    reload_results,
    reload_stops,
    reload_sweep,
    saved_cards,
    standing_order,
)
from billing.models import Purchase, SavedCard

RUN_SECONDS: Final = 30
# Behind the sweep of overdue designs (100), which takes milliseconds; before designs (0): somebody has paid.
PRIORITY: Final = 10


@app.periodic(cron="* * * * *")
@app.task(
    name="billing.reconcile_purchases",
    queue="billing",
    priority=PRIORITY,
    # Each is needed: the first keeps runs from overlapping, the second keeps them from queueing up.
    lock="billing.reconcile_purchases",
    queueing_lock="billing.reconcile_purchases",
)
def reconcile_purchases(timestamp: int) -> str:
    """Ask Stripe about undecided purchases, every minute; one run at a time, so it takes one slot of a worker.

    A run asks about no further purchase after 30 seconds, however slow Stripe is; what remains comes first in
    the next run. When a worker dies in a run, the next one waits until the dead one's job is buried.
    """
    return str(reconcile.reconcile(seconds=RUN_SECONDS))


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="billing.follow_subscriptions",
    queue="billing",
    priority=PRIORITY,
    lock="billing.follow_subscriptions",
    queueing_lock="billing.follow_subscriptions",
)
def follow_subscriptions(timestamp: int) -> str:
    """Ask Stripe about subscriptions that may have moved unheard, every five minutes, for at most 30 seconds."""
    return str(lapses.follow_all(seconds=RUN_SECONDS))


# After 4 s, 16 s, 1 min, 4 min ... 4.5 h: for about six hours in all.
_UNTIL_IT_WORKS: Final = RetryStrategy(max_attempts=7, exponential_wait=4)


@app.task(name="billing.send_mail", queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def send_mail(letter: str, user_id: str, facts: dict[str, Any]) -> None:
    """Send one letter; again later when the mail server does not take it."""
    mails.send(letter, UUID(user_id), facts)


@app.task(name="billing.remember_card", queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def remember_card(purchase_id: str) -> None:
    """Keep the card of a purchase whose buyer agreed to that; again later when Stripe does not answer."""
    saved_cards.remember_from_purchase(Purchase.objects.get(pk=purchase_id))


@app.task(name=standing_order.RELOAD, queue=errands.QUEUE, priority=errands.PRIORITY)
def reload(user_id: str) -> None:
    """Reload one person's tokens if that is due. Not run again when it fails: the sweep sees what is still due."""
    auto_reload.reload(UUID(user_id))


@app.task(name=reload_results.CLOSE, queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def close_reload(purchase_id: str) -> None:
    """Close a declined reload's payment at Stripe; again later when Stripe does not answer."""
    auto_reload.close(Purchase.objects.get(pk=purchase_id))


@app.task(name=reload_stops.STOP, queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def stop_reloads(payment_intent_id: str) -> None:
    """Switch off the auto-reload of whoever's money goes back; again later when Stripe does not answer."""
    reload_stops.of_unknown_payer(payment_intent_id)


@app.periodic(cron="* * * * *")
@app.task(
    name="billing.sweep_reloads",
    queue=errands.QUEUE,
    priority=errands.PRIORITY,
    lock="billing.sweep_reloads",
    queueing_lock="billing.sweep_reloads",
)
def sweep_reloads(timestamp: int) -> None:
    """Catch reloads whose trigger was lost or throttled, every minute."""
    reload_sweep.sweep()


@app.task(name="billing.remove_card", queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def remove_card(card_id: str) -> None:
    """Remove a card that another one has replaced; again later when Stripe does not answer."""
    saved_cards.remove(SavedCard.objects.get(pk=card_id))


@app.task(name="billing.close_payment", queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def close_payment(purchase_id: str) -> None:
    """Close a payment on which too many cards were tried; again later when Stripe does not answer."""
    card_form.close(Purchase.objects.get(pk=purchase_id))


@app.periodic(cron="*/5 * * * *")
@app.task(name="billing.close_overdue_payments", queue=errands.QUEUE, queueing_lock="billing.close_overdue_payments")
def close_overdue_payments(timestamp: int) -> str:
    """Close what was begun in the card form and not paid in time."""
    return f"{card_form.close_overdue()} closed."


@app.periodic(cron="0 9 * * *")
@app.task(name="billing.tell_about_expiry", queue=errands.QUEUE, queueing_lock="billing.tell_about_expiry")
def tell_about_expiry(timestamp: int) -> str:
    """Write to people whose auto-reload depends on a card that ends; once per card and month."""
    return f"{saved_cards.tell_about_expiry()} told."


WALK_SECONDS: Final = 300
LONG_WALK_SECONDS: Final = 1800
LONG_WALK_DAYS: Final = 30
# Behind designs (0): nobody waits for it.
_WHEN_QUIET: Final = -10


@app.periodic(cron="23 * * * *")
@app.task(
    name="billing.match_recent",
    queue="billing",
    priority=_WHEN_QUIET,
    lock="billing.match",
    queueing_lock="billing.match_recent",
)
def match_recent(timestamp: int) -> str:
    """Compare everything since the last complete walk with Stripe, every hour, for at most five minutes."""
    return str(matching.walk(since=matching.next_since(), seconds=WALK_SECONDS))


@app.periodic(cron="47 3 * * *")
@app.task(
    name="billing.match_month",
    queue="billing",
    priority=_WHEN_QUIET,
    lock="billing.match",
    queueing_lock="billing.match_month",
)
def match_month(timestamp: int) -> str:
    """Compare the last 30 days with Stripe, every night, for at most half an hour."""
    return str(matching.walk(since=timezone.now() - timedelta(days=LONG_WALK_DAYS), seconds=LONG_WALK_SECONDS))


@app.periodic(cron="11 * * * *")
@app.task(name="billing.check_stripe", queue="billing", priority=_WHEN_QUIET, queueing_lock="billing.check_stripe")
def check_stripe(timestamp: int) -> str:
    """Look every hour whether Stripe's side is set up as expected, and keep what was found."""
    return str(health.look())
