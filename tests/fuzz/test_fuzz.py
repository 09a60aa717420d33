"""No mutated record crashes, hangs, takes much memory or ends in an error that its decoder does not document."""

import logging
import os
from pathlib import Path

import pytest

from schemas.acks import decode_ack
from schemas.order_state import UnknownStateFormat, decode_state
from schemas.output_codec import DecodeError
from schemas.registry import registry
from streams.engine.table import PARKED_HEADER, state_from_changelog
from tests.fuzz.run import Report, fuzz
from tests.fuzz.targets import all_targets
from tests.unit.streams.offline_engine import Record

LOG = logging.getLogger("fuzz")

NEVER_TAKEN = {"backup manifests"}
"""Decoders that take nothing but the very bytes that were written: a digest of all of them is inside."""


def check(report: Report, records: int, directory: Path) -> None:
    """Nothing was found, and the mutations reached both sides of every decoder."""
    assert report.findings == []
    assert report.records >= records
    names = {target.name for target in all_targets(directory)}
    assert {name for name in names if report.refused[name]} == names
    assert {name for name in names if report.accepted[name]} == names - NEVER_TAKEN


def test_five_thousand_mutated_records(tmp_path: Path) -> None:
    check(fuzz(tmp_path, 1, 5_000), 5_000, tmp_path)


@pytest.mark.soak
def test_two_hundred_thousand_mutated_records(tmp_path: Path) -> None:
    """`make soak-fuzz SEED=n`."""
    report = fuzz(tmp_path, int(os.environ.get("SEED", "1")), 200_000)
    LOG.warning("%s", report)
    check(report, 200_000, tmp_path)


@pytest.mark.parametrize("fault", ["crash", "hang", "allocation", "unclassified"])
def test_planted_faults_are_found(tmp_path: Path, fault: str) -> None:
    """The control: a decoder with one fault, and the record that shows it is named."""
    report = fuzz(tmp_path, 1, 1, planted=True, only=fault)
    assert {finding.fault for finding in report.findings} == {fault}
    assert bytes.fromhex(report.findings[0].record) is not None
    assert report.findings[0].target == fault


@pytest.mark.parametrize(
    "value", [b'{"v":2,"p":1,"s":[[1,2,3,4,5,6,7]]}', b'{"v":[2],"p":1}', b'{"v":{},"p":1}', b'{"v":2}', b'{"v":2,"p":1,"f":[true]}']
)
def test_state_that_was_not_written_by_us_is_an_unknown_format(value: bytes) -> None:
    """Found here: TypeError, LookupError and others came through, a worker's log did not say what was the matter."""
    with pytest.raises(UnknownStateFormat):
        decode_state(value)


@pytest.mark.parametrize("count", [None, b"", b"-1", b"1_0", b" 1", b"9" * 5000, b"\xd9\xa1"])
def test_count_of_parked_events_is_digits(count: bytes | None) -> None:
    """Found here: a header without a value was a TypeError."""
    with pytest.raises(ValueError, match="count of parked events"):
        state_from_changelog(Record(7, headers=((PARKED_HEADER, count),)))  # type: ignore[arg-type]


def test_time_that_no_calendar_has_is_refused_in_what_we_write(tmp_path: Path) -> None:
    """Found here: an ack of the year 292 277 was taken, and whoever showed it died of an OverflowError."""
    target = next(target for target in all_targets(tmp_path) if target.name == "acks")
    assert decode_ack(target.records[0]).at == 1
    hostile = target.records[0].replace(b"\x00\x00\x02", b"\x00\x00" + b"\xfe" + b"\xff" * 8 + b"\x01", 1)
    with pytest.raises(DecodeError, match="at is a time that no calendar has"):
        decode_ack(hostile)


def test_times_of_what_we_write_are_at_the_top() -> None:
    """Where `decode_output` looks at them."""

    def times(schema: object) -> int:
        if isinstance(schema, dict):
            return (schema.get("logicalType") == "timestamp-micros") + sum(map(times, schema.values()))
        return sum(map(times, schema)) if isinstance(schema, list) else 0

    for known in registry().latest.values():
        if not known.record.is_event:
            assert times(known.avsc) == sum(getattr(field.type, "format", None) == "time" for field in known.record.fields), (
                known.record.name
            )
