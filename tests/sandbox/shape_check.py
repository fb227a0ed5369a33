"""Hold an answer against the resource classes of the installed `stripe` package, read at run time.

Written apart from sandbox/shapes.py, which reads the same classes another way: a mistake in one shows in the other.
"""

import importlib
import inspect
import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from stripe import StripeObject
from stripe._object_classes import OBJECT_CLASSES


def problems(body: dict[str, Any]) -> list[str]:
    """Every field the API version does not have, every promised one that is missing, every wrong type or value."""
    return list(_object(body, _class_of(body), body["object"]))


def _class_of(body: dict[str, Any]) -> type[StripeObject]:
    module, name = OBJECT_CLASSES[body["object"]]
    found: type[StripeObject] = getattr(importlib.import_module(module), name)
    return found


def _fields(cls: type[StripeObject]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, StripeObject) and base is not StripeObject:
            found |= {
                name: hint
                for name, hint in inspect.get_annotations(base).items()
                if not str(hint).startswith("typing.ClassVar") and not name.startswith("_")
            }
    return found


def _object(body: dict[str, Any], cls: type[StripeObject], path: str) -> Iterator[str]:
    fields = _fields(cls)
    for name in body.keys() - fields.keys():
        yield f"{path}.{name} does not exist"
    for name, hint in fields.items():
        if name in body:
            yield from _value(body[name], hint, f"{path}.{name}")
        elif type(None) not in typing.get_args(hint):
            yield f"{path}.{name} is missing"


def _value(value: Any, hint: Any, path: str) -> Iterator[str]:
    options = list(_options(hint))
    if value is None:
        if type(None) not in options:
            yield f"{path} is null"
    elif isinstance(value, dict):
        yield from _nested(value, options, path)
    elif isinstance(value, list):
        inner = next((typing.get_args(one)[0] for one in options if typing.get_origin(one) is list), None)
        if inner is None:
            yield f"{path} is a list"
        for number, item in enumerate(value):
            yield from _value(item, inner, f"{path}[{number}]")
    else:
        yield from _plain(value, options, path)


def _options(hint: Any) -> Iterator[Any]:
    if typing.get_origin(hint) is typing.Union:
        for option in typing.get_args(hint):
            yield from _options(option)
    else:
        yield hint


def _nested(value: dict[str, Any], options: list[Any], path: str) -> Iterator[str]:
    if value.get("object") == "list":
        for number, item in enumerate(value["data"]):
            yield from _object(item, _class_of(item), f"{path}[{number}]")
    elif isinstance(value.get("object"), str) and not _own_class(options):
        yield from _object(value, _class_of(value), path)
    elif own := _own_class(options):
        yield from _object(value, own, path)
    elif not any("UntypedStripeObject" in str(one) for one in options):
        yield f"{path} is an object"


def _own_class(options: list[Any]) -> type[StripeObject] | None:
    return next((one for one in options if isinstance(one, type) and issubclass(one, StripeObject)), None)


def _plain(value: Any, options: list[Any], path: str) -> Iterator[str]:
    literals = [
        choice for one in options if typing.get_origin(one) is typing.Literal for choice in typing.get_args(one)
    ]
    if literals:
        if value not in literals:
            yield f"{path} is {value!r}, not one of {literals}"
        return
    names = {getattr(one, "__name__", str(one)) for one in options}
    wanted = {"str": str, "int": int, "bool": bool, "float": float, "Decimal": str}
    allowed = tuple(kind for name, kind in wanted.items() if name in names)
    if "Decimal" in names and Decimal in options:
        allowed = (*allowed, str)
    if any("ExpandableField" in str(one) or "ForwardRef" in str(one) for one in options):
        allowed = (*allowed, str)
    if type(value) not in allowed:
        yield f"{path} is {value!r}, and {sorted(names)} was promised"
