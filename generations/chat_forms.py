"""The forms of a conversation: a message, and a title."""

import unicodedata
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from django import forms
from django.core.exceptions import ValidationError

from generations.forms import UNREADABLE, PromptField, no_control_characters

MESSAGE_CHARACTERS: Final = 2000
TITLE_CHARACTERS: Final = 80


def something_to_read(text: str) -> None:
    """Refuse text of which nothing could be seen: only spaces, joiners and direction marks."""
    if all(unicodedata.category(character)[0] in "ZC" for character in text):
        raise ValidationError("Write something that can be read.", code="nothing_to_read")


class MessageForm(forms.Form):
    """One message, and the one-time key that makes a double click one message."""

    text = PromptField(
        max_length=MESSAGE_CHARACTERS,
        validators=[no_control_characters, something_to_read],
        widget=forms.Textarea(
            attrs={"rows": 3, "autocomplete": "off", "dir": "auto", "aria-describedby": "send-refusal send-help"}
        ),
        label="Your message",
        error_messages={"required": "Write a message first."},
    )
    key = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        initial=uuid4,
        error_messages=dict.fromkeys(("required", "invalid"), UNREADABLE),
    )

    def form_key(self, conversation_id: UUID | None = None) -> UUID:
        """The key of this very message: in another conversation, or with other words, it is another one."""
        return uuid5(self.cleaned_data["key"], f"{conversation_id or 'new'}\0{self.cleaned_data['text']}")

    @property
    def sentences(self) -> list[str]:
        """What is wrong with it, a sentence each."""
        return [str(error) for errors in self.errors.values() for error in errors]

    def renew_key(self) -> None:
        """Give a form that goes back to the browser a usable key, when the one it came with was none."""
        if "key" in self.errors:
            self.data = {"text": self.data.get("text", ""), "key": str(uuid4())}


class TitleForm(forms.Form):
    """A conversation's title, on one line."""

    title = forms.CharField(
        max_length=TITLE_CHARACTERS,
        validators=[no_control_characters, something_to_read],
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
        label="Title",
        error_messages={"required": "Write a title."},
    )

    def clean_title(self) -> Any:
        """Return the title without line ends."""
        return " ".join(self.cleaned_data["title"].split())
