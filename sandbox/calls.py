"""One request to the API, as an endpoint sees it, and the rules all endpoints share."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import invalid_request


@dataclass(frozen=True)
class Call:
    """`keys` are the identifiers in the address, `params` the checked parameters without `expand`."""

    keys: tuple[str, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.keys[0]

    def only(self, served: Collection[str]) -> None:
        """Refuse parameters Stripe knows and the sandbox does not serve: better a 400 than a silent difference."""
        if unserved := self.params.keys() - set(served):
            name = min(unserved)
            raise invalid_request(f"This sandbox does not serve the parameter {name}.", param=name)


def one_of(params: dict[str, Any], *names: str, prefix: str = "", required: bool = False) -> None:
    """Refuse more than one of mutually exclusive parameters, or none when one is required."""
    given = [name for name in names if params.get(name) is not None]
    spoken = [f"{prefix}[{name}]" if prefix else name for name in names]
    if len(given) > 1:
        raise invalid_request(f"You may only specify one of these parameters: {', '.join(spoken)}.", param=spoken[0])
    if required and not given:
        raise invalid_request(
            f"You must specify one of these parameters: {', '.join(spoken)}.", param=spoken[0], code="parameter_missing"
        )


def check_url(params: dict[str, Any], name: str) -> None:
    value = params.get(name)
    if value is None:
        return
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and len(value) <= 5_000
    except ValueError:
        good = False
    if not good:
        raise invalid_request("Not a valid URL", param=name, code="url_invalid")


def check_email(params: dict[str, Any], name: str) -> None:
    value = params.get(name)
    if value is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise invalid_request(f"Invalid email address: {value[:200]}", param=name, code="email_invalid")
