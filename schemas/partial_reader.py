"""Reads what can still be read of a broken Avro body, for people: values in the form of the JSON twin, and where it went wrong.

Whatever the bytes are, it answers. Booking never reads through here: `schemas.strict_reader` does, and takes all or nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.formats import quantity_text, time_text
from schemas.strict_reader import MalformedAvro, read_long

ITEMS_MAX: Final = 1_000
"""Items of one list that are shown; a longer one is not walked on."""
PROBLEMS_MAX: Final = 50


class ReadProblem(NamedTuple):
    """At which field, at which byte of the body, what is wrong."""

    field: str
    byte: int
    problem: str


@dataclass(frozen=True, slots=True)
class PartialRead:
    """`values` in the form of the JSON twin; `stopped`: reading could not go on; `read_bytes` of the body were understood."""

    values: dict[str, Any]
    problems: tuple[ReadProblem, ...]
    stopped: bool
    read_bytes: int


class _Stop(Exception):
    """Nothing behind this place can be understood."""


def read_partly(record: Record, body: bytes) -> PartialRead:
    """All fields up to the first place behind which nothing makes sense; never raises for what the bytes are."""
    reader = _Reader(body)
    values: dict[str, Any] = {"type": record.name} if record.is_event else {}
    stopped = False
    try:
        reader.record(record, values, "")
    except _Stop:
        stopped = True
    else:
        if reader.position != len(body):
            reader.note("", f"{len(body) - reader.position} bytes follow the record")
    return PartialRead(values, tuple(reader.problems), stopped, reader.position)


class _Reader:
    """Walks a body; what was read before a `_Stop` stays in the values that the caller handed in."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.position = 0
        self.problems: list[ReadProblem] = []

    def note(self, field: str, problem: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(ReadProblem(field, self.position, problem))

    def record(self, record: Record, into: dict[str, Any], at: str) -> None:
        for field in record.fields:
            self._field(field, into, f"{at}.{field.name}" if at else field.name)

    def _field(self, field: Field, into: dict[str, Any], at: str) -> None:
        if not field.nullable:
            self._value(field.type, into, field.name, at)
            return
        branches = field.type.branches if isinstance(field.type, OneOf) else (field.type,)
        number = self._long(at)
        if number == 0:
            return
        if not 0 < number <= len(branches):
            self._stop(at, "a union names a branch that is not there")
        self._value(branches[number - 1], into, field.name, at)
        if isinstance(field.type, OneOf) and isinstance(into.get(field.name), dict):
            branch = branches[number - 1]
            into[field.name] = {"type": branch.name if isinstance(branch, Record) else "", **into[field.name]}

    def _value(self, avro_type: AvroType, into: dict[str, Any], name: str, at: str) -> None:
        match avro_type:
            case Record():
                inner: dict[str, Any] = {}
                into[name] = inner
                self.record(avro_type, inner, at)
            case Array():
                items: list[Any] = []
                into[name] = items
                self._items(avro_type, items, at)
            case Mapping():
                named: dict[str, Any] = {}
                into[name] = named
                self._pairs(avro_type, named, at)
            case Enumeration(symbols=symbols):
                number = self._long(at)
                if 0 <= number < len(symbols):
                    into[name] = symbols[number]
                else:
                    self.note(at, "an enumeration has no such symbol")
            case Primitive():
                into[name] = self._primitive(avro_type, at)
            case OneOf():
                raise TypeError("a union is read by the field it stands on")

    def _items(self, array: Array, items: list[Any], at: str) -> None:
        for count in self._blocks(at):
            for _ in range(count):
                if len(items) >= ITEMS_MAX:
                    self._stop(at, f"more than {ITEMS_MAX} items")
                holder: dict[str, Any] = {}
                place = f"{at}[{len(items)}]"
                try:
                    self._value(array.items, holder, "item", place)
                finally:
                    items.append(holder.get("item"))

    def _pairs(self, mapping: Mapping, named: dict[str, Any], at: str) -> None:
        for count in self._blocks(at):
            for _ in range(count):
                if len(named) >= ITEMS_MAX:
                    self._stop(at, f"more than {ITEMS_MAX} items")
                key = self._text(at)
                self._value(mapping.values, named, key, f"{at}.{key}")

    def _blocks(self, at: str) -> Iterable[int]:
        while True:
            count = self._long(at)
            if count < 0:
                count = -count
                self._long(at)
            if count == 0:
                return
            if count > len(self._body) - self.position:
                self._stop(at, "a list is longer than the bytes that are left")
            yield count

    def _primitive(self, primitive: Primitive, at: str) -> Any:
        match primitive:
            case Primitive(kind="string"):
                return self._text(at)
            case Primitive(kind="bytes"):
                return self._bytes(at).hex()
            case Primitive(kind="boolean"):
                if self.position >= len(self._body):
                    self._stop(at, "the bytes end too early")
                byte = self._body[self.position]
                self.position += 1
                if byte > 1:
                    self.note(at, "a boolean is neither 0 nor 1")
                return byte == 1
            case _:
                return _shown(primitive, self._long(at))

    def _text(self, at: str) -> str:
        found = self._bytes(at)
        try:
            return found.decode()
        except UnicodeDecodeError:
            self.note(at, "a text is not UTF-8")
            return found.decode(errors="replace")

    def _bytes(self, at: str) -> bytes:
        length = self._long(at)
        if not 0 <= length <= len(self._body) - self.position:
            self._stop(at, "a length reaches beyond the record")
        start, self.position = self.position, self.position + length
        return self._body[start : self.position]

    def _long(self, at: str) -> int:
        try:
            number, self.position = read_long(self._body, self.position)
        except IndexError:
            self._stop(at, "the bytes end too early")
        except MalformedAvro as problem:
            self._stop(at, str(problem))
        return number

    def _stop(self, at: str, problem: str) -> Any:
        self.note(at, problem)
        raise _Stop


def _shown(primitive: Primitive, number: int) -> Any:
    """A number as the JSON twin spells it, or as it is where it cannot be spelled so."""
    try:
        match primitive.format:
            case "time":
                return time_text(number)
            case "quantity" | "signed_quantity":
                return quantity_text(number)
    except (ValueError, OverflowError):
        pass
    return number
