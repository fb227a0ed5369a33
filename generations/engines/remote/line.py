"""The one way to a provider: an HTTP client that ends in time, bounds what comes back and asks once.

Both SDKs are given this client, with their own retries switched off. Imported only by engines that are in use:
httpx2 comes with their packages.
"""

import random
import ssl
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import httpx2

from generations.engines.remote import refusals

CONNECT_SECONDS: Final = 10.0
# A body that has begun and then rests for this long has broken off.
SILENCE_SECONDS: Final = 30.0
# So much of the time is kept, for the answer to be read and kept before the worker stops waiting.
KEPT_SECONDS: Final = 1.0
TRIES: Final = 3
BACK_OFF_SECONDS: Final = 0.5
BUSY: Final = {429, 503}
# Answers, and refusals of one request, of which the SDK reads why. Everything else is about the provider or us.
READ: Final = {200, 400, 413, 422}


class Line(httpx2.Client):
    """One call to a provider, over in `seconds`; for use in a `with` statement, by one thread, for one answer.

    Tries again, at most twice, only where nothing can have been made or billed: no connection, or 429 or 503 instead
    of an answer. Never after the first byte of an answer, and never because time ran out. Follows no redirect, which
    would carry the key elsewhere. Raises ProviderDown or EngineError itself; they pass through both SDKs.
    """

    def __init__(self, *, seconds: float, body_bytes: int) -> None:
        super().__init__(verify=_certificates(), follow_redirects=False)
        self.deadline = time.monotonic() + max(seconds - min(KEPT_SECONDS, seconds / 10), 0.05)
        self.body_bytes = body_bytes
        self._answered = False

    def remaining(self) -> float:
        """Return the seconds left. Raises ProviderDown when there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise refusals.down(refusals.SILENT, because="deadline")
        return seconds

    def send(self, request: httpx2.Request, *, stream: bool = False, auth: Any = None, **_: Any) -> httpx2.Response:
        """Send the SDK's request and return an answer: 200, or a refusal of this very request."""
        if self._answered:
            raise refusals.down(refusals.TROUBLED, because="second_request")
        # A compressed body could grow without bounds after it was counted.
        request.headers["Accept-Encoding"] = "identity"
        response = self._first_answer(request)
        self._answered = True
        response.stream = _Bounded(response, self)
        if not stream:
            try:
                response.read()
            finally:
                response.close()
        return response

    def _first_answer(self, request: httpx2.Request) -> httpx2.Response:
        for attempt in range(1, TRIES + 1):
            failure, pause = "", BACK_OFF_SECONDS * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
            try:
                response = self._ask(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = type(error).__name__
            else:
                if response.status_code not in BUSY:
                    return self._accepted(response)
                failure, pause = str(response.status_code), max(pause, _retry_after(response))
                response.close()
            if attempt == TRIES or pause >= self.remaining():
                break
            time.sleep(pause)
        raise refusals.down(refusals.AWAY if "Connect" in failure else refusals.TROUBLED, because=failure)

    def _ask(self, request: httpx2.Request) -> httpx2.Response:
        seconds = self.remaining()
        request.extensions["timeout"] = {
            "connect": min(CONNECT_SECONDS, seconds),
            **dict.fromkeys(("read", "write", "pool"), seconds),
        }
        try:
            return super().send(request, stream=True, auth=None, follow_redirects=False)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise
        except httpx2.TimeoutException as error:
            raise refusals.down(refusals.SILENT, because=type(error).__name__) from None
        except httpx2.RequestError as error:
            raise refusals.down(refusals.CUT_SHORT, because=type(error).__name__) from None

    def _accepted(self, response: httpx2.Response) -> httpx2.Response:
        encoded = response.headers.get("content-encoding", "identity") != "identity"
        if response.status_code in READ and not encoded:
            return response
        response.close()
        raise refusals.down(refusals.TROUBLED, because="encoded" if encoded else str(response.status_code))


class _Bounded(httpx2.SyncByteStream):
    """The body of an answer, counted and timed while it is read."""

    def __init__(self, response: httpx2.Response, line: Line) -> None:
        self.response, self.line, self.stream = response, line, response.stream

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self.stream, httpx2.SyncByteStream)
        self.response.request.extensions["timeout"]["read"] = min(SILENCE_SECONDS, self.line.remaining())
        size = 0
        try:
            for piece in self.stream:
                size += len(piece)
                if size > self.line.body_bytes:
                    raise refusals.refused(refusals.TOO_LARGE, because="too_large")
                self.line.remaining()
                yield piece
        except httpx2.TimeoutException as error:
            raise refusals.down(refusals.SILENT, because=type(error).__name__) from None
        except httpx2.RequestError as error:
            raise refusals.down(refusals.CUT_SHORT, because=type(error).__name__) from None

    def close(self) -> None:
        """Let go of the connection."""
        self.stream.close()  # type: ignore[union-attr]


def _retry_after(response: httpx2.Response) -> float:
    """Return the seconds the provider asks to wait; 0 when it names none, or names a date."""
    try:
        return max(0.0, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0


@cache
def _certificates() -> ssl.SSLContext:
    """Read the authorities that are trusted once for the process."""
    return httpx2.create_ssl_context()
