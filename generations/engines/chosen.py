"""Which engine makes what: chosen by the settings LANDSCAPE_ENGINE and CHAT_ENGINE."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from generations.engines import ChatEngine, DesignEngine


def design_engine() -> DesignEngine:
    """Return the engine that makes designs; one for the whole process."""
    return cast(DesignEngine, _engine(settings.LANDSCAPE_ENGINE))


def chat_engine() -> ChatEngine:
    """Return the engine that answers messages; one for the whole process."""
    return cast(ChatEngine, _engine(settings.CHAT_ENGINE))


def provider(kind: str) -> str:
    """Return who is asked over the network for a "design" or a "message"; empty when nobody is."""
    return chat_engine().provider if kind == "message" else design_engine().provider


@cache
def _engine(path: str) -> object:
    return import_string(path)()
