"""Reads Avro bodies strictly: one straight-line Python function per record, compiled from its schema.

Whatever the bytes are, the answer is a value or `MalformedAvro`: every index is checked against its symbols or
branches, every length and count against the bytes that are left, a boolean is 0 or 1, text is UTF-8, a long fits 64
bits, a block's size is the size of its items. Work and memory are proportional to the input, recursion is bounded by
the schema's depth. Absent values are left out of the dicts. Why not the Avro library: docs/adr/0003.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.compiled import FunctionWriter

ItemReader: TypeAlias = Callable[[bytes, int, int], tuple[Any, int]]
RecordReader: TypeAlias = Callable[[bytes, int, int], tuple[dict[str, Any], int]]

LONG_MAX = (1 << 63) - 1
INT_MAX = (1 << 31) - 1


class MalformedAvro(ValueError):
    """The bytes are not a value of the schema; the message says what is wrong."""


class TooManyItems(MalformedAvro):
    """A list or map is longer than its bound."""


def read_tail(data: bytes, position: int, first: int) -> tuple[int, int]:
    """The rest of a variable-length number whose first byte had its high bit set: unsigned 64-bit value, next position."""
    value, shift = first & 127, 7
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            if value >> 64:
                raise MalformedAvro("a number does not fit 64 bits")
            return value, position
        shift += 7
        if shift > 63:
            raise MalformedAvro("a number takes more than 10 bytes")


def read_long(data: bytes, position: int) -> tuple[int, int]:
    """A zigzag long: value, next position."""
    raw = data[position]
    position += 1
    if raw > 127:
        raw, position = read_tail(data, position, raw)
    return (raw >> 1) ^ -(raw & 1), position


def read_text(data: bytes, position: int, end: int) -> tuple[str, int]:
    """A string: value, next position."""
    length, position = read_long(data, position)
    stop = position + length
    if length < 0 or stop > end:
        raise MalformedAvro("a length reaches beyond the record")
    return data[position:stop].decode(), stop


def _bounded_count(data: bytes, position: int, end: int, items_left: int) -> tuple[int, int, int]:
    """Count of a block, next position, and where the block must end (-1: not stated)."""
    first, stop = data[position], -1
    if first < 128 and not first & 1:  # nearly always: few items, no size
        count, position = first >> 1, position + 1
    else:
        count, position = read_long(data, position)
    if count < 0:
        count = -count
        size, position = read_long(data, position)
        stop = position + size
        if size < 0 or stop > end:
            raise MalformedAvro("a block reaches beyond the record")
    if count > end - position:
        raise MalformedAvro("a list is longer than the bytes that are left")
    if count > items_left:
        raise TooManyItems("a list has too many items")
    return count, position, stop


def _array_reader(item: ItemReader, items_max: int) -> ItemReader:
    def read(data: bytes, position: int, end: int) -> tuple[Any, int]:
        items: list[Any] = []
        while data[position]:
            count, position, stop = _bounded_count(data, position, end, items_max - len(items))
            if count == 0:
                return items, position
            for _ in range(count):
                value, position = item(data, position, end)
                items.append(value)
            if stop not in (-1, position):
                raise MalformedAvro("a block's size is not the size of its items")
        return items, position + 1

    return read


def _map_reader(item: ItemReader, items_max: int) -> ItemReader:
    def read(data: bytes, position: int, end: int) -> tuple[Any, int]:
        items: dict[str, Any] = {}
        while data[position]:
            count, position, stop = _bounded_count(data, position, end, items_max - len(items))
            if count == 0:
                return items, position
            for _ in range(count):
                name, position = read_text(data, position, end)
                if name in items:
                    raise MalformedAvro("a map names a key twice")
                items[name], position = item(data, position, end)
            if stop not in (-1, position):
                raise MalformedAvro("a block's size is not the size of its items")
        return items, position + 1

    return read


def _text_map_reader(items_max: int) -> ItemReader:
    """Maps of texts: those of one block with short names and values are read here, the others are left to the map reader."""
    others = _map_reader(read_text, items_max)

    def read(data: bytes, position: int, end: int) -> tuple[Any, int]:
        first = data[position]
        at, count, items = position + 1, first >> 1, dict[str, Any]()
        if first > 127 or first & 1 or count > end - at or count > items_max:
            return others(data, position, end)
        for _ in range(count):
            length = data[at]
            name_at, name_end = at + 1, at + 1 + (length >> 1)
            if length > 127 or length & 1 or name_end >= end:
                return others(data, position, end)
            length = data[name_end]
            at = name_end + 1 + (length >> 1)
            if length > 127 or length & 1 or at >= end:
                return others(data, position, end)
            items[data[name_at:name_end].decode()] = data[name_end + 1 : at].decode()
        if count and data[at]:
            return others(data, position, end)
        return (items, at + 1 if count else at) if len(items) == count else others(data, position, end)

    return read


class _ReaderWriter:
    """Writes the readers of one schema; a named type gets one."""

    def __init__(self, items_max: int) -> None:
        self._items_max = items_max
        self._readers: dict[str, ItemReader] = {}

    def reader(self, avro_type: AvroType) -> ItemReader:
        """A function (data, position, end) -> (value, next position) for any type."""
        match avro_type:
            case Record():
                if avro_type.full_name not in self._readers:
                    self._readers[avro_type.full_name] = self._record(avro_type)
                return self._readers[avro_type.full_name]
            case Array():
                return _array_reader(self.reader(avro_type.items), self._items_max)
            case Mapping(values=Primitive(kind="string")):
                return _text_map_reader(self._items_max)
            case Mapping():
                return _map_reader(self.reader(avro_type.values), self._items_max)
            case OneOf():
                raise TypeError("a union is read by the field it stands on")
            case Primitive() | Enumeration():
                function = self._function("read_item")
                function.add(*self._value(function, avro_type, "value"), "return value, p")
                return function.compile()

    def _function(self, name: str) -> FunctionWriter:
        return FunctionWriter(name, "b, p, e", {"MalformedAvro": MalformedAvro, "tail": read_tail})

    def _record(self, record: Record) -> ItemReader:
        function = self._function(f"read_{record.name}")
        function.add("d = {}")
        for field in record.fields:
            function.add(*self._field(function, field))
        function.add("return d, p")
        return function.compile()

    def _field(self, function: FunctionWriter, field: Field) -> list[str]:
        target = f"d[{field.name!r}]"
        if not field.nullable:
            return self._value(function, field.type, target)
        branches = field.type.branches if isinstance(field.type, OneOf) else (field.type,)
        lines = ["n = b[p]", "p += 1"]
        for index, branch in enumerate(branches, start=1):
            lines.append(f"{'if' if index == 1 else 'elif'} n == {2 * index}:")
            lines += ["    " + line for line in self._value(function, branch, target)]
            if isinstance(field.type, OneOf) and isinstance(branch, Record):
                lines.append(f"    {target}['type'] = {branch.name!r}")
        return [*lines, "elif n: raise MalformedAvro('a union names a branch that is not there')"]

    def _value(self, function: FunctionWriter, avro_type: AvroType, target: str) -> list[str]:
        match avro_type:
            case Primitive(kind="string"):
                return [*_LENGTH, f"{target} = b[p:q].decode()", "p = q"]
            case Primitive(kind="bytes"):
                return [*_LENGTH, f"{target} = b[p:q]", "p = q"]
            case Primitive(kind="boolean"):
                return ["n = b[p]", "p += 1", "if n > 1: raise MalformedAvro('a boolean is neither 0 nor 1')", f"{target} = n == 1"]
            case Primitive(kind="int"):
                check = f"if n > {2 * INT_MAX + 1}: raise MalformedAvro('a number does not fit 32 bits')"
                return [*_RAW, check, f"{target} = (n >> 1) ^ -(n & 1)"]
            case Primitive():
                return [*_RAW, f"{target} = (n >> 1) ^ -(n & 1)"]
            case Enumeration(symbols=symbols):
                table = function.bind({2 * index: symbol for index, symbol in enumerate(symbols)})
                check = f"if n not in {table}: raise MalformedAvro('an enumeration has no such symbol')"
                return ["n = b[p]", "p += 1", check, f"{target} = {table}[n]"]
            case _:
                return [f"{target}, p = {function.bind(self.reader(avro_type))}(b, p, e)"]


_RAW = [
    "n = b[p]",
    "p += 1",
    "if n > 127:",
    "    if b[p] < 128: n, p = n & 127 | b[p] << 7, p + 1",
    "    else: n, p = tail(b, p, n)",
]
_LENGTH = [*_RAW, "q = p + (n >> 1)", "if n & 1 or q > e: raise MalformedAvro('a length reaches beyond the record')"]


def compile_reader(record: Record, items_max: int) -> RecordReader:
    """A function (data, position, end) -> (dict, next position) for a record; lists and maps hold `items_max` at most.

    It raises `MalformedAvro`, `IndexError` (the bytes end too early) or `UnicodeDecodeError`, nothing else.
    """
    return _ReaderWriter(items_max).reader(record)


def compile_item_reader(avro_type: AvroType, items_max: int) -> ItemReader:
    """The same for a value of any type but a union."""
    return _ReaderWriter(items_max).reader(avro_type)


def read_body(reader: RecordReader, data: bytes, position: int) -> dict[str, Any]:
    """The record that fills `data` from `position` to its end; raises `MalformedAvro`."""
    end = len(data)
    try:
        value, stop = reader(data, position, end)
    except IndexError:
        raise MalformedAvro("the bytes end too early") from None
    except UnicodeDecodeError:
        raise MalformedAvro("a text is not UTF-8") from None
    if stop != end:
        raise TrailingBytes(f"{end - stop} bytes follow the record")
    return value


class TrailingBytes(MalformedAvro):
    """Bytes follow the record."""
