"""Where the job queue is set up: jobs live in the shop's own PostgreSQL, so they commit with the books."""

import procrastinate


def configure(app: procrastinate.App) -> None:
    """Tell the queue what every worker needs; called once by procrastinate when the apps are ready."""
    app.periodic_defaults = {"max_delay": 600}
