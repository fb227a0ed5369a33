"""The life of a generation: start, take a lease, tell, finish - or fail, be cancelled, be overdue.

A generation ends exactly once. Whoever ends it locks its row first and the token account second, everywhere
in that order, and looks at the state again under the lock. Nothing is locked while an engine works.
"""

from generations.availability import EngineUnavailable
from generations.studio.ending import cancel, fail, finish
from generations.studio.leases import LEASE_GRACE, Lease, take_lease, tell
from generations.studio.overdue import (
    NEVER_BEGUN,
    QUEUE_PATIENCE,
    TOOK_TOO_LONG,
    WORKER_SILENCE,
    expire_overdue,
)
from generations.studio.starting import (
    ANSWER_TASK,
    PAINT_TASK,
    ConversationGone,
    FairUseReached,
    NothingToRetry,
    PhotoGone,
    ReplyPending,
    retry,
    start_designs,
    start_message,
)

__all__ = [
    "ANSWER_TASK",
    "LEASE_GRACE",
    "NEVER_BEGUN",
    "PAINT_TASK",
    "QUEUE_PATIENCE",
    "TOOK_TOO_LONG",
    "WORKER_SILENCE",
    "ConversationGone",
    "EngineUnavailable",
    "FairUseReached",
    "Lease",
    "NothingToRetry",
    "PhotoGone",
    "ReplyPending",
    "cancel",
    "expire_overdue",
    "fail",
    "finish",
    "retry",
    "start_designs",
    "start_message",
    "take_lease",
    "tell",
]
