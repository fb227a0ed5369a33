"""Hold an object against what the installed `stripe` package promises of it: its fields, their types, their values."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sandbox.shapes import CLASSES
from sandbox.stripe_package import annotations, classes

TYPES = {"str": str, "int": int, "bool": bool, "float": float, "Decimal": str}


@dataclass(frozen=True)
class Promise:
    """What a field may be. `values` are the only texts allowed, if there are any; `parts` is the class of an object
    without a kind of its own, `items` the type of what a list holds; `kinds` allows an object that says its kind,
    `free` any object."""

    null: bool = False
    types: tuple[type, ...] = ()
    values: tuple[str, ...] = ()
    parts: ast.ClassDef | None = None
    items: "ast.expr | None" = None
    kinds: bool = False
    free: bool = False


def problems(body: dict[str, Any]) -> list[str]:
    """Every field the version does not have, every promised one that is missing, every wrong type or value; in a list,
    those of all its items."""
    return list(_object(body, str(body.get("object"))))


def _object(body: dict[str, Any], path: str) -> Iterator[str]:
    kind = body.get("object")
    if kind == "list":
        for item in body["data"]:
            yield from _object(item, str(item.get("object")))
    elif kind not in CLASSES:
        yield f"{path}: no object {kind} is described"
    elif not body.get("deleted"):
        file, name = CLASSES[kind]
        yield from _fields(body, classes(file)[name], path)


def _fields(body: dict[str, Any], definition: ast.ClassDef, path: str) -> Iterator[str]:
    promised = _promised(definition)
    for name in body.keys() - promised.keys():
        yield f"{path}.{name} does not exist"
    for name, promise in promised.items():
        if name in body:
            yield from _value(body[name], promise, definition, f"{path}.{name}")
        elif not promise.null:
            yield f"{path}.{name} is missing"


@cache
def _promised(definition: ast.ClassDef) -> dict[str, Promise]:
    return {name: _promise(annotation, definition) for name, annotation in annotations(definition).items()}


def _value(value: Any, promise: Promise, within: ast.ClassDef, path: str) -> Iterator[str]:
    if value is None:
        if not promise.null:
            yield f"{path} is null"
    elif isinstance(value, dict):
        yield from _nested(value, promise, path)
    elif isinstance(value, list):
        if promise.items is None:
            yield f"{path} is a list"
        else:
            inner = _promise(promise.items, within)
            for number, item in enumerate(value):
                yield from _value(item, inner, within, f"{path}[{number}]")
    elif promise.values:
        if value not in promise.values:
            yield f"{path} is {value!r}, not one of {', '.join(promise.values)}"
    elif type(value) not in promise.types:
        yield f"{path} is {value!r}, of another type than promised"


def _nested(value: dict[str, Any], promise: Promise, path: str) -> Iterator[str]:
    if promise.parts is not None:
        yield from _fields(value, promise.parts, path)
    elif promise.kinds and "object" in value:
        yield from _object(value, path)
    elif not promise.free:
        yield f"{path} is an object"


@cache
def _promise(annotation: ast.expr, within: ast.ClassDef) -> Promise:
    """Read a type as the package writes it: Optional, Union, Literal, List, ListObject, ExpandableField, a class inside
    the object's own, or the name of another object."""
    found = Promise()
    for option in _options(annotation):
        found = _joined(found, _single(option, within))
    return found


def _options(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) in ("Optional", "Union"):
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for option in inside:
            yield from _options(option)
        if ast.unparse(node.value) == "Optional":
            yield ast.Constant(None)
    else:
        yield node


def _single(node: ast.expr, within: ast.ClassDef) -> Promise:
    if isinstance(node, ast.Constant):
        return Promise(null=True) if node.value is None else Promise(kinds=True)
    if isinstance(node, ast.Name):
        return _named(node.id, within)
    if isinstance(node, ast.Subscript):
        return _generic(ast.unparse(node.value), node.slice)
    return Promise(free=True)


def _named(name: str, within: ast.ClassDef) -> Promise:
    if name in TYPES:
        return Promise(types=(TYPES[name],))
    inner = next((one for one in within.body if isinstance(one, ast.ClassDef) and one.name == name), None)
    return Promise(parts=inner) if inner else Promise(kinds=True)


def _generic(name: str, inside: ast.expr) -> Promise:
    match name:
        case "Literal":
            values = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            return Promise(values=tuple(str(ast.literal_eval(value)) for value in values))
        case "List":
            return Promise(items=inside)
        case "ListObject":
            return Promise(kinds=True)
        case "ExpandableField":
            return Promise(types=(str,), kinds=True)
    return Promise(free=True)


def _joined(one: Promise, other: Promise) -> Promise:
    return Promise(
        null=one.null or other.null,
        types=one.types + other.types,
        values=one.values + other.values,
        parts=one.parts or other.parts,
        items=one.items or other.items,
        kinds=one.kinds or other.kinds,
        free=one.free or other.free,
    )
