"""Hold a request against the schema: refuse what the API version does not know, and give each value its type."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.errors import ApiError, invalid_request, missing_parameter, unknown_parameters
from sandbox.form_encoding import Form
from sandbox.schema import Choice, Either, Field, Group, Kind, Listing, Mapping, Plain, parameters

# https://docs.stripe.com/changelog: the parameter is gone from this API version, and says so by its own code.
NO_LONGER_SUPPORTED = {
    "payment_method_types": (
        "payment_method_types_no_longer_supported",
        "The parameter payment_method_types is no longer supported. Leave it out to use dynamic payment methods, "
        "or use allowed_payment_method_types to restrict them.",
    )
}


def checked(operation: str | dict[str, Field] | None, form: Form) -> dict[str, Any]:
    """Return the typed parameters of an operation, named or given by its fields. Raises ApiError (400) for an unknown,
    missing or ill-typed one. A value sent empty to unset it comes back as None. `expand` is allowed everywhere."""
    fields = dict(parameters(operation) if isinstance(operation, str) else operation or {})
    fields.setdefault("expand", Field(Listing(Plain("text")), required=False))
    return _group(fields, form, "")


def _group(fields: dict[str, Field], form: Form, path: str) -> dict[str, Any]:
    unknown = [_join(path, name) for name in form if name not in fields]
    for name in form:
        if name in NO_LONGER_SUPPORTED and name not in fields:
            code, message = NO_LONGER_SUPPORTED[name]
            raise invalid_request(message, param=_join(path, name), code=code)
    if unknown:
        raise unknown_parameters(unknown)
    for name, field in fields.items():
        if field.required and name not in form:
            raise missing_parameter(_join(path, name))
    return {name: _value(fields[name].kind, value, _join(path, name)) for name, value in form.items()}


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _value(kind: Kind, value: "str | Form", path: str) -> Any:
    match kind:
        case Either():
            return _either(kind, value, path)
        case Group():
            return _group(kind.fields(), _object(value, path), path)
        case Mapping():
            return {name: _entry(kind.of, one, _join(path, name)) for name, one in _object(value, path).items()}
        case Listing():
            items = _numbered(value, path)
            return [_value(kind.of, item, f"{path}[{number}]") for number, item in enumerate(items)]
        case Choice():
            return _choice(kind, value, path)
        case Plain():
            return _plain(kind, value, path)


def _either(kind: Either, value: "str | Form", path: str) -> Any:
    if value == "" and kind.clearable:
        return None
    composite = (Group, Listing, Mapping)
    fitting = [option for option in kind.options if isinstance(option, composite) == isinstance(value, dict)]
    refusal: ApiError | None = None
    for option in fitting or list(kind.options):
        try:
            return _value(option, value, path)
        except ApiError as error:
            refusal = refusal or error
    raise refusal or invalid_request(f"Invalid value for {path}", param=path)


def _entry(kind: Kind, value: "str | Form", path: str) -> Any:
    """A value of a mapping may be empty: for metadata that unsets the key."""
    return "" if value == "" else _value(kind, value, path)


def _object(value: "str | Form", path: str) -> Form:
    if isinstance(value, str):
        raise invalid_request(f"Invalid object: {path}", param=path, code="parameter_invalid_object")
    return value


def _numbered(value: "str | Form", path: str) -> "list[str | Form]":
    if isinstance(value, str) or not all(re.fullmatch(r"[0-9]{1,4}", name) for name in value):
        raise invalid_request("Invalid array", param=path, code="parameter_invalid_array")
    return [value[name] for name in sorted(value, key=int)]


def _choice(kind: Choice, value: "str | Form", path: str) -> str:
    if not isinstance(value, str) or value not in kind.values:
        *most, last = kind.values
        listed = f"one of {', '.join(most)}, or {last}" if most else last
        raise invalid_request(f"Invalid {path}: must be {listed}", param=path)
    return value


def _plain(kind: Plain, value: "str | Form", path: str) -> Any:
    if not isinstance(value, str):
        raise invalid_request(f"Invalid string: {path} is an object", param=path, code="parameter_invalid_string")
    if value == "":
        message = (
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a "
            "non-empty value."
        )
        raise invalid_request(message, param=path, code="parameter_invalid_empty")
    match kind.name:
        case "whole":
            return _whole(value, path)
        case "yes_no":
            return _yes_no(value, path)
        case "number":
            return _number(value, path)
    return value


def _whole(value: str, path: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise invalid_request(f"Invalid integer: {value[:100]}", param=path, code="parameter_invalid_integer")
    return int(value)


def _yes_no(value: str, path: str) -> bool:
    if value not in ("true", "false"):
        raise invalid_request(f"Invalid boolean: {value[:100]}", param=path, code="parameter_invalid_boolean")
    return value == "true"


def _number(value: str, path: str) -> str:
    try:
        finite = Decimal(value).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise invalid_request(f"Invalid decimal: {value[:100]}", param=path, code="parameter_invalid_decimal")
    return value
