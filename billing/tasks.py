"""What billing does of itself, in the worker."""

from typing import Final

from procrastinate.contrib.django import app

from billing import reconcile

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
