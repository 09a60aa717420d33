"""Writes Avro bodies: one straight-line Python function per record, compiled from its schema.

Values come as dicts (avro values, absent fields left out) or as the immutable values of the core, whose attributes have the
names of the fields. A value that does not fit its type raises `UnwritableValue`: nothing is cut or wrapped around.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.compiled import FunctionWriter

Writer: TypeAlias = Callable[[bytearray, Any], None]

LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1
BODY_BYTES_MAX = 16 * 1024 * 1024
"""A list whose items pass this is written no further: twice the longest record of ours."""


class UnwritableValue(ValueError):
    """A value does not fit the type of its field; the message names record and problem."""


class ValueTooLong(UnwritableValue):
    """The record would be longer than any record may be."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the source text reads a field of `o`: `must` where it has to be there, `may` gives None where it is absent.

    branch: the record name of `v`, one of several records.
    """

    must: str
    may: str
    branch: str


ATTRIBUTES = Access("o.{name}", "o.{name}", "v.__class__.__name__")
ITEMS = Access("o[{name!r}]", "o.get({name!r})", "v['type']")


def write_long(out: bytearray, value: int) -> None:
    """A zigzag long; raises `UnwritableValue` beyond 64 bits."""
    if not LONG_MIN <= value <= LONG_MAX:
        raise UnwritableValue("a number does not fit 64 bits")
    rest = (value << 1) ^ (value >> 63)
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)


def write_bytes(out: bytearray, data: bytes) -> None:
    """Length, then the bytes."""
    length = len(data)
    if length < 64:
        out.append(length << 1)
    else:
        write_long(out, length)
    out += data


def compile_writer(record: Record, access: Access) -> Writer:
    """A function (out, value) that appends the body of a record; it raises `UnwritableValue`."""
    write = _WriterWriter(access).writer(record)

    def write_record(out: bytearray, value: Any) -> None:
        try:
            write(out, value)
        except (KeyError, AttributeError, TypeError, UnicodeEncodeError) as problem:
            raise UnwritableValue(f"{record.name}: {type(problem).__name__}: {problem}") from problem

    return write_record


def _list_writer(item: Writer) -> Writer:
    def write(out: bytearray, items: Any) -> None:
        if items:
            write_long(out, len(items))
            for value in items:
                item(out, value)
                if len(out) > BODY_BYTES_MAX:
                    raise ValueTooLong(f"more than {BODY_BYTES_MAX} bytes")
        out.append(0)

    return write


def _map_writer(item: Writer) -> Writer:
    """Maps come as dicts or as (name, value) pairs."""

    def write(out: bytearray, items: Any) -> None:
        if items:
            write_long(out, len(items))
            for name, value in items.items() if isinstance(items, dict) else items:
                write_bytes(out, name.encode())
                item(out, value)
        out.append(0)

    return write


class _WriterWriter:
    """Writes the writers of one schema; a named type gets one."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._writers: dict[str, Writer] = {}

    def writer(self, avro_type: AvroType) -> Writer:
        match avro_type:
            case Record():
                if avro_type.full_name not in self._writers:
                    self._writers[avro_type.full_name] = self._record(avro_type)
                return self._writers[avro_type.full_name]
            case Array():
                return _list_writer(self.writer(avro_type.items))
            case Mapping():
                return _map_writer(self.writer(avro_type.values))
            case _:
                function = self._function("write_item")
                function.add(*self._value(function, avro_type, "o"))
                return function.compile()

    def _function(self, name: str) -> FunctionWriter:
        return FunctionWriter(name, "w, o", {"write_long": write_long, "write_bytes": write_bytes})

    def _record(self, record: Record) -> Writer:
        function = self._function(f"write_{record.name}")
        for field in record.fields:
            function.add(*self._field(function, field))
        return function.compile()

    def _field(self, function: FunctionWriter, field: Field) -> list[str]:
        if not field.nullable:
            return self._value(function, field.type, self._access.must.format(name=field.name))
        lines = [f"v = {self._access.may.format(name=field.name)}", "if v is None: w.append(0)"]
        if not isinstance(field.type, OneOf):
            return [*lines, "else:", "    w.append(2)", *("    " + line for line in self._value(function, field.type, "v"))]
        for index, branch in enumerate(field.type.branches, start=1):
            lines.append(f"elif {self._access.branch} == {branch.name!r}:")
            lines += [f"    w.append({2 * index})", *("    " + line for line in self._value(function, branch, "v"))]
        return [*lines, "else: raise KeyError('a union has no such branch')"]

    def _value(self, function: FunctionWriter, avro_type: AvroType, value: str) -> list[str]:
        match avro_type:
            case Primitive(kind="string"):
                return [f"s = {value}.encode()", "n = len(s)", "if n < 64: w.append(n << 1)", "else: write_long(w, n)", "w += s"]
            case Primitive(kind="bytes"):
                return [f"write_bytes(w, {value})"]
            case Primitive(kind="boolean"):
                return [f"w.append(1 if {value} else 0)"]
            case Primitive():
                return [f"n = {value}", "if 0 <= n < 64: w.append(n << 1)", "else: write_long(w, n)"]
            case Enumeration(symbols=symbols):
                return [f"w.append({function.bind({symbol: 2 * index for index, symbol in enumerate(symbols)})}[{value}])"]
            case _:
                return [f"{function.bind(self.writer(avro_type))}(w, {value})"]
