"""What must not reach the logs: the values PostgreSQL quotes when it refuses a row, and errors that are none."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

_QUOTED = re.compile(r"^.*?(DETAIL|CONTEXT): .*$", re.MULTILINE)


def without_values(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut the DETAIL and CONTEXT lines out of every text of a log event; they carry addresses and payloads."""
    for key, value in event.items():
        if isinstance(value, str) and ("DETAIL:" in value or "CONTEXT:" in value):
            event[key] = _QUOTED.sub(r"\1: (left out)", value)
    return event


class RefusalsAreWarnings(logging.Filter):
    """Log as a warning what Django refuses with 400 and calls an error: anybody can send it, nothing is broken.

    A made-up host name or a filter that an admin page does not have would otherwise ring the alarm for errors.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Lower the record's level; drops nothing."""
        if record.name.startswith("django.security.") and record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return True
