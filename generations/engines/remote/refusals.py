"""What people are told when a provider does not deliver. Nothing that a provider says is passed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from generations.engines import EngineError, ProviderDown, Usage

logger = structlog.get_logger(__name__)

DECLINED: Final = "The provider declined this request for safety reasons. Try other words."
RECITED: Final = "The provider stopped because the result came too close to somebody else's work. Try other words."
EMPTY: Final = "The provider sent an empty answer. Try again, or use other words."
NO_PICTURE: Final = "The provider answered without a picture. Try again, or use other words."
NOT_A_PICTURE: Final = "The provider sent something that is not a usable picture."
TOO_LARGE: Final = "The provider sent more than we accept."
NOT_UNDERSTOOD: Final = "The provider could not use this request. Try other words."
SILENT: Final = "The provider did not answer in time."
AWAY: Final = "The provider cannot be reached just now."
TROUBLED: Final = "The provider has trouble just now."
CUT_SHORT: Final = "The provider's answer broke off."
GARBLED: Final = "The provider's answer could not be read."


def down(sentence: str, *, because: str, usage: Usage | None = None) -> ProviderDown:
    """Return the exception for a provider that is out of order, after one line in the log that says why.

    `because` is ours: a status code or the name of an exception, never what the provider wrote.
    """
    logger.warning("provider_failed", because=because)
    return ProviderDown(sentence, usage=usage)


@contextmanager
def reading() -> Iterator[None]:
    """Read an answer inside: whatever breaks there, other than an EngineError, is ProviderDown, an unreadable answer.

    Servers send numbers for words, lists for numbers and brackets without end; each breaks in a way of its own.
    """
    try:
        yield
    except EngineError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise down(GARBLED, because=type(error).__name__) from None


def refused(sentence: str, *, because: str, usage: Usage | None = None) -> EngineError:
    """Return the exception for one request that came to nothing although the provider works, logged like `down`."""
    logger.info("provider_refused", because=because)
    return EngineError(sentence, usage=usage)
