"""What the studio asks of anything that makes designs or replies, be it rules on this computer or a remote model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

# Called with what there is to show while the engine works: of a design, the step it is at ("Painting the sky"); of a
# reply, all of its text so far. May be called often and from any thread; it never raises and never waits.
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DesignRequest:
    """One design somebody asked for. `prompt` holds at most 500 characters and may be empty.

    `photo` is their own yard, if they gave one: a JPEG this site has encoded itself, without metadata.
    `instruction` is all that a remote model is told, the prompt in its place included; see `engines.wording`.
    """

    area: str
    style: str
    prompt: str
    photo: bytes | None = None
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider counted and bills. The cost is in millionths of a US dollar, None when no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_microdollars: int | None = None


@dataclass(frozen=True, slots=True)
class Painting:
    """A finished design: the encoded picture, and the words that go with it."""

    image: bytes
    content_type: str
    width: int
    height: int
    description: str
    note: str
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation and the reply it got."""

    message: str
    reply: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A message, and what was said before it, the oldest turn first; failed turns are left out.

    `subject` is what the assistant knows about: "landscape" for gardens, "chat" for anything.
    """

    message: str
    turns: tuple[Turn, ...] = ()
    subject: str = "landscape"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A design the assistant proposes; it prefills the form. Checked before it is stored."""

    area: str
    style: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished reply: plain text, the designs it proposes, and a note on how it was made."""

    text: str
    note: str
    suggestions: tuple[Suggestion, ...] = ()
    usage: Usage = field(default_factory=Usage)


class EngineError(Exception):
    """The engine could not do it; `sentence` can be shown to the user. The provider bills `usage` all the same."""

    def __init__(self, sentence: str, *, usage: Usage | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.usage = usage or Usage()


class ProviderDown(EngineError):
    """The provider did not answer, or not as it should: the next request would likely fare the same."""


class DesignEngine(Protocol):
    """Something that turns a request into a picture, or raises EngineError within the time it was given."""

    @property
    def name(self) -> str:
        """What made it, as stored with each design, e.g. the model's name."""

    @property
    def provider(self) -> str:
        """Who is asked over the network, e.g. "gemini"; empty when nobody is."""

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting: ...


class ChatEngine(Protocol):
    """Something that answers a message, or raises EngineError within the time it was given."""

    @property
    def name(self) -> str:
        """What made it, as stored with each reply, e.g. the model's name."""

    @property
    def provider(self) -> str:
        """Who is asked over the network, e.g. "gemini"; empty when nobody is."""

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply: ...
