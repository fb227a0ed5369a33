"""Refuse to start with an engine that could not work: its package, its key or its prices are missing or odd."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

from generations.engines.remote.prices import Prices, UnreadablePrices

LOCAL_HOSTS: Final = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: where its engines are, and the names that belong to it."""

    module: str
    prefix: str
    package: str
    requirements: str

    @property
    def chosen_by(self) -> list[str]:
        """The settings that choose one of its engines."""
        chosen = {name: getattr(settings, name) for name in ("LANDSCAPE_ENGINE", "CHAT_ENGINE")}
        return [name for name, path in chosen.items() if path.startswith(f"{self.module}.")]

    @property
    def is_installed(self) -> bool:
        """Whether its package can be imported; it is not, here."""
        try:
            return find_spec(self.package) is not None
        except ModuleNotFoundError:
            return False


PROVIDERS: Final = (
    Provider("generations.engines.gemini", "GEMINI", "google.genai", "requirements-gemini.txt"),
    Provider("generations.engines.openai_compatible", "OPENAI", "openai", "requirements-openai.txt"),
)


def providers() -> Iterator[CheckMessage]:
    """Look at the providers whose engines are chosen; the others may be set up in any way or not at all."""
    for provider in PROVIDERS:
        if provider.chosen_by:
            yield from _ready(provider)
    if not 1 <= settings.PROVIDER_FAILURES <= 1000:
        yield Error("PROVIDER_FAILURES must be 1 to 1000.", id="shop.E034")
    if not 1 <= settings.PROVIDER_PAUSE_SECONDS <= 3600:
        yield Error("PROVIDER_PAUSE_SECONDS must be 1 to 3600.", id="shop.E035")


def _ready(provider: Provider) -> Iterator[CheckMessage]:
    chosen, base = " and ".join(provider.chosen_by), getattr(settings, f"{provider.prefix}_BASE_URL")
    if not provider.is_installed:
        yield Error(
            f"{chosen} needs the package {provider.package}, which is not installed.",
            hint=f"Run: pip install --require-hashes -r {provider.requirements}",
            id="shop.E030",
        )
    # A server of one's own often asks for no key.
    if not getattr(settings, f"{provider.prefix}_API_KEY") and not (base and provider.prefix == "OPENAI"):
        yield Error(
            f"{chosen} needs {provider.prefix}_API_KEY.",
            hint=f"Set {provider.prefix}_API_KEY; docs/providers.md says where to get one.",
            id="shop.E031",
        )
    if base and not _safe(base):
        yield Error(
            f"{provider.prefix}_BASE_URL is {base!r}.",
            hint="Set it like https://ai.example.com/v1; http only on this machine, because the key travels along.",
            id="shop.E032",
        )
    yield from _prices(provider)


def _safe(base: str) -> bool:
    parts = urlsplit(base)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
    )


def _prices(provider: Provider) -> Iterator[CheckMessage]:
    for name in (f"{provider.prefix}_IMAGE_PRICES", f"{provider.prefix}_TEXT_PRICES"):
        try:
            Prices.read(getattr(settings, name))
        except UnreadablePrices as error:
            yield Error(f"{name}: {error}.", hint="Set it like input=0.30,output=2.50,image=0.04", id="shop.E033")
