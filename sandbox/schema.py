"""What each request may carry, derived from the typed parameter classes of the installed `stripe` package.

A parameter the real API does not know is refused here as there. Prose rules (minimum amounts, exclusive
parameters) are not in the types; they are held by hand where each object is made.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from sandbox.stripe_package import annotations, classes


@dataclass(frozen=True)
class Plain:
    """A value without parts: text, whole, yes_no, number, or anything."""

    name: str


@dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Listing:
    of: "Kind"


@dataclass(frozen=True)
class Mapping:
    of: "Kind"


@dataclass(frozen=True)
class Group:
    """Named fields. Read lazily: Checkout Session alone has two hundred such classes."""

    path: str
    definition: str

    def fields(self) -> "dict[str, Field]":
        return _fields(self.path, self.definition)


@dataclass(frozen=True)
class Either:
    options: "tuple[Kind, ...]"
    clearable: bool


Kind: TypeAlias = Plain | Choice | Listing | Mapping | Group | Either


@dataclass(frozen=True)
class Field:
    kind: Kind
    required: bool


PLAIN = {
    "str": Plain("text"),
    "int": Plain("whole"),
    "bool": Plain("yes_no"),
    "float": Plain("number"),
    "Decimal": Plain("number"),
    "Any": Plain("anything"),
}


@cache
def parameters(name: str) -> dict[str, Field]:
    """The parameters of one operation, e.g. `checkout/session_create`. KeyError or OSError if there is none."""
    folder, _, stem = name.rpartition("/")
    path = f"params/{folder}/_{stem}_params.py" if folder else f"params/_{stem}_params.py"
    return _fields(path, "".join(word.title() for word in stem.split("_")) + "Params")


@cache
def _fields(path: str, definition: str) -> dict[str, Field]:
    found = {}
    for name, annotation in annotations(classes(path)[definition]).items():
        required = not (isinstance(annotation, ast.Subscript) and _head(annotation) == "NotRequired")
        found[name] = Field(_kind(annotation, path), required)
    return found


def _head(node: ast.Subscript) -> str:
    return ast.unparse(node.value)


def _kind(node: ast.expr, path: str) -> Kind:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _kind(ast.parse(node.value, mode="eval").body, path)
    if isinstance(node, ast.Name):
        return PLAIN.get(node.id) or (Group(path, node.id) if node.id in classes(path) else PLAIN["Any"])
    if isinstance(node, ast.BinOp):
        return _either([_kind(side, path) for side in _sides(node)])
    if isinstance(node, ast.Subscript):
        return _subscripted(node, path)
    return PLAIN["Any"]


def _sides(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp):
        yield from _sides(node.left)
        yield from _sides(node.right)
    else:
        yield node


def _subscripted(node: ast.Subscript, path: str) -> Kind:
    inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    match _head(node):
        case "NotRequired" | "Optional":
            return _kind(inside[0], path)
        case "Literal":
            return Choice(tuple(str(ast.literal_eval(value)) for value in inside))
        case "Union":
            return _either([_kind(option, path) for option in inside])
        case "List":
            return Listing(_kind(inside[0], path))
        case "Dict":
            return Mapping(_kind(inside[-1], path))
        case "UntypedStripeObject":
            return Mapping(_kind(inside[-1], path))
    return PLAIN["Any"]


def _either(options: list[Kind]) -> Kind:
    """`Literal[...] | str` types an enumeration that may grow in later versions; this version refuses the rest.
    `Literal['']` means the value can be unset by sending it empty."""
    clearable = Choice(("",)) in options
    choices = [option for option in options if isinstance(option, Choice) and option.values != ("",)]
    rest = [option for option in options if not isinstance(option, Choice)]
    kept: list[Kind] = [*choices, *(option for option in rest if not (choices and option == PLAIN["str"]))]
    distinct = tuple(dict.fromkeys(kept))
    if len(distinct) == 1 and not clearable:
        return distinct[0]
    return Either(distinct, clearable)
