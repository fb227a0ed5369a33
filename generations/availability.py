"""Whether a provider is asked at all: after failures in a row it is left alone for a while, and nobody is charged.

pybreaker decides when the circuit opens and closes; its state is a row in PostgreSQL, so that it is one for all
processes on all hosts. While the circuit is not closed, one request at a time is let through to try.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.models import F
from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitBreakerError, CircuitBreakerStorage

from generations.engines import EngineError, ProviderDown
from generations.models import ProviderHealth

logger = structlog.get_logger(__name__)

LEFT_ALONE: Final = "Not available just now; nothing was charged."
# Whoever was let through to try may wait in the queue and then for the engine; after that somebody else is.
QUEUE_SECONDS: Final = 60


class EngineUnavailable(Exception):
    """The provider is left alone just now. Nothing was started, nothing taken; `sentence` can be shown."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


# PostgreSQL looks at the row again after it has waited for its lock, so only one of many claims succeeds.
_CLAIM: Final = """
WITH claimed AS (
    UPDATE generations_providerhealth SET state = 'half-open', probed_at = statement_timestamp(),
        asked_at = CASE WHEN %(asks)s THEN statement_timestamp() ELSE asked_at END
    WHERE name = %(name)s AND (
        state = 'open' AND opened_at <= statement_timestamp() - make_interval(secs => %(pause)s)
        OR state = 'half-open' AND COALESCE(CASE WHEN %(asks)s THEN asked_at ELSE probed_at END, '-infinity')
            <= statement_timestamp() - make_interval(secs => %(patience)s))
    RETURNING name)
SELECT state, EXISTS (SELECT FROM claimed) FROM generations_providerhealth WHERE name = %(name)s
"""


def require(provider: str) -> None:
    """Raise EngineUnavailable while `provider` is left alone; one statement, none without a provider.

    After the pause one person is let through to try, and the next one when nothing came of that. Called within a
    transaction, whose rollback gives the try back.
    """
    if provider and not _let_through(provider, asks=False):
        logger.info("provider_left_alone", provider=provider)
        raise EngineUnavailable(LEFT_ALONE)


@contextmanager
def watched(provider: str) -> Iterator[None]:
    """Ask `provider` inside, and count how it went. ProviderDown counts against it, other EngineErrors do not.

    Raises ProviderDown without asking while the provider is left alone, or is just being tried by somebody else.
    Works on the connection of the thread that enters; nothing is locked in between. What breaks in other ways says
    nothing about the provider: the next request tries again.
    """
    if not provider:
        yield
        return
    if not _let_through(provider, asks=True):
        raise ProviderDown(LEFT_ALONE)
    try:
        yield
    except EngineError as error:
        _count(provider, error)
        raise
    except BaseException:
        _calmly(lambda: ProviderHealth.objects.filter(pk=provider).update(asked_at=None))
        raise
    _count(provider, None)


def _let_through(provider: str, *, asks: bool) -> bool:
    """Whether somebody may start, or (`asks`) whether the request may be sent now; claims the try if there is one."""
    patience = settings.ENGINE_TIMEOUT_SECONDS + (0 if asks else QUEUE_SECONDS)
    pause = settings.PROVIDER_PAUSE_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"name": provider, "asks": asks, "pause": pause, "patience": patience})
        found = cursor.fetchone()
    return found is None or found[0] == STATE_CLOSED or bool(found[1])


def _count(provider: str, error: EngineError | None) -> None:
    """Let the circuit breaker count one answer, or one failure, that has just come."""

    def came_back() -> None:
        if error:
            raise error

    def count() -> None:
        with suppress(CircuitBreakerError, EngineError):
            _breaker(provider).call(came_back)

    _calmly(count)


def _breaker(provider: str) -> CircuitBreaker:
    """Return a circuit breaker for one call: a shared one would let this process make one call at a time."""
    return CircuitBreaker(
        fail_max=settings.PROVIDER_FAILURES,
        reset_timeout=settings.PROVIDER_PAUSE_SECONDS,
        exclude=[lambda outcome: not isinstance(outcome, ProviderDown)],
        state_storage=_SharedRow(provider),
        name=provider,
        throw_new_error_on_trip=False,
    )


def _calmly(write: Callable[[], Any]) -> None:
    """Write down how it went; what was made meanwhile is not lost because that could not be written."""
    try:
        if not connection.in_atomic_block:
            close_old_connections()
        write()
    except Error:
        logger.warning("provider_health_not_written", exc_info=True)


class _SharedRow(CircuitBreakerStorage):
    """pybreaker's state as a row. Each change is one UPDATE, counted by PostgreSQL, so that none is lost."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.rows = ProviderHealth.objects.filter(pk=name)

    def _value(self, column: str, default: Any) -> Any:
        return self.rows.values_list(column, flat=True).first() or default

    @property
    def state(self) -> str:
        return str(self._value("state", STATE_CLOSED))

    @state.setter
    def state(self, state: str) -> None:
        if self.rows.exclude(state=state).update(state=state, asked_at=None):
            logger.warning("provider_state_changed", provider=self.name, state=state)

    @property
    def counter(self) -> int:
        return int(self._value("failures", 0))

    def increment_counter(self) -> None:
        ProviderHealth.objects.bulk_create([ProviderHealth(name=self.name)], ignore_conflicts=True)
        self.rows.update(failures=F("failures") + 1)

    def reset_counter(self) -> None:
        self.rows.exclude(failures=0).update(failures=0)

    @property
    def success_counter(self) -> int:
        return int(self._value("successes", 0))

    def increment_success_counter(self) -> None:
        self.rows.update(successes=F("successes") + 1)

    def reset_success_counter(self) -> None:
        self.rows.exclude(successes=0).update(successes=0)

    @property
    def opened_at(self) -> datetime | None:
        """When it was opened, on this host's clock, which is the one pybreaker compares it with."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT statement_timestamp() - opened_at FROM generations_providerhealth WHERE name = %s", [self.name]
            )
            found = cursor.fetchone()
        return datetime.now(UTC) - found[0] if found and found[0] else None

    @opened_at.setter
    def opened_at(self, _: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE generations_providerhealth SET opened_at = statement_timestamp() WHERE name = %s", [self.name]
            )
