"""The compiled writer gives what the plain one gives, byte for byte."""

from typing import Any

import orjson
from hypothesis import given

from schemas import json_twin
from schemas.events import event_values_from_json
from schemas.json_writer import json_writer
from schemas.output_codec import decode_output, output_record
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_ACTIONS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES
from tests.projected_stream import projected_stream
from tests.unit.schemas.strategies import events

OUTPUTS = {
    ACCOUNTING_ENTRIES: "JournalEntry",
    ACCOUNTING_DISCREPANCIES: "Discrepancy",
    ACCOUNTING_ACKS: "Ack",
    ACCOUNTING_ACTIONS: "OperatorAction",
}


@given(events)
def test_events_are_written_alike(obj: dict[str, Any]) -> None:
    record, values = event_values_from_json(obj)
    assert orjson.dumps(json_writer(record)(values)) == orjson.dumps(json_twin.write_object(record, values))


def test_outputs_are_written_alike() -> None:
    stream = projected_stream()
    for topic, name in OUTPUTS.items():
        for found in stream.records(topic):
            values = decode_output(name, found.value)
            record = output_record(name)
            assert orjson.dumps(json_writer(record)(values)) == orjson.dumps(json_twin.write_object(record, values))
