"""Builds the immutable values of the core from avro values: one function per record, compiled from schema and rules.

A builder checks its values, brings them to the one normal form that fingerprints are taken of (decimals and quantities in
their shortest text, ids in lower case, empty optional texts and maps absent), in place, and gives the value of
`asiento.accounting.order_events`. Slots are filled directly: the
`__init__` of a frozen dataclass takes twice as long.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeAlias

from asiento.accounting import order_events
from schemas import event_rules
from schemas.avro_types import Array, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.compiled import FunctionWriter
from schemas.event_rules import NUMBER_RANGES, RECORD_RULES, TEXT_FORMS, invalid
from schemas.fingerprints import take_fingerprints
from schemas.formats import quantity_text
from schemas.refusal import InvalidEvent

Builder: TypeAlias = Callable[[dict[str, Any]], Any]


@cache
def builder_of(record: Record) -> Builder:
    """The builder of a record; it raises `InvalidEvent`."""
    return _BuilderWriter(record).write()


def build_list(build: Builder, items: list[dict[str, Any]], name: str) -> tuple[Any, ...]:
    """Build the items of a list; a problem says which one has it."""
    built = []
    for index, item in enumerate(items):
        try:
            built.append(build(item))
        except InvalidEvent as problem:
            raise problem.within(f"{name}[{index}]") from None
    return tuple(built)


def build_part(build: Builder, values: dict[str, Any] | None, name: str) -> Any:
    """Build a part, if it is there."""
    if values is None:
        return None
    try:
        return build(values)
    except InvalidEvent as problem:
        raise problem.within(name) from None


def build_branch(builders: dict[str, Builder], values: dict[str, Any] | None, name: str) -> Any:
    """Build one of several records by its `type`, if it is there."""
    return None if values is None else build_part(builders[values["type"]], values, name)


class _BuilderWriter:
    """Writes the builder of one record."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._class: type[Any] = getattr(order_events, record.name)
        self._function = FunctionWriter(f"build_{record.name}", "d")
        self._invalid = self._function.bind(invalid)

    def write(self) -> Builder:
        bind, add = self._function.bind, self._function.add
        add(f"if '' in d.values(): {bind(event_rules.drop_empty_texts)}({bind(self._record)}, d)")
        for field in self._record.fields:
            self._check(field)
        for holds_for, rule in RECORD_RULES:
            if holds_for(self._record):
                add(f"{bind(rule)}(d)")
        parts = {field.name: self._part(field) for field in self._record.fields}
        self._fill(parts)
        return self._function.compile()

    def _check(self, field: Field) -> None:
        """The rule of one field, by its format."""
        name, bind, add = repr(field.name), self._function.bind, self._function.add
        form = field.type.format if isinstance(field.type, Primitive) else None
        indent = ""
        if field.nullable and (form in NUMBER_RANGES or form in TEXT_FORMS or form == "free_text"):
            add(f"if {name} in d:")
            indent = "    "
        if form in NUMBER_RANGES:
            low, high, expected = NUMBER_RANGES[form]
            add(f"{indent}if not {low} <= d[{name}] <= {high}: raise {self._invalid}({name}, {bind(expected)})")
        elif form in TEXT_FORMS:
            add(f"{indent}try: d[{name}] = {bind(TEXT_FORMS[form])}(d[{name}])")
            add(f"{indent}except ValueError as problem: raise {self._invalid}({name}, str(problem)) from None")
        elif form == "free_text":
            add(f"{indent}{bind(event_rules.check_free_text)}({name}, d[{name}])")
        elif isinstance(field.type, Enumeration) and not field.type.unknown_has_meaning:
            add(f"if d[{name}] == 'UNKNOWN': raise {self._invalid}({name}, 'UNKNOWN has no meaning here')")
        elif isinstance(field.type, Mapping):
            add(f"if {name} in d: {bind(event_rules.check_map)}({name}, d)")

    def _part(self, field: Field) -> str:
        """The expression for a field's value in the core; parts are built, whatever else is taken as it is."""
        name, bind = repr(field.name), self._function.bind
        value = f"d.get({name})" if field.nullable else f"d[{name}]"
        match field.type:
            case Record() as record:
                return f"{bind(build_part)}({bind(builder_of(record))}, {value}, {name})"
            case Array(items=Record() as record):
                built = f"{bind(build_list)}({bind(builder_of(record))}, {value}, {name})"
                return f"(None if {value} is None else {built})" if field.nullable else built
            case OneOf(branches=branches):
                return f"{bind(build_branch)}({bind({record.name: builder_of(record) for record in branches})}, {value}, {name})"
            case _:
                return value

    def _quantities(self) -> list[str]:
        """Quantities become text for the fingerprints once the value has taken the number."""
        names = [field.name for field in self._record.fields if isinstance(field.type, Primitive) and field.type.format == "quantity"]
        return [f"d[{name!r}] = {self._function.bind(quantity_text)}(d[{name!r}])" for name in names]

    def _fill(self, parts: dict[str, str]) -> None:
        bind, add, value_class = self._function.bind, self._function.add, self._class
        add(f"o = {bind(object.__new__)}({bind(value_class)})")
        setters = {field.name: bind(getattr(value_class, field.name).__set__) for field in fields(value_class)}
        for field in fields(value_class):
            if field.name not in parts:
                continue  # a fingerprint
            part = parts[field.name]
            if isinstance(self._record.by_name[field.name].type, Mapping):
                part = f"tuple(sorted(d[{field.name!r}].items())) if {field.name!r} in d else ()"
            add(f"{setters[field.name]}(o, {part})")
        add(*self._quantities())
        if self._record.is_event:
            add(f"d['type'] = {self._record.name!r}", f"taken = {bind(take_fingerprints)}(d)")
            add(*(f"{setters[name]}(o, taken[{index}])" for index, name in enumerate(_TAKEN)))
        add("return o")


_TAKEN = ("fingerprint", "business_fingerprint", "natural_fingerprint", "size_bytes")
