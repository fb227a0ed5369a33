"""Read the e-mails the shop wrote to files: Django's file-based backend, `*.log`, one file per connection.

A file may hold several messages, and the shop may be in the middle of writing the last one: a message counts from
the moment its closing line of 79 dashes is there.
"""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

END_OF_MESSAGE = b"\n" + b"-" * 79 + b"\n"
NAME = re.compile(r"[A-Za-z0-9._-]{1,120}\.log")
NEWEST_FILES = 500
_CODE_LINE = re.compile(r"^[ \t]*([A-Z0-9]{3,10}(?:-[A-Z0-9]{3,10})?)[ \t]*$", re.MULTILINE)
_DIGITS = re.compile(r"\b[0-9]{6}\b")
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")


@dataclass(frozen=True)
class Letter:
    """One e-mail. `text` is the plain part, or the HTML part without its tags; HTML is never shown as HTML."""

    name: str
    index: int
    to: str
    sender: str
    subject: str
    at: float
    text: str

    @property
    def code(self) -> str:
        """The sign-up or log-in code, if one stands alone on a line; else the first six digits in a row."""
        for match in _CODE_LINE.finditer(self.text):
            if re.search(r"[0-9-]", match.group(1)):
                return match.group(1)
        digits = _DIGITS.search(self.text)
        return digits.group() if digits else ""

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.text)


def letters(folder: Path) -> list[Letter]:
    """All letters of the newest files, newest first. A folder that does not exist yet is an empty mailbox."""
    files: list[tuple[int, Path]] = []
    for path in folder.glob("*.log"):
        try:
            files.append((path.stat().st_mtime_ns, path))
        except OSError:
            continue
    found: list[tuple[int, Letter]] = []
    for moment, path in sorted(files, reverse=True)[:NEWEST_FILES]:
        found += [(moment, letter) for letter in read(path)]
    newest = sorted(found, key=lambda pair: (pair[1].at, pair[0], pair[1].index), reverse=True)
    return [letter for _, letter in newest]


def letter(folder: Path, name: str, index: int) -> Letter | None:
    """One letter by its file and place in it, or None. Names that could lead out of the folder are refused."""
    if not NAME.fullmatch(name) or not (folder / name).is_file():
        return None
    return next((one for one in read(folder / name) if one.index == index), None)


def read(path: Path) -> list[Letter]:
    """The finished letters of one file; none if it cannot be read (any more)."""
    try:
        raw, modified = path.read_bytes(), path.stat().st_mtime
    except OSError:
        return []
    *finished, _rest = raw.replace(b"\r\n", b"\n").split(END_OF_MESSAGE)
    found = []
    for index, chunk in enumerate(finished):
        message = email.message_from_bytes(chunk, policy=email.policy.default)
        if isinstance(message, EmailMessage) and (message["To"] or message["Subject"]):
            found.append(_letter(message, path.name, index, modified))
    return found


def _letter(message: EmailMessage, name: str, index: int, modified: float) -> Letter:
    return Letter(
        name=name,
        index=index,
        to=_header(message, "To"),
        sender=_header(message, "From"),
        subject=_header(message, "Subject") or "(no subject)",
        at=_sent_at(message, modified),
        text=_text(message),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except (ValueError, IndexError, AttributeError):  # what the standard parser raises for broken headers
        return ""


def _sent_at(message: EmailMessage, modified: float) -> float:
    try:
        return parsedate_to_datetime(_header(message, "Date")).timestamp()
    except (ValueError, TypeError):
        return modified


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    payload = body.get_payload(decode=True)
    text = payload.decode(body.get_content_charset("utf-8") or "utf-8", "replace") if isinstance(payload, bytes) else ""
    if body.get_content_type() == "text/html":
        text = re.sub(r"(?is)<(style|script).*?</\1>", "", text)
        text = re.sub(r"<[^>]*>", " ", text)
    return text.strip()
