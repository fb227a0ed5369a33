"""The form that narrows the gallery. It is sent by GET, so every address can be kept, and typed by anybody."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from generations.gallery import Wanted
from generations.models import Generation
from generations.models.generation import UNFINISHED, WITHOUT_RESULT

STATES: Final[dict[str, list[str]]] = {
    "done": ["succeeded"],
    "unfinished": UNFINISHED,
    "without-result": WITHOUT_RESULT,
}
_DAYS: Final = [
    MinValueValidator(date(2000, 1, 1), "Choose a day after 1999."),
    MaxValueValidator(date(2999, 12, 31), "Choose a day before 3000."),
]


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        required=False,
        label=label,
        validators=_DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "This is no day; write it like 2026-05-31."},
    )


def _choice(label: str, everything: str, choices: list[tuple[str, str]]) -> forms.ChoiceField:
    return forms.ChoiceField(
        required=False,
        label=label,
        choices=[("", everything), *choices],
        error_messages={"invalid_choice": "There is no such choice, so it was left out."},
    )


class FilterForm(forms.Form):
    """Area, style, state, and the first and last day (UTC) on which designs were ordered."""

    area = _choice("Place", "All places", Generation.Area.choices)
    style = _choice("Style", "All styles", Generation.Style.choices)
    state = _choice(
        "State",
        "All states",
        [("done", "Done"), ("unfinished", "Waiting or being made"), ("without-result", "Failed or cancelled")],
    )
    since = _day("From")
    until = _day("To")

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        kept = super().clean() or {}
        since, until = kept.get("since"), kept.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day is before the first.")
        return kept

    @property
    def wanted(self) -> Wanted:
        """What is to be shown; what made no sense is left out."""
        kept = self._kept
        since, until = kept.get("since"), kept.get("until")
        return Wanted(
            area=kept.get("area", ""),
            style=kept.get("style", ""),
            states=tuple(STATES.get(kept.get("state", ""), ())),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )

    @property
    def query(self) -> str:
        """What is wanted, as part of an address: "area=patio&since=2026-05-01", "" without a filter."""
        return urlencode({name: value for name, value in self._kept.items() if value})

    @property
    def _kept(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
