"""Whether a provider is asked at all: after failures in a row it is left alone for a while, and nobody is charged.

pybreaker decides when the circuit opens and closes; its state is a row in PostgreSQL, so that it is one for all
processes on all hosts. After the pause a few people may order again, and the first of their requests that is really
sent is the try. An order by itself claims nothing: whoever cancels it, over and over, keeps the way shut for nobody.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.models import Count, F
from django.db.models.functions import Now
from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitBreakerError, CircuitBreakerStorage

from generations.engines import EngineError, ProviderDown, chosen
from generations.models import Generation, ProviderHealth
from generations.models.generation import UNFINISHED

logger = structlog.get_logger(__name__)

LEFT_ALONE: Final = "Not available just now."
NOT_ASKED: Final = "The provider is not available just now."
# After a pause, so many people may have an order waiting: if the provider is still down, they are all that is refunded.
MOST_WAITING: Final = 3
# Whoever has waited for longer in a queue that does not move keeps nobody else from ordering.
QUEUE_PATIENCE: Final = timedelta(seconds=60)
# A longer name would not fit the row, and failures would never be counted.
NAME_CHARACTERS: Final = 60


class EngineUnavailable(Exception):
    """The provider is left alone just now. Nothing was started, nothing taken; `sentence` can be shown."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


_ANSWERS, _DUE = "answers", "due"
# Whether it is time to try the provider: the pause is over, or nothing came of the request that tried it.
_IS_DUE: Final = """(
    state = 'open' AND opened_at <= statement_timestamp() - make_interval(secs => %(pause)s)
    OR state = 'half-open'
        AND COALESCE(asked_at, '-infinity') <= statement_timestamp() - make_interval(secs => %(patience)s))
"""
_STANDING: Final = f"""
SELECT CASE WHEN state = 'closed' THEN '{_ANSWERS}' WHEN {_IS_DUE} THEN '{_DUE}' ELSE 'left alone' END
FROM generations_providerhealth WHERE name = %(name)s
"""  # noqa: S608 - put together from the constants above
# PostgreSQL looks at the row again after it has waited for its lock, so only one of many claims succeeds.
_CLAIM: Final = f"""
WITH claimed AS (
    UPDATE generations_providerhealth
    SET state = 'half-open', probed_at = statement_timestamp(), asked_at = statement_timestamp()
    WHERE name = %(name)s AND {_IS_DUE} RETURNING name)
SELECT state = 'closed' OR EXISTS (SELECT FROM claimed) FROM generations_providerhealth WHERE name = %(name)s
"""  # noqa: S608 - put together from the constants above


def require(provider: str) -> None:
    """Raise EngineUnavailable while `provider` is left alone; one statement, none without a provider.

    After the pause the orders of a few people pass, until one of their requests is sent; then nobody's, until its
    outcome is known. Only then the provider's row is locked, until the commit: called within the transaction that
    writes the order, so that those who come at once count each other. Whoever cancels makes room at once.
    """
    if provider and not _may_begin(provider[:NAME_CHARACTERS]):
        logger.info("provider_left_alone", provider=provider)
        raise EngineUnavailable(LEFT_ALONE)


@contextmanager
def watched(provider: str) -> Iterator[None]:
    """Ask `provider` inside, and count how it went. ProviderDown counts against it, other EngineErrors do not.

    Raises ProviderDown without asking while the provider is left alone, or is just being tried by somebody else.
    Works on the connection of the thread that enters; nothing is locked in between. What breaks in other ways says
    nothing about the provider: the next request tries again. One whose process dies is waited for as long as an
    engine may take.
    """
    provider = provider[:NAME_CHARACTERS]
    if not provider:
        yield
        return
    if not _read(_CLAIM, provider, default=True):
        raise ProviderDown(NOT_ASKED)
    try:
        yield
    except EngineError as error:
        _count(provider, error)
        raise
    except BaseException:
        _calmly(lambda: ProviderHealth.objects.filter(pk=provider).update(asked_at=None))
        raise
    _count(provider, None)


def _may_begin(provider: str) -> bool:
    """Whether somebody may order: while it answers always; to try it, which locks its row, when few people wait."""
    standing = _read(_STANDING, provider, default=_ANSWERS)
    if standing == _DUE:
        standing = _read(f"{_STANDING} FOR NO KEY UPDATE", provider, default=_ANSWERS)
    return standing == _ANSWERS or (standing == _DUE and _people_waiting(provider) < MOST_WAITING)


def _people_waiting(provider: str) -> int:
    """How many people wait, not for long yet, for something that `provider` is to make."""
    kinds = [kind for kind in Generation.Kind.values if chosen.provider(kind)[:NAME_CHARACTERS] == provider]
    waiting = Generation.objects.filter(
        state__in=UNFINISHED, kind__in=kinds, created_at__gt=Now() - QUEUE_PATIENCE
    ).aggregate(people=Count("user", distinct=True))
    return int(waiting["people"])


def _read(statement: str, provider: str, *, default: Any) -> Any:
    """Return the one value that `statement` reads of the provider's row; `default` when it never failed."""
    pause, patience = settings.PROVIDER_PAUSE_SECONDS, settings.ENGINE_TIMEOUT_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(statement, {"name": provider, "pause": pause, "patience": patience})
        found = cursor.fetchone()
    return found[0] if found else default


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
