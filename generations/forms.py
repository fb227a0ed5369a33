"""The form somebody fills in for a design."""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID, uuid4, uuid5

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from accounts.models import User
from generations import photos
from generations.models import Generation, Photo
from generations.orders import MOST_AREAS

PROMPT_CHARACTERS: Final = 500
UNREADABLE: Final = "This form could not be read. Nothing was charged; please press the button again."
PHOTO_GONE: Final = "The photo you gave earlier is not here any more. Choose it again, or go on without one."
PHOTO_TYPES: Final = "image/jpeg,image/png,image/webp"

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
    """One card: its box or radio button, its name, a few words about it, and (of a style) the picture's path."""

    box: Any
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


class AreasField(forms.MultipleChoiceField):
    """Up to five different places. Cleaned, they stand in the order of the page, however they were sent."""

    def validate(self, value: list[str]) -> None:
        """Refuse too many, unknown ones, and one twice, which would be charged twice."""
        if len(value) > MOST_AREAS:
            raise ValidationError(f"Choose up to {MOST_AREAS} places.", code="too_many")
        super().validate(value)
        if len(set(value)) < len(value):
            raise ValidationError("Choose each place once.", code="twice")

    def clean(self, value: Any) -> list[str]:
        """Return the places, each once."""
        chosen = super().clean(value)
        return [area for area in Generation.Area.values if area in chosen]


class DesignForm(forms.Form):
    """Places, style, words, perhaps a photo, and the one-time key that makes a double click one order."""

    area = AreasField(
        choices=Generation.Area.choices,
        widget=forms.CheckboxSelectMultiple,
        label="Places",
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
        widget=forms.Textarea(attrs={"rows": 4}),  # a browser's "back" restores it, as it does the boxes
        label="Your wishes",
        help_text=f"Plants, season, time of day, water, colours ... in up to {PROMPT_CHARACTERS} characters.",
    )
    photo = forms.FileField(
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": PHOTO_TYPES}),
        label="A photo of your own yard",
        help_text="If you like: JPEG, PNG or WebP, up to 10 MB. Only you see it, and only the pixels are kept, not "
        "where or when it was taken.",
    )
    photo_id = forms.UUIDField(
        required=False, widget=forms.HiddenInput(attrs={"autocomplete": "off"}), error_messages={"invalid": PHOTO_GONE}
    )
    without_photo = forms.BooleanField(required=False, label="Do not use this photo")
    key = forms.UUIDField(
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
        initial=uuid4,
        error_messages=dict.fromkeys(("required", "invalid"), UNREADABLE),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        """`user` is who orders: a photo kept earlier has to be theirs."""
        super().__init__(*args, **kwargs)
        self._user = user
        self._fingerprint = ""
        self._kept: Photo | None = None

    def clean_photo(self) -> photos.CleanPhoto | None:
        """Read an uploaded photo; nothing is stored yet."""
        upload: UploadedFile[Any] | None = self.cleaned_data["photo"]
        if upload is None:
            return None
        try:
            clean = photos.read(upload)
        except photos.PhotoRefused as refused:
            raise ValidationError(refused.sentence, code="photo") from None
        upload.seek(0)
        self._fingerprint = sha256(b"".join(upload.chunks())).hexdigest()
        return clean

    def clean_photo_id(self) -> Photo | None:
        """Find the photo that was given earlier; somebody else's is as good as gone."""
        photo_id: UUID | None = self.cleaned_data["photo_id"]
        if photo_id is None:
            return None
        photo = photos.own(self._user, photo_id)
        if photo is None:
            raise ValidationError(PHOTO_GONE, code="gone")
        return photo

    @property
    def form_key(self) -> UUID:
        """The key of this very order: of the same form, but with other wishes, it is another one.

        So a browser's "back", an edit and another click make the second order, not a way to the first. A photo counts
        by the bytes that were sent, so that the same file sent twice is the same order.
        """
        wishes = [",".join(self.cleaned_data["area"]), self.cleaned_data["style"], self.cleaned_data["prompt"]]
        kept = self._earlier_photo()
        return uuid5(self.cleaned_data["key"], "\0".join([*wishes, self._fingerprint or str(kept.pk if kept else "")]))

    def keep_photo(self) -> Photo | None:
        """Store the uploaded photo of a valid form and return what the designs are made from, None without a photo.

        The form, shown again, then has it as the earlier photo. The same form sent again stores nothing: its photo is
        that of the designs it started. Raises OSError when the photo could not be stored.
        """
        if self.cleaned_data["photo"] is None:
            return self._earlier_photo()
        started = Generation.objects.filter(user=self._user, order_id=self.form_key).select_related("photo").first()
        if started:
            return started.photo
        self._kept = photos.keep(self._user, self.cleaned_data["photo"])
        self._replace(photo_id=str(self._kept.pk), without_photo="")
        return self._kept

    @property
    def areas(self) -> list[Choice]:
        """The area cards."""
        return self._cards("area")

    @property
    def styles(self) -> list[Choice]:
        """The style cards."""
        return self._cards("style")

    @property
    def count(self) -> int:
        """How many different places are ticked, valid or not with the rest."""
        return len(set(self["area"].value() or []) & set(Generation.Area.values))

    @property
    def photo_shown(self) -> Photo | None:
        """The photo from earlier that the form offers to use again."""
        if self.is_bound:
            return self._kept or self.cleaned_data.get("photo_id")
        photo_id = self.initial.get("photo_id")
        return photos.own(self._user, photo_id) if photo_id else None

    @property
    def photo_was_lost(self) -> bool:
        """Whether a good photo came with a form that goes back: a browser does not send it again by itself."""
        return bool(self.errors and self.cleaned_data.get("photo"))

    def wishes(self) -> dict[str, Any]:
        """What was asked for, once the form is valid, as a form begins with it and a session can hold it."""
        kept = self._earlier_photo()
        photo_id = {"photo_id": str(kept.pk)} if kept else {}
        return {name: self.cleaned_data[name] for name in ("area", "style", "prompt")} | photo_id

    def renew(self) -> None:
        """Make a form that goes back to the browser one that can be sent again: with a usable key and no lost photo."""
        if "key" in self.errors:
            self._replace(key=str(uuid4()))
        if "photo_id" in self.errors:
            self._replace(photo_id="")

    def _earlier_photo(self) -> Photo | None:
        earlier = None if self.cleaned_data["without_photo"] else self.cleaned_data["photo_id"]
        return self._kept or earlier

    def _replace(self, **values: str) -> None:
        sent = cast(QueryDict, self.data).copy()
        for name, value in values.items():
            sent[name] = value
        self.data = sent

    def _cards(self, field: str) -> list[Choice]:
        return [
            Choice(
                box=box,
                name=str(box.choice_label),
                hint=HINTS[box.data["value"]],
                picture=style_picture(box.data["value"]),
            )
            for box in self[field].subwidgets
        ]


def prefilled(query: QueryDict) -> dict[str, Any]:
    """Return what an address asks the form to begin with; what is not valid is left out."""
    areas = [area for area in Generation.Area.values if area in query.getlist("area")]
    wished: dict[str, Any] = {"area": areas} if areas else {}
    for name in ("style", "prompt"):
        if name in query:
            with suppress(ValidationError):
                wished[name] = DesignForm.base_fields[name].clean(query[name])
    return wished


def posted_signed_out(posted: QueryDict, *, photo_came: bool) -> dict[str, Any]:
    """Return what the form can begin with again once its sender has signed in, bounded, and as a session can hold it.

    The words are kept as they were typed. A photo is nobody's yet, so it is not kept; that one came is remembered.
    """
    words = posted.get("prompt", "")[:PROMPT_CHARACTERS]
    wished = {**prefilled(posted), "prompt": words, "photo_was_lost": photo_came}
    if "without_photo" not in posted:
        with suppress(ValueError):
            wished["photo_id"] = str(UUID(posted.get("photo_id", "")))
    return wished
