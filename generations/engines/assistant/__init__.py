"""An assistant made of rules: garden knowledge in tables, exact sums, a memory of the conversation, design ideas."""

from generations.engines.assistant.rules_assistant import RulesAssistant

__all__ = ["RulesAssistant"]
