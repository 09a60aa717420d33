"""Reading JSON payloads strictly: decimals instead of floats, JSON pointers in every complaint, bounds on everything."""

import json
import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from sources.platforms.outcome import Unjudged

PAYLOAD_BYTES_MAX = 8 * 1024 * 1024
AMOUNT_DIGITS_MAX = 18
TEXT_CHARACTERS_MAX = 255

_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_IDENTITY = re.compile(r"[0-9]{1,20}")
_REFERENCE = re.compile(r"[!-{}~]{1,128}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?")


def parse_object(payload: bytes) -> "Node":
    """Read one JSON object; raises `Unjudged` reject_malformed for whatever is not one."""
    node = parse_payload(payload)
    if not isinstance(node.value, dict):
        raise Unjudged("reject_malformed", f"a JSON object is expected, this is {_kind_of(node.value)}", "")
    return node


def parse_payload(payload: bytes) -> "Node":
    """Read one JSON object or list; raises `Unjudged` reject_malformed for whatever is neither."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise Unjudged("reject_malformed", f"the payload has {len(payload)} bytes, at most {PAYLOAD_BYTES_MAX} are read", "")
    try:
        value = json.loads(
            payload.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object_without_doubles
        )
    except RecursionError:
        raise Unjudged("reject_malformed", "the JSON is nested too deeply", "") from None
    except ValueError as error:
        raise Unjudged("reject_malformed", f"not JSON: {_without_content(error)}", "") from None
    if not isinstance(value, dict | list):
        raise Unjudged("reject_malformed", f"a JSON object is expected, this is {_kind_of(value)}", "")
    return Node(value, "")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _object_without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is given twice in one object")
    return found


def _without_content(error: ValueError) -> str:
    """The reason without the text around it: payloads hold personal data, messages must not."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno} column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    return str(error)


def _kind_of(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


class Node:
    """One value of a payload together with its JSON pointer."""

    __slots__ = ("pointer", "value")

    def __init__(self, value: Any, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def malformed(self, expected: str) -> Unjudged:
        """The complaint that this value is not what was expected (without quoting it)."""
        return Unjudged(
            "reject_malformed", f"{self.pointer or 'the payload'}: {expected} is expected, this is {_kind_of(self.value)}", self.pointer
        )

    def find(self, name: str) -> "Node | None":
        """The field, or None where it is missing or null."""
        if not isinstance(self.value, dict):
            raise self.malformed("an object")
        value = self.value.get(name)
        return None if value is None else Node(value, f"{self.pointer}/{name}")

    def need(self, name: str) -> "Node":
        """The field; a missing one means a partial payload (refetch), a null one a malformed payload."""
        found = self.find(name)
        if found is not None:
            return found
        pointer = f"{self.pointer}/{name}"
        if name in self.value:
            raise Unjudged("reject_malformed", f"{pointer} is null", pointer)
        raise Unjudged("refetch", f"{pointer} is missing: fetch the full object first", pointer)

    def each(self, name: str) -> "list[Node]":
        """The items of a list field; a missing or null list is empty."""
        found = self.find(name)
        if found is None:
            return []
        if not isinstance(found.value, list):
            raise found.malformed("a list")
        return [Node(item, f"{found.pointer}/{index}") for index, item in enumerate(found.value) if item is not None]

    def identity(self) -> str:
        """An id of the platform: decimal digits, given as a number or as text."""
        text = str(self.value) if isinstance(self.value, int | str) and not isinstance(self.value, bool) else ""
        if not _IDENTITY.fullmatch(text):
            raise self.malformed("an id of digits")
        return text

    def reference(self) -> str:
        """An id of any platform: 1 to 128 visible ASCII characters without blanks and bars; a whole number counts as its digits."""
        value = self.value
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value if isinstance(value, str) else ""
        if not _REFERENCE.fullmatch(text):
            raise self.malformed("an id")
        return text

    def items(self) -> "list[Node]":
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.malformed("a list")
        return [Node(item, f"{self.pointer}/{index}") for index, item in enumerate(self.value)]

    def at(self, path: str) -> "Node | None":
        """The value at a dotted path of field names; None where any of it is missing, null or no object."""
        node: Node | None = self
        for name in path.split("."):
            node = node.find(name) if node is not None and isinstance(node.value, dict) else None
        return node

    def integer(self) -> int:
        """A whole number, of either sign, of at most 18 digits, as a JSON number or as text."""
        number = self.decimal()
        if number != number.to_integral_value():
            raise self.malformed("a whole number")
        return int(number)

    def decimal(self) -> Decimal:
        """An exact decimal number from a decimal text or a JSON number; never through a float."""
        value = self.value
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return Decimal(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**AMOUNT_DIGITS_MAX:
            return Decimal(value)
        if isinstance(value, Decimal) and value.is_finite() and -30 < value.adjusted() < AMOUNT_DIGITS_MAX:
            return value
        raise self.malformed("a decimal amount")

    def count(self) -> int:
        """A whole number of units, 0 or more."""
        number = self.decimal()
        if number != number.to_integral_value() or number < 0 or number > 10**9:
            raise self.malformed("a whole number of units")
        return int(number)

    def flag(self) -> bool:
        """true or false."""
        if not isinstance(self.value, bool):
            raise self.malformed("true or false")
        return self.value

    def text(self) -> str:
        """A text of at most 255 characters without control characters, safe to write anywhere."""
        if not isinstance(self.value, str):
            raise self.malformed("a text")
        clean = "".join(" " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character for character in self.value)
        return " ".join(clean.split())[:TEXT_CHARACTERS_MAX]

    def time(self, zone: tzinfo | None) -> datetime:
        """A UTC time; one without offset is read in `zone`, and refused where there is none."""
        if not isinstance(self.value, str) or not _TIME.fullmatch(self.value):
            raise self.malformed("a time like 2026-01-05T22:07:55+00:00")
        try:
            moment = datetime.fromisoformat(self.value)
            if moment.tzinfo is None:
                if zone is None:
                    raise Unjudged(
                        "reject_malformed", f"{self.pointer}: the time has no offset; set time_zone in the connection file", self.pointer
                    )
                moment = moment.replace(tzinfo=zone)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.malformed("a time that exists") from None
