"""The key-value notes a caller hangs on an object: https://docs.stripe.com/api/metadata"""

from typing import Any

from sandbox.errors import invalid_request

MOST_KEYS = 50
LONGEST_KEY = 40
LONGEST_VALUE = 500


def merged(before: dict[str, str], given: dict[str, Any] | None, param: str = "metadata") -> dict[str, str]:
    """Return `before` with the given keys set; an empty value unsets a key, None (an emptied parameter) unsets all.
    Raises ApiError beyond 50 keys, 40 characters per key, 500 per value."""
    if given is None:
        return {}
    result = dict(before)
    for key, value in given.items():
        _check_lengths(key, str(value), param)
        if value == "":
            result.pop(key, None)
        else:
            result[key] = str(value)
    if len(result) > MOST_KEYS:
        raise invalid_request(f"Metadata objects can have up to {MOST_KEYS} keys; this has {len(result)}.", param=param)
    return result


def _check_lengths(key: str, value: str, param: str) -> None:
    if len(key) > LONGEST_KEY:
        message = f"Metadata keys must be under {LONGEST_KEY} characters long: '{key[:60]}' has {len(key)}."
        raise invalid_request(message, param=param)
    if len(value) > LONGEST_VALUE:
        message = (
            f"Metadata values can have up to {LONGEST_VALUE} characters, but you passed in a value that is "
            f"{len(value)} characters. Invalid value: {value[:60]}"
        )
        raise invalid_request(message, param=f"{param}[{key}]")
