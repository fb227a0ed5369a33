"""The words a site uses for what its tokens buy: the one place that differs between the two catalogs.

Pages get them as `words`, mails too; what is sold beside the main thing (messages beside designs, designs beside
messages) is named where it is linked.
"""

from dataclasses import dataclass
from typing import Any, Final

GENERATE: Final = "/generate/"
CHAT: Final = "/chat/"


@dataclass(frozen=True, slots=True)
class Words:
    """What one token buys, and how to begin. `one` takes a plural "s"; `begin` and the rest are labels of links."""

    catalog: str
    one: str
    many: str
    start_url: str
    begin: str
    begin_first: str
    tagline: str
    description: str
    makes: str  # completes "One token"
    where_it_is: str


LANDSCAPE: Final = Words(
    catalog="landscape",
    one="design",
    many="designs",
    start_url=GENERATE,
    begin="Make a design",
    begin_first="Make your first design",
    tagline="See your garden before you dig",
    description="Garden designs from a few words. Pay per design with tokens that never expire; three are free.",
    makes="makes one design",
    where_it_is="Your tokens and designs are where they were.",
)
CHAT_WORDS: Final = Words(
    catalog="chat",
    one="message",
    many="messages",
    start_url=CHAT,
    begin="Ask the assistant",
    begin_first="Send your first message",
    tagline="An assistant you pay by the message",
    description="Ask the assistant, and pay per message with tokens that never expire; three are free.",
    makes="pays for one message and its reply",
    where_it_is="Your tokens and conversations are where they were.",
)


def words_of(catalog: str) -> Words:
    """Return the words of a catalog; those of "landscape" when there is no such catalog, which a check reports."""
    return CHAT_WORDS if catalog == "chat" else LANDSCAPE


@dataclass(frozen=True, slots=True)
class Work:
    """Where somebody goes on after buying. `kept` says what waits there as they left it, "" for nothing."""

    url: str
    label: str
    kept: str = ""


def work_to_go_on_with(draft: Any, words: Words) -> Work:
    """Return the way back to a session's draft, or to something new when there is none.

    A draft leads only to a page of this site: its `next` must be a path with a single slash before it.
    """
    path = draft.get("next") if isinstance(draft, dict) else None
    if not draft or not isinstance(path, str) or path[:1] != "/" or path[1:2] in ("/", "\\"):
        return Work(words.start_url, words.begin)
    if path.startswith(CHAT):
        return Work(path, "Back to your conversation", "message")
    return Work(path, "Back to your design", "design")
