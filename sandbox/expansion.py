"""Replace identifiers by the objects they name: https://docs.stripe.com/api/expanding_objects"""

import ast
from collections.abc import Callable

from sandbox.errors import ApiError, invalid_request
from sandbox.models import Resource
from sandbox.records import Body
from sandbox.shapes import ShapeField, fields_of, shape

DEEPEST = 4

# Lists that are left out of an object unless asked for, by (kind, field).
Included = dict[tuple[str, str], Callable[[Body], Body]]


def expand(body: Body, paths: list[str], included: Included) -> None:
    """Expand in place. Raises ApiError for a field that this API version does not let expand, or deeper than 4."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise invalid_request(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", param="expand"
            )
        _Expansion(path, included).object(body, parts)


class _Expansion:
    def __init__(self, path: str, included: Included) -> None:
        self.path = path
        self.included = included

    def refused(self) -> ApiError:
        return invalid_request(f"This property cannot be expanded ({self.path}).", param="expand")

    def object(self, body: Body, parts: list[str]) -> None:
        if body.get("object") == "list":
            if parts[0] != "data":
                raise self.refused()
            if len(parts) > 1:
                for item in body["data"]:
                    self.object(item, parts[1:])
            return
        self.field(body, parts, shape(body["object"]))

    def field(self, body: Body, parts: list[str], fields: dict[str, ShapeField]) -> None:
        name, *rest = parts
        known = fields.get(name)
        if known is None:
            raise self.refused()
        value = body.get(name)
        if known.listed:
            value = body[name] = value or self.included_list(body, name)
        elif known.expandable:
            value = body[name] = _object_behind(value)
        elif not rest or not (isinstance(known.nested, ast.ClassDef) or _is_object(value)):
            raise self.refused()
        if rest and isinstance(value, dict):
            if "object" in value:
                self.object(value, rest)
            elif known.nested is not None:
                self.field(value, rest, fields_of(known.nested))

    def included_list(self, body: Body, name: str) -> Body:
        maker = self.included.get((body["object"], name)) if "object" in body else None
        if maker is None:
            raise self.refused()
        return maker(body)


def _is_object(value: object) -> bool:
    return isinstance(value, dict) and "object" in value


def _object_behind(value: object) -> object:
    if not isinstance(value, str):
        return value
    return Resource.objects.filter(key=value).values_list("body", flat=True).first() or value
