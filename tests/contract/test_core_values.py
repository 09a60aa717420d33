"""The values of the core and the schemas say the same: a builder fills slots by name, so a difference would stay hidden."""

from dataclasses import MISSING, fields
from typing import Any

import pytest

from asiento.accounting import order_events
from schemas.avro_types import Array, Mapping, OneOf, Record
from schemas.registry import registry

FINGERPRINTS = {"fingerprint", "business_fingerprint", "natural_fingerprint", "size_bytes"}


def pairs() -> list[tuple[type[Any], Record]]:
    """Every class of the core with the record of its name, parts included."""
    found: dict[str, tuple[type[Any], Record]] = {}

    def collect(record: Record) -> None:
        value_class = getattr(order_events, record.name, None)
        if value_class is not None:
            found[record.name] = (value_class, record)
        for field in record.fields:
            inner = field.type.items if isinstance(field.type, Array) else field.type
            for part in inner.branches if isinstance(inner, OneOf) else (inner,):
                if isinstance(part, Record):
                    collect(part)

    for known in registry().latest.values():
        if known.record.is_event:
            collect(known.record)
    return list(found.values())


def test_every_event_of_the_core_is_in_the_contract() -> None:
    assert set(order_events.EVENT_TYPES) <= {value_class.__name__ for value_class, _ in pairs()}


@pytest.mark.parametrize(("value_class", "record"), pairs(), ids=lambda part: getattr(part, "__name__", ""))
def test_fields_and_what_may_be_absent(value_class: type[Any], record: Record) -> None:
    declared = {field.name: field for field in fields(value_class) if field.name not in FINGERPRINTS}
    assert set(declared) == set(record.by_name)
    for name, field in record.by_name.items():
        absent = () if isinstance(field.type, Mapping) else None
        assert declared[name].default == (absent if field.nullable else MISSING), name
