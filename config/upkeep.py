"""The queue keeps itself tidy. On the queue that every kind of worker serves, so that one of any kind is enough."""

from typing import Final

import structlog
from django.core.management import call_command
from procrastinate import builtin_tasks
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job, Status

from billing.errands import QUEUE
from generations.studio import WORKER_SILENCE

logger = structlog.get_logger(__name__)

KEEP_JOBS_HOURS: Final = 72


@app.periodic(cron="* * * * *")
@app.task(name="config.free_dead_jobs", queue=QUEUE, queueing_lock="config.free_dead_jobs", pass_context=True)
async def free_dead_jobs(context: JobContext, timestamp: int) -> None:
    """Take the jobs of workers that died out of their hands: the queue would keep them as being done for ever.

    Jobs that are tried again after an error (mails, cards) are done again; the others are marked as failed, and
    the sweeps of their own apps make good what they were doing.
    """
    manager = context.app.job_manager
    silence = WORKER_SILENCE.total_seconds()
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=silence):
        logger.warning("job_of_a_dead_worker", job_id=job.id, task=job.task_name)
        if _is_tried_again(context, job):
            await manager.retry_job(job)
        else:
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
    await manager.prune_stalled_workers(silence)


def _is_tried_again(context: JobContext, job: Job) -> bool:
    """Whether its task is tried again after errors, and has not been too often: one may kill every worker it meets."""
    task = context.app.tasks.get(job.task_name)
    strategy = task.retry_strategy if task else None
    decision = strategy.get_retry_decision(exception=SystemExit(), job=job) if strategy else None
    return decision is not None


@app.periodic(cron="20 4 * * *")
@app.task(name="config.forget_old_jobs", queue=QUEUE, queueing_lock="config.forget_old_jobs", pass_context=True)
async def forget_old_jobs(context: JobContext, timestamp: int) -> None:
    """Delete the jobs that ended more than three days ago, daily."""
    await builtin_tasks.remove_old_jobs(
        context, max_hours=KEEP_JOBS_HOURS, remove_failed=True, remove_cancelled=True, remove_aborted=True
    )


@app.periodic(cron="40 4 * * *")
@app.task(name="config.forget_old_sessions", queue=QUEUE, queueing_lock="config.forget_old_sessions")
def forget_old_sessions(timestamp: int) -> None:
    """Delete the sessions that have ended, daily: with them go the drafts somebody left behind."""
    call_command("clearsessions")
