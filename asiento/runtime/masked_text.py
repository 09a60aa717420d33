"""The last net before anything is written for people or machines: passwords in URLs become `***`."""

import re
from typing import Final

from asiento.runtime.database_urls import HIDDEN

_USER_INFORMATION: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*):\S*@")
_PARAMETER: Final = re.compile(r"\b((?:ssl)?password=)[^\s&'\"]+", re.IGNORECASE)


def mask_text(text: str) -> str:
    """The text without the passwords of the URLs in it; more than a password may go with them, never less."""
    if "://" in text:
        text = _USER_INFORMATION.sub(rf"\1:{HIDDEN}@", text)
    return _PARAMETER.sub(rf"\1{HIDDEN}", text) if "assword=" in text.lower() else text
