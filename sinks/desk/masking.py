"""Keeps what nobody at the desk may see out of what is shown: card numbers, credentials in headers."""

import re
from typing import Any, Final

from schemas.card_numbers import holds_card_number

HIDDEN: Final = "***"
_DIGITS = re.compile(r"[0-9](?:[ -]*[0-9]){12,}")
_DIGIT = re.compile(r"[0-9]")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SECRET_NAME = re.compile(r"auth|cookie|token|secret|passw|credential|signature|hmac|api[-_]?key|session", re.IGNORECASE)


def mask_text(text: str) -> str:
    """The text with the digits of what looks like a card number as stars; of the same length. Ids of ours stay."""
    if _UUID.fullmatch(text):
        return text
    return _DIGITS.sub(lambda found: _DIGIT.sub("*", found.group()) if holds_card_number(found.group()) else found.group(), text)


def mask_bytes(data: bytes) -> bytes:
    """The same for bytes in any encoding that spells digits as ASCII does."""
    return mask_text(data.decode("latin-1")).encode("latin-1")


def mask_header(name: str, value: bytes | None) -> bytes | None:
    """The value of a header; of one whose name speaks of a credential nothing."""
    if value is None:
        return None
    return HIDDEN.encode() if _SECRET_NAME.search(name) else mask_bytes(value)


def mask_json(value: Any) -> Any:
    """Plain values with every text masked; what a credential's name stands before is hidden."""
    match value:
        case str():
            return mask_text(value)
        case int() if not isinstance(value, bool):
            masked = mask_text(str(value))
            return value if masked == str(value) else masked
        case list():
            return [mask_json(item) for item in value]
        case dict():
            return {mask_text(str(name)): HIDDEN if _SECRET_NAME.search(str(name)) else mask_json(item) for name, item in value.items()}
        case _:
            return value
