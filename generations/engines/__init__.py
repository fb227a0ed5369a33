"""What the studio asks of anything that makes designs, be it rules on this computer or a remote model."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DesignRequest:
    """One design somebody asked for. `prompt` holds at most 500 characters and may be empty."""

    area: str
    style: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Painting:
    """A finished design: the encoded picture, and the words that go with it."""

    image: bytes
    content_type: str
    width: int
    height: int
    description: str
    note: str


class EngineError(Exception):
    """The engine could not make the design; `sentence` can be shown to the user."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class DesignEngine(Protocol):
    """Something that turns a request into a picture, or raises EngineError within the time it was given."""

    @property
    def name(self) -> str: ...

    def paint(self, request: DesignRequest, *, timeout_seconds: float) -> Painting: ...
