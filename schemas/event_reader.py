"""Reads an order event that keeps the contract straight into its value: one function per record, compiled from its schema.

It is the short way of what `schemas.strict_reader` and `schemas.event_builder` do one after the other, for events as they are
nearly always: it gives the very same value, or it gives up, and then they judge. So it tells no reasons, and whatever is
unusual (blocks, long lists, upper case ids, a correction of a whole event) it may leave to them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final, TypeAlias

import orjson

from asiento.accounting import order_events
from asiento.accounting.order_events import OrderEvent
from schemas.avro_pieces import is_repeated
from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, Primitive, Record
from schemas.card_numbers import holds_card_number
from schemas.compiled import FunctionWriter
from schemas.event_rules import (
    DUE_DAYS_MAX,
    EVENT_ITEMS_MAX,
    GATEWAY_NOT_NEEDED,
    ITEM_BYTES_MIN,
    MAY_BE_EMPTY,
    NUMBER_RANGES,
    TAXES_MAX,
    TEXT_FORMS,
    TEXT_LENGTH_MAX,
    check_map,
    check_texts_of_map,
)
from schemas.fingerprints import IDENTITY_FIELDS, TRANSPORT_FIELDS, tagged
from schemas.formats import quantity_text
from schemas.json_twin import LIST_ITEMS_MAX
from schemas.kept import Kept
from schemas.strict_reader import INT_MAX, compile_item_reader, read_tail, read_text

EventReader: TypeAlias = Callable[[bytes, int, int], OrderEvent]

EVENT_BYTES_MAX: Final = EVENT_ITEMS_MAX * ITEM_BYTES_MIN
"""Longer events may hold too many items: they are not for this reader."""
_TEXTS = Kept[bytes, str](bytes.decode, items_max=16_384, length_max=64)
_QUANTITIES = Kept[int, str](quantity_text, items_max=4_096, length_max=20)
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BEYOND = 1 << 40
_NEXT = [1 + (first >> 1) if first and not first & 1 and first < 128 else _BEYOND for first in range(256)]
"""First byte of a text -> bytes up to what follows it; beyond every record where the text is empty or not a short one."""
_NEXT_OR_EMPTY = [1, *_NEXT[1:]]


class NotForThisReader(ValueError):
    """The event is unusual or wrong; the strict reader says which."""


def _text(data: bytes, position: int, end: int) -> tuple[str, int]:
    """A text that is not a short one."""
    text, stop = read_text(data, position, end)
    if not text or stop - position > TEXT_LENGTH_MAX:
        raise NotForThisReader
    return text, stop


@cache
def _kept_forms(form: Callable[[str], str]) -> Kept[bytes, str]:
    """The normal form of a text by its bytes."""
    return Kept(lambda data: form(data.decode()), items_max=4_096, length_max=64)


def _far(form: Callable[[str], str]) -> Callable[[bytes, int, int], tuple[str, int]]:
    """A text that is not a short one, in its normal form."""

    def read(data: bytes, position: int, end: int) -> tuple[str, int]:
        text, stop = _text(data, position, end)
        return form(text), stop

    return read


def _map_of(name: str, values: dict[str, str]) -> dict[str, str] | None:
    """A map that keeps its rules, names in order; None for an empty one."""
    holder = {name: dict(sorted(values.items()))}
    check_texts_of_map(values)
    check_map(name, holder)
    return holder.get(name)


_RULES: Final = (
    ({"tenant"}, "':' in {tenant}"),
    ({"source"}, "{source}.count(':') != 1 or {source}[0] == ':' or {source}[-1] == ':'"),
    ({"gateway"}, f"not {{gateway}} and {{tender}} not in {sorted(GATEWAY_NOT_NEEDED)}"),
    ({"unit_price"}, "{unit_price}[0] == '-' and {gross} > 0"),
    ({"unit_cost"}, "{unit_cost} is not None and (len({unit_cost}) > 6 or {quantity} > 10**10)"),
    ({"taxes"}, f"{{taxes}} is not None and len({{taxes}}) > {TAXES_MAX}"),
    ({"rate", "base"}, "{rate}[1:2] != '.' and len({rate}) > 3"),
    ({"due_days"}, f"{{due_days}} is not None and not 0 <= {{due_days}} <= {DUE_DAYS_MAX}"),
    ({"adjustment_id", "kind"}, "{kind} == 'WITHHOLDING'"),
)
"""Fields of a record -> where one of `schemas.event_rules.RECORD_RULES` may have something to say."""


def compile_event_reader(record: Record) -> EventReader:
    """A function (data, position, end) -> event. It raises `LookupError` or `ValueError` for what is not for it."""
    return _ReaderWriter(record).compile()


class _ReaderWriter:
    """Writes the reader of one event, its parts and items inside it."""

    def __init__(self, record: Record) -> None:
        names = {"Doubt": NotForThisReader, "tail": read_tail, "text": _text, "TEXTS": _TEXTS, "NEXT": _NEXT, "uuid": _UUID.match}
        names |= {"NEXT_OR_EMPTY": _NEXT_OR_EMPTY, "dumps": orjson.dumps, "Fragment": orjson.Fragment, "QUANTITIES": _QUANTITIES}
        names |= {"holds_card_number": holds_card_number, "map_of": _map_of, "tagged": tagged}
        self._event = record
        self._function = FunctionWriter(f"read_{record.name}", "b, p, e", names)
        self._indent = ""
        self._records = 0

    def compile(self) -> EventReader:
        prefix = self._fields(self._event)
        self._add("if p != e: raise Doubt")
        self._json(self._event, prefix, "d", without=frozenset(TRANSPORT_FIELDS))
        self._add("whole = dumps(d)", *(f"d.pop({name!r}, None)" for name in IDENTITY_FIELDS))
        self._add("business = dumps(d)", "del d['business_key']")
        self._value(self._event, prefix, "o")
        self._add("o.fingerprint = tagged(whole)", "o.business_fingerprint = tagged(business)")
        self._add("o.natural_fingerprint = tagged(dumps(d))", "o.size_bytes = len(whole)", "return o")
        return self._function.compile()

    def _add(self, *lines: str) -> None:
        self._function.add(*(self._indent + line for line in lines))

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self._add(head)
        self._indent += "    "
        yield
        self._indent = self._indent[4:]

    def _fields(self, record: Record) -> str:
        """Read the fields into variables; gives what their names start with."""
        self._records += 1
        prefix = f"r{self._records}_"
        for field in record.fields:
            self._field(field, prefix + field.name)
        variables = defaultdict(lambda: "None", {name: prefix + name for name in record.by_name})
        for names, doubt in _RULES:
            if names <= record.by_name.keys():
                self._add(f"if {doubt.format_map(variables)}: raise Doubt")
        if record.states_money:
            self._add(f"if {prefix}currency is None or {prefix}currency_exponent is None: raise Doubt")
        return prefix

    def _field(self, field: Field, target: str) -> None:
        if not field.nullable:
            self._read(field, field.type, target)
            return
        self._add("n = b[p]", "p += 1")
        with self._block("if n:"):
            self._add("if n != 2: raise Doubt")
            self._read(field, field.type, target)
        self._add(f"else: {target} = None")

    def _read(self, field: Field, avro_type: AvroType, target: str) -> None:
        match avro_type:
            case Record():
                prefix = self._fields(avro_type)
                self._json(avro_type, prefix, f"{target}_d")
                self._value(avro_type, prefix, target)
            case Array(items=Record() as items):
                self._array(items, target)
            case Mapping():
                read = self._function.bind(compile_item_reader(avro_type, LIST_ITEMS_MAX))
                self._add(f"{target}, p = {read}(b, p, e)", f"{target} = map_of({field.name!r}, {target})")
            case Primitive(kind="string"):
                self._string(field, avro_type, target)
            case Primitive(kind="boolean"):
                self._add(f"{target} = (False, True)[b[p]]", "p += 1")
            case Primitive():
                self._number(avro_type, target)
            case Enumeration(symbols=symbols, unknown_has_meaning=has_meaning):
                table = {2 * index: symbol for index, symbol in enumerate(symbols) if has_meaning or symbol != "UNKNOWN"}
                self._add(f"{target} = {self._function.bind(table)}[b[p]]", "p += 1")
            case _:
                self._add("raise Doubt")
                self._add(f"{target} = None")

    def _array(self, items: Record, target: str) -> None:
        self._add(f"{target} = []", f"{target}_d = []", "n = b[p]", "p += 1")
        with self._block("if n:"):
            self._add("if n > 127: n, p = tail(b, p, n)", f"if n & 1 or n > {2 * LIST_ITEMS_MAX}: raise Doubt")
            with self._block("for _ in range(n >> 1):"):
                prefix = self._fields(items)
                self._json(items, prefix, "d")
                self._value(items, prefix, "o")
                self._add(f"{target}.append(o)", f"{target}_d.append(d)")
            self._add("if b[p]: raise Doubt", "p += 1")
        self._add(f"{target} = tuple({target})")

    def _string(self, field: Field, avro_type: Primitive, target: str) -> None:
        form = avro_type.format
        if form == "uuid":
            self._add("q = p + 37", "if b[p] != 72 or not uuid(b, p + 1, q): raise Doubt", f"{target} = b[p + 1 : q].decode()", "p = q")
            return
        far = "text" if form not in TEXT_FORMS else self._function.bind(_far(TEXT_FORMS[form]))
        may_be_empty = form in MAY_BE_EMPTY and not field.nullable
        self._add(f"q = p + {'NEXT_OR_EMPTY' if may_be_empty else 'NEXT'}[b[p]]", f"if q > e: {target}, p = {far}(b, p, e)")
        with self._block("else:"):
            if form in TEXT_FORMS:
                self._add(f"{target} = {self._function.bind(_kept_forms(TEXT_FORMS[form]))}[b[p + 1 : q]]", "p = q")
            else:
                self._add(f"{target} = TEXTS[b[p + 1 : q]]" if is_repeated(field) else f"{target} = b[p + 1 : q].decode()", "p = q")
        if form == "free_text":
            self._add(f"if holds_card_number({target}): raise Doubt")

    def _number(self, avro_type: Primitive, target: str) -> None:
        self._add("n = b[p]", "p += 1")
        with self._block("if n > 127:"):
            self._add("m = b[p]")
            with self._block("if m < 128:"):
                self._add("n += (m << 7) - 128", "p += 1")
            self._add("else: n, p = tail(b, p, n)")
        form = avro_type.format
        low, high, _ = (
            NUMBER_RANGES[form] if form in NUMBER_RANGES else (-(INT_MAX + 1), INT_MAX, "") if avro_type.kind == "int" else (0, 0, "")
        )
        if low >= 0 < high:
            self._add("if n & 1: raise Doubt", f"{target} = n >> 1")
        else:
            self._add(f"{target} = (n >> 1) ^ -(n & 1)")
        if low < high:
            self._add(f"if not {low} <= {target} <= {high}: raise Doubt" if low else f"if {target} > {high}: raise Doubt")

    def _json(self, record: Record, prefix: str, target: str, without: frozenset[str] = frozenset()) -> None:
        """The canonical JSON of a record as a dict whose names are in order, absent fields left out."""
        names = {field.name: field for field in record.fields if field.name not in without}
        tokens = {name: self._json_part(field, prefix + name) for name, field in names.items()}
        if record.is_event:
            tokens["type"] = repr(record.name)
        self._add(f"{target} = {{}}")
        for name in sorted(tokens):
            absent = name in names and names[name].nullable
            self._add(f"{f'if {prefix}{name} is not None: ' if absent else ''}{target}[{name!r}] = {tokens[name]}")

    def _json_part(self, field: Field, variable: str) -> str:
        match field.type:
            case Record():
                return f"{variable}_d"
            case Array():
                return f"Fragment(dumps({variable}_d))"
            case Primitive(format="quantity"):
                return f"QUANTITIES[{variable}]"
            case _:
                return variable

    def _value(self, record: Record, prefix: str, target: str) -> None:
        """The value of the core, its slots filled one by one."""
        value_class = getattr(order_events, record.name)
        self._add(f"{target} = {self._function.bind(value_class.__new__)}({self._function.bind(value_class)})")
        for field in record.fields:
            variable = prefix + field.name
            is_map = isinstance(field.type, Mapping)
            self._add(f"{target}.{field.name} = {f'() if {variable} is None else tuple({variable}.items())' if is_map else variable}")
