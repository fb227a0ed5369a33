"""What billing does of itself, in the worker."""

from typing import Any, Final
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from billing import errands, mails, reconcile, saved_cards
from billing.models import Purchase

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


# 5 s, 10 s, 20 s ... for about an hour and a half.
_UNTIL_IT_WORKS: Final = RetryStrategy(max_attempts=11, exponential_wait=5)


@app.task(name="billing.send_mail", queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def send_mail(letter: str, user_id: str, facts: dict[str, Any]) -> None:
    """Send one letter; again later when the mail server does not take it."""
    mails.send(letter, UUID(user_id), facts)


@app.task(name="billing.remember_card", queue=errands.QUEUE, priority=errands.PRIORITY, retry=_UNTIL_IT_WORKS)
def remember_card(purchase_id: str) -> None:
    """Keep the card of a purchase whose buyer agreed to that; again later when Stripe does not answer."""
    saved_cards.remember_from_purchase(Purchase.objects.get(pk=purchase_id))
