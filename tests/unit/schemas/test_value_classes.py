"""The classes of the values have the fields of the newest schemas: a field of a next version belongs into both."""

from collections.abc import Iterator
from dataclasses import fields
from types import ModuleType
from typing import Any

import pytest

from asiento.accounting import decision, journal, order_events
from schemas import acks, dead_letters, decisions, operator_actions
from schemas.avro_types import Array, AvroType, OneOf, Record
from schemas.registry import registry

COMPUTED = {"fingerprint", "business_fingerprint", "natural_fingerprint", "size_bytes"}
"""Of an event, beside the codec."""
OUTPUTS = {
    "JournalEntry": journal,
    "DecisionBatch": decisions,
    "Discrepancy": decision,
    "DeadLetter": dead_letters,
    "Ack": acks,
    "OperatorAction": operator_actions,
}
CLASSES: list[tuple[str, ModuleType]] = [*((name, order_events) for name in order_events.EVENT_TYPES), *OUTPUTS.items()]


def records_of(avro_type: AvroType) -> Iterator[Record]:
    """The record and the records within it."""
    match avro_type:
        case Record(fields=found):
            yield avro_type
            for field in found:
                yield from records_of(field.type)
        case Array(items=items):
            yield from records_of(items)
        case OneOf(branches=branches):
            for branch in branches:
                yield from records_of(branch)


@pytest.mark.parametrize(("name", "module"), CLASSES, ids=[name for name, _ in CLASSES])
def test_a_class_has_the_fields_of_its_schema(name: str, module: ModuleType) -> None:
    for record in records_of(registry().latest[name].record):
        value_class: Any = getattr(module, record.name)
        stated = {field.name for field in fields(value_class)} - COMPUTED
        assert stated == record.by_name.keys() - {"content_hash", "action_id"}, record.name
