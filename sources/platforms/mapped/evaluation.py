"""Values of a mapper looked up in a payload: numbers, texts, times and conditions, with a note of where each was found."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from asiento.accounting.allocation import spread
from sources.platforms.connection import DEFAULT_CHANNEL
from sources.platforms.context import Context
from sources.platforms.mapped.paths import Path, Scope, find, find_placed, pointer_of, text_of
from sources.platforms.mapped.rules import Absent, Condition, Conditions, Constant, Share, Value
from sources.platforms.mapped.times import time_of
from sources.platforms.minor_units import decimal_text, to_minor_units
from sources.platforms.moments import micros
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

PRECISION: Final = 60
RATIO_PLACES: Final = 6
SHARED_ITEMS_MAX: Final = 1_000
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_NOT_IN_SLUGS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class Evaluation:
    """One object while it is read. exponent: of its currency; None where it states no money. read: where values came from."""

    context: Context
    exponent: int | None = None
    read: list[str] = field(default_factory=list)

    def taken(self) -> str:
        """Where what was read since the last time came from, for people."""
        found = ", ".join(dict.fromkeys(self.read))
        self.read.clear()
        return found

    def missing(self, value: Value, scope: Scope) -> Unjudged:
        """The complaint that a value is not in the payload, or null there."""
        pointer = pointer_of(value.paths[0], scope) if value.paths else scope.node.pointer
        return Unjudged("refetch", f"{pointer or 'the payload'} is missing ({value.place}): fetch the full object first", pointer)

    def node(self, value: Value, scope: Scope) -> Node | None:
        """The one value that the first path with any finds; several that differ are a problem."""
        for path in value.paths:
            found = find(path, scope)
            if found:
                if any(other.value != found[0].value for other in found[1:]):
                    raise found[1].malformed("the same value everywhere")
                self.read.append(found[0].pointer)
                return found[0]
        return None

    def constant(self, value: Value, scope: Scope) -> Constant:
        """The value of the contract for a closed set: a constant, or what `enum` says; the payload's own word without one."""
        if not isinstance(value.constant, Absent):
            self.read.append("constant")
            return value.constant
        if value.connection is not None:
            return self.text(value, scope)
        node = self.node(value, scope)
        if node is None:
            return self._default(value)
        return self._enumerated(value, node, text_of(node))

    def _default(self, value: Value) -> Constant:
        if isinstance(value.default, Absent):
            return None
        self.read.append("default")
        return value.default

    def _enumerated(self, value: Value, node: Node, text: str | None) -> Constant:
        if value.enum is None:
            return text
        if text is not None and text in value.enum:
            return value.enum[text]
        if isinstance(value.others, Absent):
            raise Unjudged("reject_malformed", f"{node.pointer}: a value that the mapper does not know ({value.place}.enum)", node.pointer)
        self.read.append("else")
        return value.others

    def text(self, value: Value, scope: Scope) -> str | None:
        """A text without control characters; None where nothing is found."""
        if value.template is not None:
            return self._formed(value, self._filled(value, scope))
        if value.connection is not None:
            self.read.append("connection file")
            return self._of_connection(value.connection)
        if not isinstance(value.constant, Absent):
            self.read.append("constant")
            return str(value.constant)
        node = self.node(value, scope)
        if node is None:
            default = self._default(value)
            return None if default is None else str(default)
        plain = text_of(node)
        if plain is None:
            raise node.malformed("a text")
        if value.enum is not None:
            constant = self._enumerated(value, node, plain)
            return None if constant is None else str(constant)
        return self._formed(value, Node(plain, node.pointer).text())

    def _filled(self, value: Value, scope: Scope) -> str | None:
        """A template with its paths filled in; None where one of them finds nothing."""
        pieces = []
        for part in value.template.parts if value.template else ():
            if isinstance(part, Path):
                node = self.node(Value(place=value.place, paths=(part,)), scope)
                plain = text_of(node) if node is not None else None
                if node is None or plain is None:
                    default = self._default(value)
                    return None if default is None else str(default)
                pieces.append(Node(plain, node.pointer).text())
            else:
                pieces.append(scope.words.get(part, part))
        return "".join(pieces)

    def _formed(self, value: Value, text: str | None) -> str | None:
        if text is None or value.form is None:
            return text
        if value.form == "slug":
            return slug(text)
        if value.form == "after_slash":
            return text.rstrip("/").rpartition("/")[2]
        if value.form == "kind_and_id":
            return "/".join(text.rstrip("/").split("/")[-2:])
        if value.form == "location":
            return self.context.connection.location_name(text)
        return text.lower() if value.form == "lower" else text.upper()

    def _of_connection(self, key: str) -> str | None:
        connection = self.context.connection
        match key:
            case "legal_entity":
                return connection.legal_entity or self.context.tenant
            case "channel":
                return connection.channel or DEFAULT_CHANNEL
            case "due_days":
                return None if connection.due_days is None else str(connection.due_days)
        stated = getattr(connection, key)
        return None if stated is None else str(stated)

    def moment(self, value: Value, scope: Scope) -> datetime | None:
        """A UTC time; None where nothing is found."""
        node = self.node(value, scope)
        return None if node is None else time_of(node, value.time, value.zone or self.context.zone)

    def version(self, value: Value, scope: Scope) -> int | None:
        """A whole number as it is, a time as its microseconds."""
        node = self.node(value, scope)
        if node is None:
            return None
        if _WHOLE.fullmatch(text_of(node) or ""):
            return node.integer()
        return micros(time_of(node, value.time, value.zone or self.context.zone))

    def number(self, value: Value, scope: Scope, *, money: bool) -> Decimal | None:
        """A number, money in major units; None where nothing is found."""
        with localcontext() as context:
            context.prec = PRECISION
            found = self._start(value, scope, money=money)
            if found is None:
                default = self._default(value)
                if isinstance(default, bool) or not isinstance(default, str | int):
                    return None
                found = Decimal(default)
            for each in value.plus:
                found += self._needed(each, scope, money=money)
            for each in value.minus:
                found -= self._needed(each, scope, money=money)
            if value.times is not None:
                found *= self._needed(value.times, scope, money=False)
            if value.over is not None:
                divisor = self._needed(value.over, scope, money=money)
                found = Decimal(0) if divisor == 0 else rounded(found / divisor, RATIO_PLACES)
            if value.sign != "keep":
                found = -found if value.sign == "flip" else abs(found)
            return rounded(found, self.exponent or 0) if value.rounded and money else found

    def _start(self, value: Value, scope: Scope, *, money: bool) -> Decimal | None:
        if value.share is not None:
            return self._shared(value.share, scope)
        if isinstance(value.constant, str | int) and not isinstance(value.constant, bool):
            self.read.append("constant")
            return Decimal(value.constant)
        for path in value.paths:
            nodes = find(path, scope)
            if nodes:
                self.read += [node.pointer for node in nodes]
                return sum((self._read_number(node, value, money=money) for node in nodes), Decimal(0))
        return Decimal(0) if value.plus and not value.paths else None

    def _read_number(self, node: Node, value: Value, *, money: bool) -> Decimal:
        if not money or value.unit == 0:
            return node.decimal()
        return Decimal(node.integer()).scaleb(-(self.exponent or 0) if value.unit is None else -value.unit)

    def _needed(self, value: Value, scope: Scope, *, money: bool) -> Decimal:
        found = self.number(value, scope, money=money)
        if found is None:
            raise self.missing(value, scope)
        return found

    def _shared(self, share: Share, scope: Scope) -> Decimal:
        """This item's share: floors, what is left one unit each to the largest remainders."""
        amount = to_minor_units(self._needed(share.of, scope, money=True), self.exponent or 0, scope.node.pointer)
        items = find_placed(share.among, scope)
        if len(items) > SHARED_ITEMS_MAX or amount < 0:
            raise scope.node.malformed(f"an amount of 0 or more, shared among at most {SHARED_ITEMS_MAX} items")
        weights = [self._weight(share.by, scope.inside(node, place)) for node, place in items]
        shares = dict(
            zip((node.pointer for node, _ in items), spread(amount, weights) if any(weights) else [0] * len(weights), strict=True)
        )
        if scope.node.pointer not in shares or (amount and not any(weights)):
            raise Unjudged(
                "hold_discrepancy", f"{scope.node.pointer}: there is nothing that could take a share of the amount", scope.node.pointer
            )
        return Decimal(shares[scope.node.pointer]).scaleb(-(self.exponent or 0))

    def _weight(self, value: Value, scope: Scope) -> int:
        weight = to_minor_units(self._needed(value, scope, money=True), self.exponent or 0, scope.node.pointer)
        return max(0, weight)

    def holds(self, conditions: Conditions, scope: Scope) -> bool:
        """Whether all conditions hold."""
        return all(_holds(condition, find(condition.path, scope)) for condition in conditions)


def _holds(condition: Condition, found: list[Node]) -> bool:
    texts = {text_of(node) for node in found}
    if condition.exists is not None and bool(found) is not condition.exists:
        return False
    if condition.one_of is not None and texts.isdisjoint(condition.one_of):
        return False
    if condition.none_of is not None and not texts.isdisjoint(condition.none_of):
        return False
    return _compares(found, condition.above, lambda number, bound: number > bound) and _compares(
        found, condition.below, lambda number, bound: number < bound
    )


def _compares(found: list[Node], bound: Decimal | None, fits: Callable[[Decimal, Decimal], bool]) -> bool:
    return bound is None or any(fits(node.decimal(), bound) for node in found)


def rounded(number: Decimal, places: int) -> Decimal:
    """Half up, away from zero, to so many places."""
    with localcontext() as context:
        context.prec = PRECISION
        return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def slug(text: str) -> str:
    """Lower case letters, digits and underscores: what accounts can be named after."""
    return _NOT_IN_SLUGS.sub("_", text.lower()).strip("_")


def plain(number: Decimal, places: int) -> str | None:
    """A decimal text with at most so many places; None where it has more."""
    text = decimal_text(number)
    return text if len(text.partition(".")[2]) <= places else None
