"""Spending: what somebody asked for, how it was paid, and what came of it."""

from generations.models.conversation import Conversation
from generations.models.generation import Generation
from generations.models.photo import Photo
from generations.models.provider_health import ProviderHealth
from generations.models.style_prompt import StylePrompt

__all__ = ["Conversation", "Generation", "Photo", "ProviderHealth", "StylePrompt"]
