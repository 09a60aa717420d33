"""The words of one line of a scenario: plain ones, `name=value` ones and flags, and who asks for them."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

FLAGS = frozenset({"inclusive", "charges", "allowed", "estimate", "test"})


class NotUnderstood(ValueError):
    """A scenario says what no word is known for; the message names it, `at` adds file and line."""


class NotUnderstoodAt(NotUnderstood):
    """The same, with file and line in its message."""


@contextmanager
def at(place: str) -> Iterator[None]:
    """A ValueError inside becomes a NotUnderstoodAt that begins with the place; the innermost place stays."""
    try:
        yield
    except NotUnderstoodAt:
        raise
    except ValueError as problem:
        raise NotUnderstoodAt(f"{place}: {problem}") from problem


class Words:
    """What stands on one line. Whatever is taken is gone; `nothing_left` then finds the words nobody asked for."""

    def __init__(self, text: str) -> None:
        """Split a line as a shell does: quotes keep blanks together."""
        self.text = text
        self._plain: list[str] = []
        self._flags: set[str] = set()
        self._named: list[tuple[str, str]] = []
        for word in shlex.split(text):
            name, equals, value = word.partition("=")
            if equals:
                self._named.append((name, value))
            elif word in FLAGS:
                self._flags.add(word)
            else:
                self._plain.append(word)

    def plain(self, what: str) -> str:
        """The next plain word; `what` it says is named where it is missing."""
        if not self._plain:
            raise NotUnderstood(f"{what} is missing in `{self.text}`")
        return self._plain.pop(0)

    def next_is(self, word: str) -> bool:
        """Whether the next plain word is this one; it is taken then."""
        if self._plain[:1] != [word]:
            return False
        self._plain.pop(0)
        return True

    def rest(self) -> list[str]:
        """All plain words that are left."""
        rest, self._plain = self._plain, []
        return rest

    def flag(self, name: str) -> bool:
        """Whether a flag stands on the line."""
        stands = name in self._flags
        self._flags.discard(name)
        return stands

    def named(self, name: str, default: str | None = None) -> str | None:
        """The value of `name=value`, once per line."""
        values = self.all_named(name)
        if len(values) > 1:
            raise NotUnderstood(f"{name}= stands twice in `{self.text}`")
        return values[0] if values else default

    def all_named(self, name: str) -> list[str]:
        """The values of a name that may stand more than once."""
        values = [value for one, value in self._named if one == name]
        self._named = [(one, value) for one, value in self._named if one != name]
        return values

    def fields(self, **names: str) -> dict[str, str]:
        """{field: value} of the words that are there, given as field="word"."""
        found = {field: self.named(word) for field, word in names.items()}
        return {field: value for field, value in found.items() if value is not None}

    def units(self) -> list[tuple[str, str]]:
        """What is left of `line=quantity`, in the order written."""
        units, self._named = self._named, []
        return units

    def nothing_left(self) -> None:
        """Raises NotUnderstood where words were not asked for."""
        left = [*self._plain, *sorted(self._flags), *[f"{name}={value}" for name, value in self._named]]
        if left:
            raise NotUnderstood(f"`{' '.join(left)}` has no meaning in `{self.text}`")


def minor_units(text: str, exponent: int) -> int:
    """Minor units of an amount written in major ones."""
    try:
        scaled = Decimal(text).scaleb(exponent)
    except InvalidOperation:
        raise NotUnderstood(f"`{text}` is no amount") from None
    if scaled != int(scaled):
        raise NotUnderstood(f"`{text}` has more than {exponent} decimals")
    return int(scaled)


def stated_tax(text: str, exponent: int, *, included: bool) -> dict[str, Any]:
    """`ES:VAT:IVA:0.21:21.00[@100.00][:marketplace][:included|:on-top]` as a Tax of the contract.

    After `@` the base; without it the one that fits the amount, so that D05 stays silent.
    """
    try:
        jurisdiction, kind, code, rate, amount, *more = text.split(":")
        amount, _, base_text = amount.partition("@")
        minor, fraction = minor_units(amount, exponent), Decimal(rate)
    except (ValueError, InvalidOperation):
        raise NotUnderstood(f"`{text}` is no tax: jurisdiction:type:code:rate:amount is expected") from None
    fitting = int((Decimal(minor) / fraction).to_integral_value()) if fraction else 0
    return {
        "jurisdiction": jurisdiction,
        "type": kind,
        "code": code,
        "rate": rate,
        "base": minor_units(base_text, exponent) if base_text else fitting,
        "amount": minor,
        "included": _one_of(more, "included", "on-top", included),
        "liable_party": _liable_party(more, text),
    }


def credited_tax(text: str, exponent: int) -> dict[str, Any]:
    """`ES:VAT:IVA:2.10[:marketplace]` as a tax that a refund states."""
    try:
        jurisdiction, kind, code, amount, *more = text.split(":")
    except ValueError:
        raise NotUnderstood(f"`{text}` is no tax of a refund: jurisdiction:type:code:amount is expected") from None
    amounts = {"amount": minor_units(amount, exponent), "liable_party": _liable_party(more, text)}
    return {"jurisdiction": jurisdiction, "type": kind, "code": code} | amounts


def _one_of(more: list[str], yes: str, no: str, default: bool) -> bool:
    said = [word for word in more if word in (yes, no)]
    more[:] = [word for word in more if word not in (yes, no)]
    return said[0] == yes if said else default


def _liable_party(more: list[str], text: str) -> str:
    if more not in ([], ["marketplace"]):
        raise NotUnderstood(f"`{':'.join(more)}` has no meaning in the tax `{text}`")
    return "MARKETPLACE" if more else "SELLER"
