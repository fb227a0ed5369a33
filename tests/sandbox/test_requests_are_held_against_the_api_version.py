"""The schema, the form encoding and the refusals: pure functions, no server."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from sandbox.errors import ApiError
from sandbox.form_encoding import read_form
from sandbox.refusals import checked
from sandbox.schema import Choice, Either, Field, Group, Kind, Listing, Mapping, Plain, parameters
from sandbox.stripe_package import classes
from tests.sandbox.things import session_params

SESSION = "checkout/session_create"


def refusal(operation: str, encoded: str) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        checked(operation, read_form(encoded))
    assert caught.value.status == 400
    return str(caught.value.facts.get("code")), str(caught.value.facts.get("param"))


def where(operation: str) -> tuple[str, str]:
    folder, _, stem = operation.rpartition("/")
    path = f"params/{folder}/_{stem}_params.py" if folder else f"params/_{stem}_params.py"
    return path, next(iter(classes(path)))


def descend(kind: Kind, seen: set[Group]) -> int:
    """Read every group below this one and return how many there were."""
    match kind:
        case Group() if kind not in seen:
            seen.add(kind)
            return 1 + sum(descend(field.kind, seen) for field in kind.fields().values())
        case Listing() | Mapping():
            return descend(kind.of, seen)
        case Either():
            return sum(descend(option, seen) for option in kind.options)
    return 0


class TestTheFormEncoding:
    def test_reads_nested_groups_and_lists(self) -> None:
        assert read_form("a[b][0][c]=1&a[b][1][c]=2&d=3") == {
            "a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}},
            "d": "3",
        }

    def test_numbers_the_entries_of_an_unnumbered_list(self) -> None:
        assert read_form("expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}

    @pytest.mark.parametrize(
        "encoded", ["a[=1", "[a]=1", "a]b=1", "=1", "a=1&a[b]=2", "a[b]=1&a=2", "a[b][c]=1&a[b]=2"]
    )
    def test_refuses_names_that_cannot_be_read(self, encoded: str) -> None:
        with pytest.raises(ApiError):
            read_form(encoded)

    def test_refuses_groups_without_end(self) -> None:
        with pytest.raises(ApiError):
            read_form(f"a{'[b]' * 50}=1")

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z_]{1,10}", fullmatch=True),
            st.recursive(st.text(min_size=1), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=5),
            max_size=5,
        )
    )
    def test_reads_back_whatever_the_stripe_package_writes(self, params: dict[str, Any]) -> None:
        def as_form(value: Any) -> Any:
            if isinstance(value, list):
                return {str(number): as_form(item) for number, item in enumerate(value)}
            return value

        encoded = urlencode(list(_api_encode(params)))
        assert read_form(encoded) == {name: as_form(value) for name, value in params.items()}


class TestTheSchemaOfTheInstalledPackage:
    def test_knows_the_parameters_of_a_session(self) -> None:
        fields = parameters(SESSION)
        assert fields["ui_mode"] == Field(Choice(("elements", "embedded_page", "form", "hosted_page")), required=False)
        assert fields["success_url"] == Field(Plain("text"), required=False)
        assert isinstance(fields["line_items"].kind, Listing)
        assert "payment_method_types" not in fields

    def test_every_parameter_class_of_the_package_can_be_read(self) -> None:
        folder = Path(stripe.__file__).parent / "params"
        read = 0
        for path in sorted([*folder.glob("*_params.py"), *folder.glob("checkout/*_params.py")]):
            stem = path.name.removeprefix("_").removesuffix("_params.py")
            group = "" if path.parent == folder else f"{path.parent.name}/"
            read += descend(Group(*where(f"{group}{stem}")), set())
        assert read > 1_000

    def test_gives_values_their_types(self) -> None:
        encoded = urlencode(list(_api_encode(session_params(expires_at=123))))
        params = checked(SESSION, read_form(encoded))
        assert params["expires_at"] == 123
        assert params["adaptive_pricing"] == {"enabled": False}
        assert params["line_items"] == session_params()["line_items"]
        assert params["metadata"] == {"purchase": "1"}

    def test_an_emptied_parameter_is_unset_where_the_version_allows_it(self) -> None:
        assert checked("customer_update", read_form("metadata=&description=x")) == {
            "metadata": None,
            "description": "x",
        }


class TestWhatTheVersionDoesNotKnow:
    @pytest.mark.parametrize(
        ("encoded", "code", "param"),
        [
            ("colour=red", "parameter_unknown", "colour"),
            ("line_items[0][colour]=red", "parameter_unknown", "line_items[0][colour]"),
            ("payment_method_types[0]=card", "payment_method_types_no_longer_supported", "payment_method_types"),
            ("line_items[0][price_data][unit_amount]=5", "parameter_missing", "line_items[0][price_data][currency]"),
            ("expires_at=soon", "parameter_invalid_integer", "expires_at"),
            ("expires_at=1.5", "parameter_invalid_integer", "expires_at"),
            ("expires_at=%D9%A1", "parameter_invalid_integer", "expires_at"),
            ("allow_promotion_codes=yes", "parameter_invalid_boolean", "allow_promotion_codes"),
            ("ui_mode=hosted", "None", "ui_mode"),
            ("mode=", "None", "mode"),
            ("customer=", "parameter_invalid_empty", "customer"),
            ("customer[id]=1", "parameter_invalid_string", "customer"),
            ("line_items=1", "parameter_invalid_array", "line_items"),
            ("line_items[x]=1", "parameter_invalid_array", "line_items"),
            ("metadata=1", "parameter_invalid_object", "metadata"),
            ("adaptive_pricing=1", "parameter_invalid_object", "adaptive_pricing"),
        ],
    )
    def test_is_refused_with_the_code_and_the_parameter(self, encoded: str, code: str, param: str) -> None:
        assert refusal(SESSION, encoded) == (code, param)

    def test_an_address_without_parameters_takes_only_expand(self) -> None:
        assert checked("balance_retrieve", read_form("expand[]=a")) == {"expand": ["a"]}
        assert refusal("balance_retrieve", "limit=1") == ("parameter_unknown", "limit")
