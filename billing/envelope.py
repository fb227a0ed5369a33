"""What an event comes in: JSON, from which whatever PostgreSQL could not keep is taken out, or which is refused."""

import json
import math
import re
from typing import Any

# Neither fits into PostgreSQL's text or jsonb, so an event with one could not be kept.
_NUL_OR_HALF_A_PAIR = re.compile("[\0\ud800-\udfff]")
_ESCAPE_OF_ONE = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


class BadPayload(Exception):
    """The body is not a Stripe event."""


def opened(raw: bytes) -> dict[str, Any]:
    """Return the event in a verified body; NUL and halves of surrogate pairs become U+FFFD. Raises BadPayload."""
    try:
        event = json.loads(raw.decode(), parse_constant=_refuse_constant, parse_float=_finite)
        if _ESCAPE_OF_ONE.search(raw):
            event = _keepable(event)
    except (ValueError, RecursionError) as error:
        raise BadPayload("not JSON, or nested too deeply") from error
    if not _is_event(event):
        raise BadPayload("not an event")
    return dict(event)


def _is_event(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.get("object") == "event"
        and all(isinstance(event.get(name), str) and event[name] for name in ("id", "type"))
        and isinstance(event.get("data"), dict)
        and isinstance(event["data"].get("object"), dict)
    )


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    if math.isinf(float(number)):
        raise ValueError("a number is too large")
    return float(number)


def _keepable(value: Any) -> Any:
    """Return JSON `value` with U+FFFD for each NUL and each half of a surrogate pair."""
    if isinstance(value, str):
        return _NUL_OR_HALF_A_PAIR.sub("\ufffd", value)
    if isinstance(value, list):
        return [_keepable(item) for item in value]
    if isinstance(value, dict):
        return {_keepable(name): _keepable(item) for name, item in value.items()}
    return value
