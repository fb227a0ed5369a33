"""One signed POST to the webhook endpoint: https://docs.stripe.com/webhooks#verify-manually"""

import hashlib
import hmac
import http.client
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

ANSWER_SECONDS = 20
OLD_SECONDS = 600
EXCERPT_CHARACTERS = 500


class Style(StrEnum):
    """How the signature is made: as it should be, with another secret, or ten minutes ago."""

    GOOD = "good"
    BAD = "bad"
    OLD = "old"


@dataclass(frozen=True)
class Posted:
    at: float
    took_ms: int
    style: Style
    status: int | None = None
    excerpt: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header: HMAC-SHA256 over timestamp, dot, raw body."""
    signed = f"{timestamp}.".encode() + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def post(url: str, payload: bytes, secret: str, style: Style) -> Posted:
    """Send and return what came of it. Redirects are not followed: to Stripe they are failures. Never raises for
    anything the network or the endpoint does."""
    timestamp = int(time.time()) - (OLD_SECONDS if style == Style.OLD else 0)
    key = f"not_{secret}" if style == Style.BAD else secret
    headers = {
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(payload, key, timestamp),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    at = time.time()
    started = time.perf_counter()
    status, excerpt, error = _exchange(url, payload, headers)
    took_ms = round((time.perf_counter() - started) * 1000)
    return Posted(at, took_ms, style, status, excerpt, error)


def _exchange(url: str, payload: bytes, headers: dict[str, str]) -> tuple[int | None, str, str]:
    try:
        connection, target = _connection(url)
        try:
            connection.request("POST", target, payload, headers)
            answer = connection.getresponse()
            text = answer.read(EXCERPT_CHARACTERS * 4).decode("utf-8", "replace")
            return answer.status, text[:EXCERPT_CHARACTERS], ""
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return None, "", f"{type(error).__name__}: {error}"


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(
            host, parts.port, timeout=ANSWER_SECONDS, context=ssl.create_default_context()
        ), target
    return http.client.HTTPConnection(host, parts.port, timeout=ANSWER_SECONDS), target
