"""A browser without JavaScript: cookies, hidden form fields, and redirects that are seen, not followed."""

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import IO
from urllib.parse import urlencode


@dataclass(frozen=True)
class Page:
    status: int
    text: str
    headers: Message

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class Browser:
    def __init__(self, site: str) -> None:
        self.site = site
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), _Stay())

    def get(self, path: str, headers: dict[str, str] | None = None) -> Page:
        return self._open(urllib.request.Request(self._url(path), headers=headers or {}))

    def post(self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Page:
        """Submit the fields as they are, without the page's hidden ones."""
        data = urlencode(fields).encode()
        return self._open(urllib.request.Request(self._url(path), data=data, headers=headers or {}))

    def submit(self, path: str, fields: dict[str, str], *, page: str | None = None) -> Page:
        """Open the page, take its CSRF field, and submit the form."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page or path).text)
        token = found.group(1) if found else ""
        return self.post(path, {"csrfmiddlewaretoken": token, **fields})

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.site}{path}"

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self.opener.open(request, timeout=30) as answer:
                return Page(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, error.read().decode(), error.headers)
