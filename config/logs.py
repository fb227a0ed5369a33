"""What must not reach the logs: the values PostgreSQL quotes when it refuses a row."""

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
