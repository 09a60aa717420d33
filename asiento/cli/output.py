"""Data to stdout, messages to stderr."""

import sys
from typing import Any

import orjson

from asiento.runtime.masked_text import mask_text


def print_json(value: Any) -> None:
    """Write one JSON document and a newline to stdout (one line: also the form of JSON lines)."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


def print_text(text: str) -> None:
    """Write one line for people to stdout, in UTF-8 whatever the terminal says."""
    sys.stdout.buffer.write(text.encode() + b"\n")


def message(text: str) -> None:
    """Write one line for people to stderr, without the passwords of URLs in it."""
    print(mask_text(text), file=sys.stderr)  # noqa: T201
