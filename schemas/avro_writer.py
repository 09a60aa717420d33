"""Writes Avro bodies: one straight-line Python function per record, compiled from its schema.

Fields that follow each other are joined from pieces at once; parts and items stand in the same function, and what comes
again and again is looked up (`schemas.avro_pieces`).
Values come as dicts (avro values, absent fields left out) or as the immutable values of the core, whose attributes have the
names of the fields. A value that does not fit its type raises `UnwritableValue`: nothing is cut or wrapped around.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from schemas.avro_pieces import LONGS, MAPS, OPTIONAL_TEXTS, TEXTS, UnwritableValue, is_repeated, map_bytes
from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.compiled import FunctionWriter

Writer: TypeAlias = Callable[[bytearray, Any], None]

BODY_BYTES_MAX = 16 * 1024 * 1024
"""A list whose items pass this is written no further: twice the longest record of ours."""


class ValueTooLong(UnwritableValue):
    """The record would be longer than any record may be."""


@dataclass(frozen=True, slots=True)
class Access:
    """How the source text reads a field of the value `o`: `must` where it has to be there, `may` gives None where it is absent.

    branch: the record name of `o`, one of several records. keeps_maps: maps are tuples of pairs.
    """

    must: str
    may: str
    branch: str
    keeps_maps: bool


ATTRIBUTES = Access("{o}.{name}", "{o}.{name}", "{o}.__class__.__name__", keeps_maps=True)
ITEMS = Access("{o}[{name!r}]", "{o}.get({name!r})", "{o}['type']", keeps_maps=False)


def write_bytes(out: bytearray, data: bytes) -> None:
    """Length, then the bytes."""
    out += LONGS[len(data)]
    out += data


def compile_writer(record: Record, access: Access) -> Writer:
    """A function (out, value) that appends the body of a record; it raises `UnwritableValue`."""
    write = _WriterWriter(record.name, access).compile(record)

    def write_record(out: bytearray, value: Any) -> None:
        try:
            write(out, value)
        except (KeyError, AttributeError, TypeError, UnicodeEncodeError) as problem:
            raise UnwritableValue(f"{record.name}: {type(problem).__name__}: {problem}") from problem

    return write_record


def _too_long() -> ValueTooLong:
    return ValueTooLong(f"more than {BODY_BYTES_MAX} bytes")


class _WriterWriter:
    """Writes the writer of one record, its parts and items inside it."""

    def __init__(self, name: str, access: Access) -> None:
        names = {"LONGS": LONGS, "TEXTS": TEXTS, "OPTIONAL_TEXTS": OPTIONAL_TEXTS, "MAPS": MAPS, "map_bytes": map_bytes}
        self._function = FunctionWriter(f"write_{name}", "w, o", names | {"join": b"".join, "too_long": _too_long})
        self._access = access
        self._indent = ""
        self._pieces: list[str] = []
        self._constant = b""
        self._variables = 0

    def compile(self, record: Record) -> Writer:
        self._record(record, "o")
        self._flush()
        return self._function.compile()

    def _add(self, line: str) -> None:
        self._function.add(self._indent + line)

    def _piece(self, *expressions: str) -> None:
        """Expressions for bytes that follow what is pending."""
        if self._constant:
            self._pieces.append(repr(self._constant))
            self._constant = b""
        self._pieces += expressions

    def _flush(self) -> None:
        """Append what is pending, in one go."""
        self._piece()
        if len(self._pieces) > 1:
            self._add(f"w += join(({', '.join(self._pieces)}))")
        elif self._pieces:
            self._add(f"w += {self._pieces[0]}")
        self._pieces = []

    def _variable(self, expression: str) -> str:
        self._variables += 1
        name = f"v{self._variables}"
        self._add(f"{name} = {expression}")
        return name

    def _block(self, head: str, write: Callable[[], None]) -> None:
        """A block of its own: nothing is pending at its start and its end."""
        self._flush()
        self._add(head)
        self._indent += "    "
        write()
        self._flush()
        self._indent = self._indent[4:]

    def _record(self, record: Record, value: str) -> None:
        for field in record.fields:
            self._field(field, value)

    def _field(self, field: Field, value: str) -> None:
        access = self._access.may if field.nullable else self._access.must
        part = access.format(o=value, name=field.name)
        if is_repeated(field):
            self._piece(f"{'OPTIONAL_TEXTS' if field.nullable else 'TEXTS'}[{part}]")
        elif field.nullable:
            self._union(field.type, self._variable(part))
        else:
            self._value(field.type, part)

    def _union(self, avro_type: AvroType, value: str) -> None:
        if isinstance(avro_type, Primitive | Enumeration) and len(pieces := self._scalar(avro_type, value)) == 1:
            self._piece(f"b'\\0' if {value} is None else b'\\2' + {pieces[0]}")
            return
        branches = avro_type.branches if isinstance(avro_type, OneOf) else (avro_type,)
        self._block(f"if {value} is None:", partial(self._add, "w.append(0)"))
        for index, branch in enumerate(branches, start=1):
            head = (
                f"elif {self._access.branch.format(o=value)} == {branch.name!r}:"
                if isinstance(branch, Record) and isinstance(avro_type, OneOf)
                else "else:"
            )
            self._block(head, partial(self._branch, index, branch, value))
        if isinstance(avro_type, OneOf):
            self._add("else: raise KeyError('a union has no such branch')")

    def _branch(self, index: int, branch: AvroType, value: str) -> None:
        self._constant += bytes((2 * index,))
        self._value(branch, value)

    def _value(self, avro_type: AvroType, value: str) -> None:
        match avro_type:
            case Record():
                self._record(avro_type, value if value.isidentifier() else self._variable(value))
            case Array(items=items):
                self._array(items, self._variable(value))
            case Mapping(values=Primitive(kind="string")):
                self._piece(f"MAPS[{value}]" if self._access.keeps_maps else f"map_bytes({value})")
            case Primitive() | Enumeration():
                self._piece(*self._scalar(avro_type, value))
            case _:
                raise TypeError("a map of anything but texts is not written")

    def _array(self, items: AvroType, value: str) -> None:
        self._variables += 1
        item = f"v{self._variables}"

        def block() -> None:
            self._piece(f"LONGS[len({value})]")
            self._block(f"for {item} in {value}:", one)

        def one() -> None:
            self._value(items, item)
            self._flush()
            self._add(f"if len(w) > {BODY_BYTES_MAX}: raise too_long()")

        self._block(f"if {value}:", block)
        self._constant += b"\x00"

    def _scalar(self, avro_type: Primitive | Enumeration, value: str) -> list[str]:
        match avro_type:
            case Primitive(kind="string"):
                self._variables += 1
                return [f"LONGS[len(s{self._variables} := {value}.encode())]", f"s{self._variables}"]
            case Primitive(kind="bytes"):
                self._variables += 1
                return [f"LONGS[len(s{self._variables} := {value})]", f"s{self._variables}"]
            case Primitive(kind="boolean"):
                return [f"(b'\\1' if {value} else b'\\0')"]
            case Primitive():
                return [f"LONGS[{value}]"]
            case Enumeration(symbols=symbols):
                return [f"{self._function.bind({symbol: bytes((2 * index,)) for index, symbol in enumerate(symbols)})}[{value}]"]
