"""Whether a provider is asked at all: after failures in a row it is left alone for a while, and nobody is charged."""

from collections.abc import Iterator
from contextlib import contextmanager


class EngineUnavailable(Exception):
    """The provider is left alone just now. Nothing was started, nothing taken; `sentence` can be shown."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def require(provider: str) -> None:
    """Raise EngineUnavailable while `provider` is left alone; without a provider ask nothing."""


@contextmanager
def watched(provider: str) -> Iterator[None]:
    """Count how asking `provider` went. ProviderDown counts against it, other refusals do not."""
    yield
