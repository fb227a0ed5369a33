"""What staff type as a reason: one line that reads for everybody as it was typed."""

import unicodedata
from typing import Final

from django.core.exceptions import ValidationError

_UNSEEN: Final = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
# Scripts such as Persian and Hindi, and many emoji, cannot be written without these two.
_JOINERS: Final = "\u200c\u200d"


def require_plain_text(text: str) -> None:
    """Refuse control characters and marks that turn or hide what is read. Raises ValidationError naming the first.

    https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
    """
    found = next((sign for sign in text if unicodedata.category(sign) in _UNSEEN and sign not in _JOINERS), None)
    if found is not None:
        raise ValidationError(
            f"This contains an invisible character (U+{ord(found):04X}) that would change how it reads. "
            "Type it anew as plain text.",
            code="not_plain_text",
        )
