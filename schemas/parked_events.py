"""Events that wait inside an order's state: whole, with their fingerprints, as plain JSON objects.

Written by orjson straight from the dataclass. A field that was added later is absent in older states and takes
its default; nothing is parsed or fingerprinted again.
"""

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from asiento.accounting.order_events import EVENT_TYPES, OrderEvent

_Reader: TypeAlias = Callable[[Any], Any]


def event_type(event: OrderEvent) -> str:
    """The record name of an event."""
    return type(event).__name__


def event_from_fields(kind: str, fields: dict[str, Any]) -> OrderEvent:
    """The event of record name `kind`; raises KeyError for a name and TypeError for fields that no event has."""
    event: OrderEvent = _event_reader(kind)(fields)
    return event


@cache
def _event_reader(kind: str) -> _Reader:
    return _record_reader(EVENT_TYPES[kind])


def _record_reader(record: type[Any]) -> _Reader:
    readers = {name: _reader(hint) for name, hint in get_type_hints(record).items()}

    def read(fields: dict[str, Any]) -> Any:
        return record(**{name: readers[name](value) for name, value in fields.items()})

    return read


def _reader(hint: Any) -> _Reader:
    """How a JSON value becomes the value of a field: arrays become tuples, objects become their dataclass."""
    if get_origin(hint) is UnionType:
        present = _reader(next(arm for arm in get_args(hint) if arm is not type(None)))
        return lambda value: None if value is None else present(value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda values: tuple([item(value) for value in values])
    if isinstance(hint, type) and is_dataclass(hint):
        return _record_reader(hint)
    return lambda value: value
