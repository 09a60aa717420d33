"""Blocks of a mapper file: their keys checked against the language, every fault noted with its field and how to mend it."""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sources.platforms.mapped.language import Block
from sources.platforms.mapped.paths import BadPath, Path, parse_path
from sources.platforms.mapped.rules import Absent, Condition, Conditions, Constant, Template

TEXT_CHARACTERS_MAX: Final = 500
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_HERE: Final = parse_path("$")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like one."""
    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.0)), "")


def scalar_text(value: Any) -> str | None:
    """A plain value of a file as the text that a payload would hold; None for others."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


class Faults:
    """What is wrong with a file, as (field, message)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, place: str, message: str) -> None:
        """Note one fault."""
        self.found.append((place, message))

    def block(self, value: Any, place: str, block: Block) -> dict[str, Any]:
        """The known keys of a block; unknown ones, and required ones that are missing, are faults."""
        if not isinstance(value, dict):
            self.add(place, f"a block with {', '.join(block)} is expected")
            return {}
        for name in value:
            if name not in block:
                self.add(inner(place, name), f"is no key here; the nearest is {nearest(name, block)}")
        for name, key in block.items():
            if key.required and value.get(name) is None:
                self.add(place, f"{name} is missing: {key.doc[0].lower()}{key.doc[1:]}")
        return {name: each for name, each in value.items() if name in block and each is not None}

    def path(self, value: Any, place: str) -> Path:
        """A path; `$` stands in for one that cannot be read."""
        if not isinstance(value, str):
            self.add(place, "a path like customer.id is expected")
            return _HERE
        try:
            return parse_path(value)
        except BadPath as bad:
            self.add(place, str(bad))
            return _HERE

    def text(self, value: Any, place: str) -> str:
        """A short text."""
        if not isinstance(value, str) or not value or len(value) > TEXT_CHARACTERS_MAX:
            self.add(place, f"a text of 1 to {TEXT_CHARACTERS_MAX} characters is expected")
            return ""
        return value

    def texts(self, value: Any, place: str) -> tuple[str, ...]:
        """One text, or a list of them; true, false and whole numbers count as their texts."""
        found = [scalar_text(each) for each in (value if isinstance(value, list) else [value])]
        if not found or None in found:
            self.add(place, "a text or a list of texts is expected")
        return tuple(text for text in found if text is not None)

    def items(self, value: Any, place: str) -> list[tuple[Any, str]]:
        """The items of a list, each with its place."""
        if not isinstance(value, list):
            self.add(place, "a list is expected: lines that begin with a dash")
            return []
        return [(item, f"{place}[{number}]") for number, item in enumerate(value)]

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        """A mapping."""
        if not isinstance(value, dict) or not value:
            self.add(place, "lines of `name: value` are expected")
            return {}
        return value

    def choice(self, value: Any, place: str, known: Iterable[str]) -> str:
        """One of a few words."""
        words = tuple(known)
        text = scalar_text(value) or ""
        if text not in words:
            self.add(place, f"one of {', '.join(words)} is expected; the nearest is {nearest(text, words)}")
            return words[0]
        return text

    def flag(self, value: Any, place: str) -> bool:
        """true or false."""
        if not isinstance(value, bool):
            self.add(place, "true or false is expected")
        return value is True

    def number(self, value: Any, place: str) -> Decimal:
        """A decimal, written as text or as a whole number."""
        text = value if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
        if not _DECIMAL.fullmatch(text):
            self.add(place, 'a number is expected; decimals in quotes, like "0.01"')
            return Decimal(0)
        return Decimal(text)

    def constant(self, value: Any, place: str) -> Constant | Absent:
        """A constant: text, true, false, a whole number or an empty list. No floating point numbers."""
        if isinstance(value, float):
            self.add(place, 'decimals are written as text, like "0.5"')
            return ""
        if isinstance(value, str | int) or value == []:
            constant: Constant = value
            return constant
        self.add(place, "a text, true, false, a whole number or [] is expected")
        return ""

    def zone(self, value: Any, place: str) -> tzinfo | None:
        """A time zone by its name."""
        try:
            return ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.add(place, "no time zone of this name is known here; a name like Europe/Madrid is expected")
            return None

    def template(self, value: Any, place: str) -> Template:
        """A text with paths in braces."""
        text = self.text(value, place)
        parts: list[str | Path] = []
        for number, piece in enumerate(_BRACES.split(text)):
            if number % 2:
                parts.append(piece if piece == "cumulative" else self.path(piece, place))
            elif "{" in piece or "}" in piece:
                self.add(place, "a brace is left alone; paths stand in braces, like {id}")
            elif piece:
                parts.append(piece)
        return Template(tuple(parts))

    def conditions(self, value: Any, place: str, block: Block) -> Conditions:
        """Path -> what must hold of it."""
        return tuple(self._condition(path, test, inner(place, path), block) for path, test in self.mapping(value, place).items())

    def _condition(self, path: str, test: Any, place: str, block: Block) -> Condition:
        where = self.path(path, place)
        if not isinstance(test, dict):
            return Condition(where, one_of=frozenset(self.texts(test, place)))
        keys = self.block(test, place, block)
        if not keys:
            self.add(place, f"one of {', '.join(block)} is expected")
        return Condition(
            where,
            none_of=frozenset(self.texts(keys["not"], inner(place, "not"))) if "not" in keys else None,
            exists=self.flag(keys["exists"], inner(place, "exists")) if "exists" in keys else None,
            above=self.number(keys["above"], inner(place, "above")) if "above" in keys else None,
            below=self.number(keys["below"], inner(place, "below")) if "below" in keys else None,
        )


def inner(place: str, name: str) -> str:
    """The place of a key in a block."""
    return f"{place}.{name}" if place else name
