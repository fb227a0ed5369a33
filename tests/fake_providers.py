"""Stand-ins for Google Gemini and for OpenAI: one server on this machine that speaks both wire formats.

In a test: `with FakeProviders() as fake: settings.GEMINI_BASE_URL = fake.gemini`. As a process:
`python -m tests.fake_providers 9900`. What it does is `fake.behaviour`, or is said by the prompt itself:
"roses fake:safety" is declined for safety. `fake.odd` is sent instead of anything
else. Every request is kept in `fake.requests`.
"""

import json
import socket
import struct
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any, Final, Self

from PIL import Image

REPLY: Final = "Lavender likes sun and poor soil. Cut it back after flowering."
DESIGN: Final = '\nDESIGN: {"area": "patio", "style": "english-garden", "prompt": "Lavender in pots"}'
SECRET: Final = "the-provider-quotes-this"
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'
STATUS: Final = {
    "401": 401,
    "403": 403,
    "404": 404,
    "429": 429,
    "500": 500,
    "503": 503,
    "429-once": 429,
    "503-once": 503,
}
HANG_SECONDS: Final = 20


def png(size: tuple[int, int] = (800, 600), mode: str = "RGB") -> bytes:
    """A picture as a provider would send it, with a note in it that must not come along."""
    sheet = BytesIO()
    Image.new(mode, size, 1 if mode == "1" else "seagreen").save(sheet, "PNG", exif=b"Exif\0\0" + SECRET.encode())
    return sheet.getvalue()


def picture(behaviour: str) -> bytes:
    """The bytes that are sent as the picture."""
    whole = png()
    return {
        "svg": SVG,
        "html": b"<!doctype html><script>alert(1)</script>",
        "bomb": png((20_000, 20_000), "1") if behaviour == "bomb" else b"",
        "forty-megapixels": png((8_000, 5_100), "1") if behaviour == "forty-megapixels" else b"",
        "truncated": whole[: len(whole) // 2],
        "polyglot": whole + b"<script>alert(1)</script>",
        "wide": png((4_000, 1_000)) if behaviour == "wide" else b"",
        "see-through": png(mode="RGBA"),
        "speck": png((8, 8)),
        "no-bytes": b"",
    }.get(behaviour, whole)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def fields(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Odd:
    """An answer as no provider describes it."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"


class FakeProviders(ThreadingHTTPServer):
    """The server; used in a `with` statement it serves in threads and forgets nobody at the end."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behaviour = "ok"
        self.odd: Odd | None = None
        self.requests: list[Asked] = []
        self.given_up = threading.Event()

    @property
    def gemini(self) -> str:
        """What GEMINI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def openai(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.given_up.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that hang up are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeProviders
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.path, dict(self.headers.items()), body, time.monotonic())
        self.server.requests.append(asked)
        if odd := self.server.odd:
            self._send(odd.status, odd.body, content_type=odd.content_type)
            return
        last = _last_said(body)
        said = last.rpartition(b"fake:")[2] if b"fake:" in last else self.server.behaviour.encode()
        behaviour = "".join(chr(sign) for sign in _word(said))
        if behaviour.endswith("-once") and len(self.server.requests) > 1:
            behaviour = "ok"
        if not self._misbehave(behaviour, body):
            self._answer(behaviour)

    def _misbehave(self, behaviour: str, body: bytes) -> bool:
        """Do what happens below or instead of an answer; return whether that was all."""
        key = self.headers.get("x-goog-api-key") or self.headers.get("Authorization") or ""
        if behaviour == "hang":
            self.server.given_up.wait(HANG_SECONDS)
        elif behaviour == "drop":
            self._reset()
        elif behaviour in STATUS:
            self._send(STATUS[behaviour], _error(STATUS[behaviour], SECRET), retry_after="0.1")
        elif behaviour == "429-long":
            self._send(429, _error(429, SECRET), retry_after="3600")
        elif behaviour == "echo":
            self._send(400, _error(400, f"cannot use {body.decode('utf-8', 'replace')}"))
        elif behaviour == "key":
            self._send(400, _error(400, f"API key not valid: {key}", "API_KEY_INVALID", "invalid_api_key"))
        elif behaviour == "policy":
            self._send(400, _error(400, SECRET, "INVALID_ARGUMENT", "moderation_blocked"))
        elif behaviour == "redirect":
            self._send(307, b"", location=f"{self.server.gemini}elsewhere")
        elif behaviour == "gzip":
            self._send(200, b"\x1f\x8b\x08" + b"\0" * 40, content_encoding="gzip")
        elif behaviour == "garbage":
            self._send(200, b"{" + SECRET.encode())
        elif behaviour == "huge":
            self._pour(50_000_000)
        elif behaviour == "drip":
            self._drip()
        else:
            return False
        return True

    def _answer(self, behaviour: str) -> None:
        if behaviour == "slow":
            time.sleep(0.6)
        if "streamGenerateContent" in self.path:
            self._stream(list(_gemini_stream(behaviour)), behaviour)
        elif "generateContent" in self.path:
            self._send(200, json.dumps(_gemini(behaviour)).encode(), broken=behaviour == "reset")
        elif self.path.endswith("/chat/completions"):
            self._stream([*_openai_stream(behaviour), "[DONE]"], behaviour)
        else:
            self._send(200, json.dumps(_openai_picture(behaviour)).encode(), broken=behaviour == "reset")

    def _send(self, status: int, body: bytes, *, broken: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_type": "application/json", "content_length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if broken else body)
        if broken:
            self._reset()

    def _stream(self, events: list[str], behaviour: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number, event in enumerate(events):
            if behaviour == "reset" and number == 1:
                self._reset()
                return
            self.wfile.write(f"data: {event}\r\n\r\n".encode())
            self.wfile.flush()
            time.sleep(0.25 if behaviour == "slow" else 0)
        self.close_connection = True

    def _pour(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for _ in range(size // 100_000):
            self.wfile.write(b" " * 100_000)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.server.given_up.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def _reset(self) -> None:
        """Hang up in the rudest way TCP knows."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def _last_said(body: bytes) -> bytes:
    """The last message of a conversation: what was said before it has had its effect."""
    try:
        fields = json.loads(body)
        return json.dumps((fields.get("messages") or fields.get("contents") or [fields])[-1]).encode()
    except ValueError:
        return body


def _word(said: bytes) -> Iterator[int]:
    for sign in said:
        if not (chr(sign).isalnum() or chr(sign) == "-"):
            return
        yield sign


def _error(status: int, message: str, reason: str = "", code: str = "") -> bytes:
    """An error as both providers write it."""
    words = {"code": code or status, "message": message, "status": "INVALID_ARGUMENT", "type": "error"}
    return json.dumps({"error": {**words, "details": [{"reason": reason}]}}).encode()


def _gemini(behaviour: str) -> dict[str, Any]:
    counted = {"promptTokenCount": 120, "candidatesTokenCount": 1290, "totalTokenCount": 1410}
    if behaviour == "blocked":
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 120}}
    if behaviour == "empty":
        return {"candidates": [], "usageMetadata": counted}
    ends = {"safety": "IMAGE_SAFETY", "recitation": "RECITATION", "no-image": "NO_IMAGE"}
    if behaviour in ends:
        return {"candidates": [{"finishReason": ends[behaviour], "index": 0}], "usageMetadata": counted}
    parts: list[dict[str, Any]] = [{"text": "A calm garden.\u202e"}]
    if behaviour != "text-only":
        sent = b64encode(picture(behaviour)).decode()
        parts.append({"inlineData": {"mimeType": "image/png", "data": sent}})
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": counted,
    }


def _openai_picture(behaviour: str) -> dict[str, Any]:
    counted = {"input_tokens": 120, "output_tokens": 1290, "total_tokens": 1410}
    details = {"text_tokens": 120, "image_tokens": 0}
    answer = {"created": 1, "usage": {**counted, "input_tokens_details": details}}
    if behaviour == "empty":
        return {**answer, "data": []}
    if behaviour == "url":
        return {**answer, "data": [{"url": "http://127.0.0.1:1/secret.png"}]}
    return {**answer, "data": [{"b64_json": b64encode(picture(behaviour)).decode()}]}


def _pieces(behaviour: str) -> list[str]:
    """What is said, word by word."""
    said = {
        "empty": "",
        "design": REPLY + DESIGN,
        "odd-design": REPLY + DESIGN.replace("patio", "roof"),
        "long": "word " * 4000,
        "signs": "Sun\x00\x1b[31m and\u202e rain\r\nand snow",
    }.get(behaviour, REPLY)
    return [said[start : start + 12] for start in range(0, len(said), 12)]


def _gemini_stream(behaviour: str) -> Iterator[str]:
    counted = {"promptTokenCount": 40, "candidatesTokenCount": 20, "thoughtsTokenCount": 5}
    if behaviour == "blocked":
        yield json.dumps({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 40}})
        return
    for piece in _pieces(behaviour):
        yield json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}}]})
    if behaviour == "error-in-stream":
        yield json.dumps({"error": {"code": 503, "message": SECRET, "status": "UNAVAILABLE"}})
    elif behaviour != "no-end":
        end = {"safety": "SAFETY", "recitation": "RECITATION"}.get(behaviour, "STOP")
        last: dict[str, Any] = {"candidates": [{"finishReason": end}], "usageMetadata": counted}
        yield json.dumps(last)


def _openai_stream(behaviour: str) -> Iterator[str]:
    def piece(delta: dict[str, Any], end: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        return json.dumps(
            {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        )

    for words in _pieces(behaviour):
        yield piece({"refusal" if behaviour == "blocked" else "content": words})
    if behaviour == "error-in-stream":
        yield json.dumps({"error": {"message": SECRET, "code": "server_error"}})
    elif behaviour != "no-end":
        yield piece({}, "content_filter" if behaviour == "safety" else "stop")
        counted = {"prompt_tokens": 40, "completion_tokens": 25, "total_tokens": 65}
        yield json.dumps(
            {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": counted}
        )


if __name__ == "__main__":
    with FakeProviders(int(sys.argv[1])) as server:
        print(server.gemini, server.openai, flush=True)
        threading.Event().wait()
