"""Texts with figures: `{name}` or `{name:form}` stands for a value; of `[a|b]` the first is shown whose values are all known, else nothing.

Forms: money (minor units, shown in major units with the currency), amount (the same without the currency), units (micro-units),
event (an event type in words), word (a word of a parameter). No figure ever passes through a float.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from asiento.accounting.money import CURRENCY_EXPONENTS, MICRO_UNITS_PER_UNIT, grouped_units_text
from schemas.wording.language import Language, Words
from schemas.wording.terms import EVENT, EVENTS, PARAMETER_WORDS

Values: TypeAlias = Mapping[str, str | int | None]
_TOKEN: Final = re.compile(r"\{(\w+)(?::(\w+))?\}|([\[\]|])|([^\[\]|{}]+)")
_MICRO_DIGITS: Final = len(str(MICRO_UNITS_PER_UNIT)) - 1
_CONTRACTED: Final = ((re.compile(r"\b([Dd])e el\b"), r"\1el"), (re.compile(r"\b([Aa]) el\b"), r"\1l"))


class ValueMissing(LookupError):
    """A text needs a value that is not known; the message names it."""


class _Place(NamedTuple):
    name: str
    form: str


class _Choice(NamedTuple):
    """Alternatives, the first that can be filled is shown."""

    sequences: tuple["_Sequence", ...]


_Sequence: TypeAlias = tuple["str | _Place | _Choice", ...]


def render(text: Words, values: Values, *, currency: str | None, language: Language) -> str:
    """The text of a language with its values, the first letter large; raises `ValueMissing` outside of `[...]`."""
    filled = _Filler(values, currency, language).fill(_parsed(text.of(language)))
    if language == "es":
        for uncontracted, contracted in _CONTRACTED:
            filled = uncontracted.sub(contracted, filled)
    return filled[:1].upper() + filled[1:]


def names_in(text: Words) -> frozenset[str]:
    """The names of all values that a text may show."""
    return frozenset(name for template in text for name, *_ in _TOKEN.findall(template) if name)


@lru_cache(maxsize=1024)
def _parsed(template: str) -> _Sequence:
    return _sequences(iter(_TOKEN.finditer(template)))[0]


def _sequences(tokens: Iterator[re.Match[str]]) -> list[_Sequence]:
    """The alternatives up to the end of a choice, or of the template."""
    sequences: list[list[str | _Place | _Choice]] = [[]]
    for token in tokens:
        name, form, mark, text = token.groups()
        if mark == "]":
            break
        if mark == "|":
            sequences.append([])
        elif mark == "[":
            sequences[-1].append(_Choice(tuple(_sequences(tokens))))
        else:
            sequences[-1].append(text or _Place(name, form or ""))
    return [tuple(sequence) for sequence in sequences]


class _Filler:
    """Fills parsed templates; a value is text, whatever it holds."""

    def __init__(self, values: Values, currency: str | None, language: Language) -> None:
        self._values = values
        self._currency = currency
        self._language = language

    def fill(self, sequence: _Sequence) -> str:
        filled = ""
        for item in sequence:
            text = self._filled(item)
            in_words = isinstance(item, _Place) and item.form in ("event", "word")
            filled += text[:1].upper() + text[1:] if in_words and filled.endswith(". ") else text
        return filled

    def _filled(self, item: str | _Place | _Choice) -> str:
        if isinstance(item, str):
            return item
        if isinstance(item, _Place):
            return self._shown(item)
        for sequence in item.sequences:
            try:
                return self.fill(sequence)
            except ValueMissing:
                continue
        return ""

    def _shown(self, place: _Place) -> str:
        value = self._values.get(place.name)
        if place.form == "event":
            return EVENTS.get(str(value), EVENT).of(self._language)
        if value is None:
            raise ValueMissing(place.name)
        match place.form:
            case "money":
                return f"{self._amount(int(value))} {self._currency or ''}".rstrip()
            case "amount":
                return self._amount(int(value))
            case "units":
                return plain_decimal(int(value), _MICRO_DIGITS)
            case "word":
                return self._words(str(value))
            case _:
                return str(value)

    def _amount(self, minor_units: int) -> str:
        return grouped_units_text(minor_units, CURRENCY_EXPONENTS.get(self._currency or "", 0))

    def _words(self, value: str) -> str:
        """A parameter's word, or one before a name (`payment P1`)."""
        if value in PARAMETER_WORDS:
            return PARAMETER_WORDS[value].of(self._language)
        first, _, name = value.partition(" ")
        return f"{PARAMETER_WORDS[first].of(self._language)} {name}" if name and first in PARAMETER_WORDS else value


def plain_decimal(amount: int, exponent: int) -> str:
    """A decimal with grouped thousands, without the zeros at its end: 2500000 with 6 decimals is "2.5"."""
    text = grouped_units_text(amount, exponent)
    return text.rstrip("0").rstrip(".") if "." in text else text
