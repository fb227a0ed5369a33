"""The form somebody fills in for a design."""

import unicodedata
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django import forms
from django.core.exceptions import ValidationError

from generations.models import Generation

PROMPT_CHARACTERS: Final = 500

HINTS: Final = {
    "front-yard": "What the street sees",
    "back-yard": "Behind the house",
    "walkway": "The way to the door",
    "side-yard": "Along the wall",
    "patio": "Where you sit",
    "modern-minimalist": "Clipped hedges, pavers, gravel",
    "california-native": "Poppies, sage, a dry stream",
    "japanese-zen": "Raked gravel, maple, stone",
    "english-garden": "Full borders, roses, lawn",
    "desert-landscape": "Saguaro, agave, warm gravel",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio card: the radio button, its name, a few words about it, and (of a style) the picture's path."""

    radio: Any
    name: str
    hint: str
    picture: str


def style_picture(style: str) -> str:
    """Return the path, among the static files, of the picture that stands for a style."""
    return f"img/styles/{style}.webp"


def no_control_characters(text: str) -> None:
    """Refuse characters that nobody types: they would vanish on screen and break logs and file formats."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} and character != "\n" for character in text):
        raise ValidationError("Remove the characters that cannot be shown.", code="control_characters")


class PromptField(forms.CharField):
    """Free text. Line ends count as one character, as in the browser that limits what is typed."""

    def to_python(self, value: Any) -> str | None:
        """Return the text with simple line ends and without space around it."""
        if isinstance(value, str):
            value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        return super().to_python(value)


class DesignForm(forms.Form):
    """Area, style, words, and the one-time key that makes a double click one design."""

    area = forms.ChoiceField(
        choices=Generation.Area.choices,
        widget=forms.RadioSelect,
        label="Place",
        error_messages={"required": "Choose a place."},
    )
    style = forms.ChoiceField(
        choices=Generation.Style.choices,
        widget=forms.RadioSelect,
        label="Style",
        error_messages={"required": "Choose a style."},
    )
    prompt = PromptField(
        required=False,
        max_length=PROMPT_CHARACTERS,
        validators=[no_control_characters],
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
        label="Your wishes",
        help_text=f"Plants, season, time of day, water, colours ... in up to {PROMPT_CHARACTERS} characters.",
    )
    key = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        initial=uuid4,
        error_messages=dict.fromkeys(
            ("required", "invalid"), "This form could not be read. Nothing was charged; please press the button again."
        ),
    )

    @property
    def form_key(self) -> UUID:
        """The key of this very order: of the same form, but with other wishes, it is another one.

        So a browser's "back", an edit and another click make the second design, not a way to the first.
        """
        wishes = [self.cleaned_data[name] for name in ("area", "style", "prompt")]
        return uuid5(self.cleaned_data["key"], "\0".join(wishes))

    @property
    def areas(self) -> list[Choice]:
        """The area cards."""
        return self._cards("area")

    @property
    def styles(self) -> list[Choice]:
        """The style cards."""
        return self._cards("style")

    def wishes(self) -> dict[str, str]:
        """What was asked for: area, style and prompt, once the form is valid."""
        return {name: self.cleaned_data[name] for name in ("area", "style", "prompt")}

    def renew_key(self) -> None:
        """Give a form that goes back to the browser a usable key, when the one it came with was none."""
        if "key" in self.errors:
            self.data = {**{name: self.data.get(name, "") for name in self.fields}, "key": str(uuid4())}

    def _cards(self, field: str) -> list[Choice]:
        radios = self[field].subwidgets
        return [
            Choice(
                radio=radio,
                name=str(radio.choice_label),
                hint=HINTS[radio.data["value"]],
                picture=style_picture(radio.data["value"]),
            )
            for radio in radios
        ]
