"""Read the bracketed form encoding Stripe's API speaks: `line_items[0][price_data][currency]=usd`."""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from sandbox.errors import invalid_request

Form: TypeAlias = "dict[str, str | Form]"

DEEPEST = 20
MOST_FIELDS = 5_000
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def read_form(encoded: str) -> Form:
    """Return nested dictionaries; lists stay dictionaries keyed "0", "1", ... because only the schema knows
    which they are. Raises ApiError (400) for a name that cannot be read, or that is both a value and a group.
    """
    fields = parse_qsl(encoded, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    form: Form = {}
    for name, value in fields:
        _put(form, _parts(name), value, name)
    return form


def _parts(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    parts = [match.group(1), *_PART.findall(match.group(2))] if match else []
    if not parts or len(parts) > DEEPEST:
        raise invalid_request(f"Invalid parameter name: {name[:100]}", param=name[:100])
    return parts


def _put(form: Form, parts: list[str], value: str, name: str) -> None:
    here = form
    for part in parts[:-1]:
        inside = here.setdefault(part or str(len(here)), {})
        if isinstance(inside, str):
            raise invalid_request(f"Invalid parameter: {name} is both a value and an object", param=name)
        here = inside
    last = parts[-1] or str(len(here))
    if isinstance(here.get(last), dict):
        raise invalid_request(f"Invalid parameter: {name} is both a value and an object", param=name)
    here[last] = value
