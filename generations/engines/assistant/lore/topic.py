"""What the tables of garden knowledge are made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """Something the assistant knows. `name` completes "ask me about ..."; `answer` is a few whole sentences.

    `phrases` are singular or plural words that bring it up; a longer phrase beats a shorter one at the same place.
    """

    name: str
    phrases: tuple[str, ...]
    answer: str
