"""Where in a JSON text a value stands: what a person looks for in an editor."""

import json
import re
from decimal import Decimal
from typing import Any, Final, NoReturn

_BLANKS: Final = re.compile(r"[ \t\n\r]*")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
"""Reads JSON without floats; refuses NaN and Infinity."""


def skip_blanks(text: str, position: int) -> int:
    """The next position that is no blank."""
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def position_of(text: str, start: int, pointer: str) -> int:
    """Where the value of a JSON pointer starts, in the well-formed value at `start`; of a missing one, the innermost that is there."""
    position = skip_blanks(text, start)
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = _in_object(text, position, name) if text[position] == "{" else _in_array(text, position, name)
        if found is None:
            break
        position = found
    return position


def _in_object(text: str, position: int, name: str) -> int | None:
    """The value of the last field of that name: of a name given twice the last value counts."""
    found, position = None, skip_blanks(text, position + 1)
    while text[position] != "}":
        key, position = DECODER.raw_decode(text, position)
        position = skip_blanks(text, skip_blanks(text, position) + 1)
        if key == name:
            found = position
        position = _behind_value(text, position)
    return found


def _in_array(text: str, position: int, index: str) -> int | None:
    if text[position] != "[" or not index.isdecimal():
        return None
    position = skip_blanks(text, position + 1)
    for _ in range(int(index)):
        if text[position] == "]":
            return None
        position = _behind_value(text, position)
    return None if text[position] == "]" else position


def _behind_value(text: str, position: int) -> int:
    """Behind a value and the comma after it, if there is one."""
    _, position = DECODER.raw_decode(text, position)
    position = skip_blanks(text, position)
    return skip_blanks(text, position + 1) if text[position] == "," else position


def plain(error: ValueError) -> str:
    """What is wrong with a JSON text, without the text around it."""
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def decoded(text: str, position: int) -> tuple[Any, int]:
    """The value at a position, and where it ends; raises `ValueError`, also for what is nested too deeply."""
    try:
        found: tuple[Any, int] = DECODER.raw_decode(text, position)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found
