"""What is to be done soon by a worker, written down in the caller's own transaction: it commits or vanishes with it."""

from typing import Final

from django.db import OperationalError, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.types import JSONValue

QUEUE: Final = "billing"
# Before designs (0) and the minute's round of questions to Stripe (10): somebody waits for it.
PRIORITY: Final = 20


def later(task: str, *, once: str | None = None, **arguments: JSONValue) -> None:
    """Have a worker run `task` with these arguments, at once.

    With `once`, a second errand of that name is left out while the first one waits; not for tasks that are tried
    again, because their repeat would be refused as a second one. Raises OperationalError when the queue cannot be
    written.
    """
    errand = app.configure_task(task, queue=QUEUE, priority=PRIORITY, lock=once, queueing_lock=once)
    try:
        with transaction.atomic():  # the refusal of a second one must not spoil the caller's transaction
            errand.defer(**arguments)
    except AlreadyEnqueued:
        pass
    except ConnectorException as error:
        raise OperationalError(f"{task} could not be queued.") from error
