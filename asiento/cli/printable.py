"""Text from outside on a terminal: nothing in it may steer the terminal, hide, or turn the direction of what stands beside it."""

import re
import unicodedata
from typing import Any, Final

import orjson

from asiento.cli.output import print_text

_STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ASCII: Final = re.compile(r"[ -~]*")


def printable(text: str) -> str:
    """One line: control, format and unassigned characters as their escapes."""
    if _ASCII.fullmatch(text):
        return text
    return "".join(_escaped(character) if unicodedata.category(character) in _STEERING else character for character in text)


def print_line(text: str) -> None:
    """Write one line for people to stdout, made printable."""
    print_text(printable(text))


def print_printable_json(value: Any) -> None:
    """Write one JSON document to stdout whose texts cannot steer a terminal; read as JSON they are what they were."""
    print_text(printable(orjson.dumps(value).decode()))


def _escaped(character: str) -> str:
    number = ord(character)
    if number <= 0xFFFF:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
