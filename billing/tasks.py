"""What billing does of itself, in the worker."""

from procrastinate.contrib.django import app

from billing import reconcile


@app.periodic(cron="* * * * *")
@app.task(name="billing.reconcile_purchases", queueing_lock="billing.reconcile_purchases")
def reconcile_purchases(timestamp: int) -> str:
    """Ask Stripe about undecided purchases; every minute, never twice at once."""
    return str(reconcile.reconcile())
