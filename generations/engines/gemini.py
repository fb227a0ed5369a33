"""Google Gemini, through google-genai: designs and replies. The package is loaded at the first request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from django.conf import settings

from generations.engines import ChatRequest, DesignRequest, EngineError, Painting, Reply, Report, Usage, wording
from generations.engines.remote import refusals
from generations.engines.remote.drafts import Draft, finished_painting
from generations.engines.remote.prices import Prices

if TYPE_CHECKING:
    from google.genai import Client, errors, types

PROVIDER: Final = "gemini"
GOOGLE: Final = "https://generativelanguage.googleapis.com/"
# A picture of 20 MB in base64 takes a third more; text never comes near its own bound.
PICTURE_BODY_BYTES: Final = 30_000_000
TEXT_BODY_BYTES: Final = 4_000_000
MOST_TOKENS: Final = 8192
FINISHED: Final = {"STOP", "MAX_TOKENS"}
COPIED: Final = {"RECITATION", "IMAGE_RECITATION"}
BLOCKED: Final = {
    *("SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"),
    *("MODEL_ARMOR", "JAILBREAK", "ESCALATION", "OTHER", "IMAGE_OTHER", "LANGUAGE"),
}
# A 400 that is about us: with any other request it would be the same.
OUR_FAULT: Final = {"FAILED_PRECONDITION", "PERMISSION_DENIED", "UNAUTHENTICATED", "API_KEY_INVALID", "API_KEY_EXPIRED"}


class GeminiPainter:
    """Makes designs with an image model; a photo of the place is sent along."""

    provider = PROVIDER

    @property
    def name(self) -> str:
        return settings.GEMINI_IMAGE_MODEL

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        """Ask once for one picture. Raises ProviderDown or EngineError; what was billed goes with either."""
        report("Waiting for Google Gemini")
        with _client(timeout_seconds, PICTURE_BODY_BYTES) as client:
            answer = client.models.generate_content(
                model=self.name, contents=_parts(request), config=_picture_options()
            )
        report("Checking the picture")
        with refusals.reading():
            raw, words, usage = _picture(answer)
        return finished_painting(request, raw, words, usage, made_by=f"Google Gemini ({self.name})")


class GeminiAssistant:
    """Answers messages with a text model; the reply is reported while it grows."""

    provider = PROVIDER

    @property
    def name(self) -> str:
        return settings.GEMINI_TEXT_MODEL

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply:
        """Ask once. Raises ProviderDown or EngineError; what was billed goes with either."""
        draft = Draft(request.subject, report)
        usage, end = Usage(), ""
        with _client(timeout_seconds, TEXT_BODY_BYTES) as client:
            for piece in client.models.generate_content_stream(
                model=self.name, contents=_turns(request), config=_text_options(request)
            ):
                usage = _usage(piece, Prices.read(settings.GEMINI_TEXT_PRICES), before=usage)
                end = _require_not_blocked(piece, usage) or end
                draft.add("".join(part.text or "" for part in _said(piece)))
        if not end:
            raise refusals.down(refusals.CUT_SHORT, because="no_end", usage=usage)
        return draft.finished(usage, made_by=f"Google Gemini ({self.name})")


@contextmanager
def _client(seconds: float, body_bytes: int) -> "Iterator[Client]":
    """Lend a client for one call, and say in our words what the package raises."""
    from google import genai
    from google.genai import errors, types

    from generations.engines.remote.line import Line

    with Line(seconds=seconds, body_bytes=body_bytes) as line, refusals.reading():
        # Everything is said, so that the package looks nothing up in the environment.
        options = types.HttpOptions(
            base_url=settings.GEMINI_BASE_URL or GOOGLE, api_version="v1", httpx_client=cast(Any, line)
        )
        try:
            yield genai.Client(api_key=settings.GEMINI_API_KEY, vertexai=False, http_options=options)
        except errors.APIError as error:
            raise _told(error) from None


def _told(error: "errors.APIError") -> EngineError:
    """Say an error of the package in our words. Its message may quote the prompt, so only its codes are looked at."""
    ours = bool(OUR_FAULT & {str(error.status), *_reasons(error.details)})
    status = error.code if isinstance(error.code, int) else "unknown"
    if status in {400, 413, 422} and not ours:
        return refusals.refused(refusals.NOT_UNDERSTOOD, because=str(status))
    return refusals.down(refusals.TROUBLED, because="key_or_account" if ours else str(status))


def _reasons(said: Any) -> set[str]:
    """Return the reasons among the details of an error: {"error": {"details": [{"reason": "API_KEY_INVALID"}]}}."""
    error = said.get("error") if isinstance(said, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    found = [each.get("reason") for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    return {reason for reason in found if isinstance(reason, str)}


def _parts(request: DesignRequest) -> "Any":
    from google.genai import types

    text = types.Part.from_text(text=request.instruction)
    if request.photo is None:
        return [text]
    return [types.Part.from_bytes(data=request.photo, mime_type="image/jpeg"), text]


def _picture_options() -> "types.GenerateContentConfig":
    from google.genai import types

    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(aspect_ratio="4:3"),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,  # it would ask, and be billed, again
    )


def _text_options(request: ChatRequest) -> "types.GenerateContentConfig":
    from google.genai import types

    return types.GenerateContentConfig(
        system_instruction=wording.assistant(request.subject),
        max_output_tokens=MOST_TOKENS,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
    )


def _turns(request: ChatRequest) -> "Any":
    from google.genai import types

    said = [("user", request.message)]
    for turn in reversed(request.turns):
        said = [("user", turn.message), ("model", turn.reply), *said]
    return [types.Content(role=role, parts=[types.Part.from_text(text=text)]) for role, text in said]


def _parts_of(answer: "types.GenerateContentResponse", usage: Usage) -> "list[types.Part]":
    """Return what an answer holds, its thoughts left out. Raises EngineError when it was blocked or is empty."""
    _require_not_blocked(answer, usage)
    parts = _said(answer)
    if not parts:
        raise refusals.refused(refusals.EMPTY, because="empty", usage=usage)
    return parts


def _picture(answer: "types.GenerateContentResponse") -> tuple[bytes, str, Usage]:
    """Return the picture's bytes, the model's words and what was counted. Raises EngineError when there is none."""
    prices = Prices.read(settings.GEMINI_IMAGE_PRICES)
    usage = _usage(answer, prices)
    parts = _parts_of(answer, usage)
    pictures = [part.inline_data.data for part in parts if part.inline_data and part.inline_data.data]
    if not pictures:
        raise refusals.refused(refusals.NO_PICTURE, because="no_picture", usage=usage)
    return pictures[0], " ".join(part.text for part in parts if part.text), _usage(answer, prices, images=1)


def _said(answer: "types.GenerateContentResponse") -> "list[types.Part]":
    content = answer.candidates[0].content if answer.candidates else None
    return [part for part in (content.parts if content else None) or [] if not part.thought]


def _require_not_blocked(answer: "types.GenerateContentResponse", usage: Usage) -> str:
    """Return why the answer ended, empty while it goes on. Raises EngineError when it was blocked."""
    feedback = answer.prompt_feedback
    if feedback and feedback.block_reason:
        raise refusals.refused(refusals.DECLINED, because=f"prompt_{_word(feedback.block_reason)}", usage=usage)
    reason = answer.candidates[0].finish_reason if answer.candidates else None
    word = _word(reason) if reason else ""
    if word in COPIED:
        raise refusals.refused(refusals.RECITED, because=word, usage=usage)
    if word in BLOCKED:
        raise refusals.refused(refusals.DECLINED, because=word, usage=usage)
    if word and word not in FINISHED:
        raise refusals.refused(refusals.EMPTY, because="other_end", usage=usage)
    return word


def _word(reason: Any) -> str:
    """Return a reason the package knows as its word; anything else is the provider's own text and stays out of logs."""
    word = str(getattr(reason, "value", reason))
    return word if word in BLOCKED | COPIED | FINISHED | {"NO_IMAGE"} else "unknown"


def _usage(
    answer: "types.GenerateContentResponse", prices: Prices, *, images: int = 0, before: Usage | None = None
) -> Usage:
    """Return what Google counted; a piece of a stream that counts nothing leaves what was counted `before`."""
    counted = answer.usage_metadata
    if counted is None:
        return before or Usage()
    read = (counted.prompt_token_count or 0) + (counted.tool_use_prompt_token_count or 0)
    written = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0)
    return prices.usage(input_tokens=read, output_tokens=written, images=images)
