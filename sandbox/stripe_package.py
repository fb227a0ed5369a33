"""The installed `stripe` package, read as a description of one API version. It is parsed, never imported."""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def _folder() -> Path:
    spec = find_spec("stripe")
    if spec is None or spec.origin is None:
        raise RuntimeError("The sandbox reads Stripe's API from the `stripe` package, which is not installed.")
    return Path(spec.origin).parent


def _pinned_version() -> str:
    for node in ast.walk(_module("_api_version.py")):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CURRENT":
            return str(ast.literal_eval(node.value))
    raise RuntimeError("The `stripe` package names no API version.")


@cache
def _module(path: str) -> ast.Module:
    return ast.parse((_folder() / path).read_text(encoding="utf-8"))


@cache
def classes(path: str) -> dict[str, ast.ClassDef]:
    """The top-level classes of one file of the package, by name."""
    return {node.name: node for node in _module(path).body if isinstance(node, ast.ClassDef)}


def annotations(definition: ast.ClassDef) -> dict[str, ast.expr]:
    """The annotated fields of a class in the order written; class variables are not fields."""
    return {
        node.target.id: node.annotation
        for node in definition.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and "ClassVar" not in ast.unparse(node.annotation)
    }


API_VERSION = _pinned_version()
