"""Events that wait inside an order's state: whole, with their fingerprints, as plain JSON objects.

Written by orjson straight from the dataclass. A field that was added later is absent in older states and takes
its default; nothing is parsed or fingerprinted again.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from asiento.accounting.order_events import EVENT_TYPES, OrderEvent

_Reader: TypeAlias = Callable[[Any], Any]


def event_type(event: OrderEvent) -> str:
    """The record name of an event."""
    return type(event).__name__


def event_from_fields(kind: str, values: dict[str, Any]) -> OrderEvent:
    """The event of record name `kind`; raises KeyError for a name and TypeError for fields that no event has."""
    event: OrderEvent = _event_reader(kind)(values)
    return event


@cache
def _event_reader(kind: str) -> _Reader:
    return _record_reader(EVENT_TYPES[kind])


def _record_reader(record: type[Any]) -> _Reader:
    readers = {name: _reader(hint) for name, hint in get_type_hints(record).items()}

    def read(values: dict[str, Any]) -> Any:
        return record(**{name: readers[name](value) for name, value in values.items()})

    return read


def _reader(hint: Any) -> _Reader:
    """How a JSON value becomes the value of a field: arrays become tuples, objects become their dataclass."""
    if get_origin(hint) is UnionType:
        arms = [arm for arm in get_args(hint) if arm is not type(None)]
        present = _reader(arms[0]) if len(arms) == 1 else _event_of(arms)
        return lambda value: None if value is None else present(value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda values: tuple([item(value) for value in values])
    if isinstance(hint, type) and is_dataclass(hint):
        return _record_reader(hint)
    return lambda value: value


def _event_of(arms: list[type[Any]]) -> _Reader:
    """Reads one of several records: the one that has all the fields, as each has an id of its own."""
    readers = [({field.name for field in fields(arm)}, _record_reader(arm)) for arm in arms]
    return lambda value: next(read for names, read in readers if value.keys() <= names)(value)
