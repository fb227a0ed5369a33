"""OpenAI, or any server that speaks its language, through openai: designs and replies. Loaded at the first request."""

import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from generations.engines import ChatRequest, DesignRequest, EngineError, Painting, Reply, Report, Usage, wording
from generations.engines.remote import refusals
from generations.engines.remote.drafts import Draft, finished_painting
from generations.engines.remote.prices import Prices

if TYPE_CHECKING:
    from openai import APIError, OpenAI
    from openai.types import ImagesResponse
    from openai.types.chat import ChatCompletionChunk

PROVIDER: Final = "openai"
OPENAI: Final = "https://api.openai.com/v1"
# A picture of 20 MB in base64 takes a third more; text never comes near its own bound.
PICTURE_BODY_BYTES: Final = 30_000_000
TEXT_BODY_BYTES: Final = 4_000_000
FINISHED: Final = {"stop", "length"}
BLOCKED: Final = {"content_policy_violation", "moderation_blocked", "content_filter", "ResponsibleAIPolicyViolation"}
# A 400 that is about us: with any other request it would be the same.
OUR_FAULT: Final = {"billing_hard_limit_reached", "invalid_api_key", "insufficient_quota", "model_not_found"}


class OpenAICompatiblePainter:
    """Makes designs with an image model; given a photo of the place, by editing the photo."""

    provider = PROVIDER

    @property
    def name(self) -> str:
        return settings.OPENAI_IMAGE_MODEL

    def paint(self, request: DesignRequest, *, timeout_seconds: float, report: Report) -> Painting:
        """Ask once for one picture. Raises ProviderDown or EngineError; what was billed goes with either."""
        report("Waiting for the picture")
        with _client(timeout_seconds, PICTURE_BODY_BYTES) as client:
            answer = _ask_for_picture(client, self.name, request)
        report("Checking the picture")
        with refusals.reading():
            usage = _picture_usage(answer)
            raw = _raw_picture(answer, usage)
        return finished_painting(request, raw, "", usage, made_by=self.name)


class OpenAICompatibleAssistant:
    """Answers messages with a text model; the reply is reported while it grows."""

    provider = PROVIDER

    @property
    def name(self) -> str:
        return settings.OPENAI_TEXT_MODEL

    def reply(self, request: ChatRequest, *, timeout_seconds: float, report: Report) -> Reply:
        """Ask once. Raises ProviderDown or EngineError; what was billed goes with either."""
        draft = Draft(request.subject, report)
        usage, end, declined = Usage(), "", False
        with _client(timeout_seconds, TEXT_BODY_BYTES) as client:
            for piece in client.chat.completions.create(
                model=self.name,
                messages=_turns(request),
                stream=True,
                stream_options={"include_usage": True},
                extra_body=_options(settings.OPENAI_TEXT_OPTIONS),
            ):
                usage = _text_usage(piece) or usage
                for choice in piece.choices[:1]:
                    end = choice.finish_reason or end
                    declined = declined or bool(choice.delta.refusal)
                    draft.add(choice.delta.content or "")
        with refusals.reading():
            _require_finished(end, usage, declined=declined)
        return draft.finished(usage, made_by=self.name)


@contextmanager
def _client(seconds: float, body_bytes: int) -> "Iterator[OpenAI]":
    """Lend a client for one call, and say in our words what the package raises."""
    import openai

    from generations.engines.remote.line import Line

    with Line(seconds=seconds, body_bytes=body_bytes) as line, refusals.reading():
        try:
            yield openai.OpenAI(
                api_key=settings.OPENAI_API_KEY or "none",
                base_url=settings.OPENAI_BASE_URL or OPENAI,
                max_retries=0,
                timeout=seconds,
                http_client=line,
            )
        except openai.APIError as error:
            raise _told(error) from None


def _told(error: "APIError") -> EngineError:
    """Say an error of the package in our words; of the provider's own, only codes that are known here are logged."""
    code = error.code if isinstance(error.code, str) else ""
    if code in BLOCKED:
        return refusals.refused(refusals.DECLINED, because=code)
    status = getattr(error, "status_code", 0)
    if status in {400, 413, 422} and code not in OUR_FAULT:
        return refusals.refused(refusals.NOT_UNDERSTOOD, because=str(status))
    because = code if code in OUR_FAULT else status or type(error).__name__
    return refusals.down(refusals.TROUBLED, because=str(because))


def _ask_for_picture(client: "OpenAI", model: str, request: DesignRequest) -> "ImagesResponse":
    options = _options(settings.OPENAI_IMAGE_OPTIONS)
    if request.photo is None:
        return client.images.generate(model=model, prompt=request.instruction, n=1, extra_body=options)
    photo = ("place.jpg", request.photo, "image/jpeg")
    return client.images.edit(model=model, image=photo, prompt=request.instruction, n=1, extra_body=options)


def _options(written: dict[str, str]) -> dict[str, str | int]:
    """Return the options of the settings as they are sent: whole numbers as numbers."""
    return {name: int(value) if value.isdecimal() else value for name, value in written.items()}


def _raw_picture(answer: "ImagesResponse", usage: Usage) -> bytes:
    """Return the picture's bytes. An address instead of a picture is never followed: it could lead anywhere."""
    first = answer.data[0] if answer.data else None
    if first is None or not first.b64_json:
        because = "url_instead" if first and first.url else "no_picture"
        raise refusals.refused(refusals.NO_PICTURE, because=because, usage=usage)
    try:
        return binascii.a2b_base64(first.b64_json)
    except ValueError:
        raise refusals.refused(refusals.NOT_A_PICTURE, because="base64", usage=usage) from None


def _turns(request: ChatRequest) -> Any:
    messages = [{"role": "system", "content": wording.assistant(request.subject)}]
    for turn in request.turns:
        messages += [{"role": "user", "content": turn.message}, {"role": "assistant", "content": turn.reply}]
    return [*messages, {"role": "user", "content": request.message}]


def _require_finished(end: str, usage: Usage, *, declined: bool) -> None:
    if declined or end == "content_filter":
        raise refusals.refused(refusals.DECLINED, because="refusal" if declined else end, usage=usage)
    if not end:
        raise refusals.down(refusals.CUT_SHORT, because="no_end", usage=usage)
    if end not in FINISHED:
        raise refusals.refused(refusals.EMPTY, because="other_end", usage=usage)


def _picture_usage(answer: "ImagesResponse") -> Usage:
    counted, pictures = answer.usage, len(answer.data or [])
    prices = Prices.read(settings.OPENAI_IMAGE_PRICES)
    if counted is None:
        return prices.usage(images=pictures)
    return prices.usage(input_tokens=counted.input_tokens, output_tokens=counted.output_tokens, images=pictures)


def _text_usage(piece: "ChatCompletionChunk") -> Usage | None:
    """Return what was counted; most pieces count nothing."""
    if piece.usage is None:
        return None
    prices = Prices.read(settings.OPENAI_TEXT_PRICES)
    return prices.usage(input_tokens=piece.usage.prompt_tokens, output_tokens=piece.usage.completion_tokens)
