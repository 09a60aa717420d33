"""Every decoder, with good records to begin with, the mutation that suits it, and the errors that it is documented to raise."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from asiento.accounting.decide import decide
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.registry_client import RegistryClient, RegistryError, access_to
from asiento.runtime.settings import SettingsError, load_settings
from asiento.runtime.yaml_files import load_yaml
from schemas.acceptance import accept_record
from schemas.acks import Ack, ack_to_json, decode_ack, encode_ack
from schemas.dead_letters import dead_letter_to_json, decode_dead_letter
from schemas.decisions import decisions_to_json, decode_decisions
from schemas.discrepancies import decode_discrepancy, discrepancy_to_json
from schemas.entries import decode_entry, encode_entry, entry_from_json, entry_to_json
from schemas.events import EventSchema, decode_event, decode_to_json, encode_event_json, parse_event_json
from schemas.foreign import adopt_schema
from schemas.framing import HEADER_BYTES, BadFrame, schema_id_of
from schemas.operator_actions import OperatorAction, decode_action, encode_action
from schemas.order_state import UnknownStateFormat, decode_state, encode_state
from schemas.output_codec import DecodeError
from schemas.refusal import Refusal
from schemas.registry import registry
from sinks.backup.errors import BackupRefused
from sinks.backup.manifest import MANIFEST, LedgerFacts, Manifest, read_manifest
from sinks.verify.kept_heads import UnreadableHeads, read_heads
from sources.platforms.connection import DEFAULT_CONNECTION, InvalidConnection, connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import normalize
from sources.platforms.outcome import Problem
from sources.platforms.shopify.adapter import ADAPTER
from sources.synthetic.day import trading_day
from streams.engine.breaker import EMPTY, Note, parse_note
from streams.engine.table import state_from_changelog
from streams.policies import load_policies
from tests.fuzz.mutators import Mutate, spoil_bytes, spoil_frame, spoil_json, spoil_yaml

ROOT: Final = Path(__file__).parents[2]
PARTITIONS: Final = 4
FOREIGN_ID: Final = 100_007


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A decoder. `decode` answers True for what it takes; what it refuses it says with False or one of `errors`."""

    name: str
    records: tuple[bytes, ...]
    mutate: Mutate
    decode: Callable[[bytes], bool]
    errors: tuple[type[Exception], ...] = ()


def _taken(answer: object) -> bool:
    return not isinstance(answer, Refusal | Problem)


@cache
def _frozen() -> Mapping[str, tuple[bytes, ...]]:
    """Framed records of every frozen schema, all fields there, by record name."""
    found: dict[str, tuple[bytes, ...]] = {}
    for line in (ROOT / "tests/contract/frozen_records.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        name = row["subject"].rpartition(".")[2]
        found[name] = (*found.get(name, ()), bytes.fromhex(row["value"]))
    return found


@cache
def _events() -> tuple[bytes, ...]:
    """A trading day's events and one of each type, framed."""
    day = [encode_event_json(arrival.event) for arrival in trading_day(7, 12).arrivals if arrival.event is not None]
    kinds = {name for name, known in registry().latest.items() if known.record.is_event}
    return (*day, *(value for name, values in _frozen().items() if name in kinds for value in values))


@cache
def _twins() -> tuple[bytes, ...]:
    return tuple(orjson.dumps(arrival.event) for arrival in trading_day(7, 12).arrivals if arrival.event is not None)


@cache
def _written() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """States and entries of the day's orders, as a worker writes them."""
    states: dict[bytes, OrderState | None] = {}
    entries: list[bytes] = []
    for value in _events():
        event = decode_event(value)
        if not isinstance(event, Refusal):
            key = event.order_key.encode()
            decision = decide(event, states.get(key), DEFAULT_POLICIES)
            states[key] = decision.state
            entries += [encode_entry(entry) for entry in decision.entries]
    return tuple(encode_state(state) for state in states.values() if state is not None), tuple(entries)


def _foreign_text() -> str:
    """A lawful other version of OrderPlaced, as a producer's registry could have it."""
    schema = json.loads(json.dumps(registry().latest["OrderPlaced"].avsc))
    schema["fields"].append({"name": "gift_note", "type": ["null", "string"], "default": None, "doc": "Text on the parcel."})
    return json.dumps(schema)


@cache
def _foreign() -> EventSchema:
    found = adopt_schema(_foreign_text(), FOREIGN_ID)
    assert isinstance(found, EventSchema), found
    return found


def _foreign_records() -> tuple[bytes, ...]:
    frame = b"\x00" + FOREIGN_ID.to_bytes(4, "big")
    own = registry().latest["OrderPlaced"].locked.id.to_bytes(4, "big")
    placed = [value for value in _events() if value[1:HEADER_BYTES] == own]
    return tuple(frame + value[HEADER_BYTES:] + note for value in placed for note in (b"\x00", b"\x02\x06abc"))


def _accepts(value: bytes) -> bool:
    event = decode_event(value)
    key = None if isinstance(event, Refusal) else event.order_key.encode()
    return any(_taken(accept_record(key=key, value=value, partition=number, partition_count=PARTITIONS)) for number in range(PARTITIONS))


@dataclass(frozen=True, slots=True)
class _Row:
    """A changelog record whose header is hostile, too."""

    value: bytes | None
    headers: tuple[tuple[str, Any], ...]
    offset: int = 1
    timestamp: int = 0
    key: bytes | None = b"k"


def _changelog(value: bytes) -> bool:
    head, _, rest = value.partition(b"|")
    parked: bytes | None = head if head != b"none" else None
    state_from_changelog(_Row(rest, (("parked", parked), ("other", b"\xff"))))
    return True


def _registry_answer(value: bytes) -> bool:
    client = RegistryClient(access_to("http://127.0.0.1:9", load_settings({})))
    client._read_schema(client._judged(200 if value[:1] != b"4" else 404, value))
    return True


def _shopify(topic: str) -> Callable[[bytes], bool]:
    context = Context(tenant="acme", source="shopify:main", connection=DEFAULT_CONNECTION)

    def judge(value: bytes) -> bool:
        return all(_taken(answer) for answer in normalize(ADAPTER, value, topic, context))

    return judge


def _file_reader(path: Path, read: Callable[[Path], object]) -> Callable[[bytes], bool]:
    """A decoder of files, given bytes."""

    def judge(value: bytes) -> bool:
        path.write_bytes(value)
        read(path)
        return True

    return judge


def _note(text: bytes) -> bool:
    return parse_note(text.decode("utf-8", "surrogatepass" if text.isascii() else "replace"), 10) != EMPTY


def _heads() -> bytes:
    stream = {"cluster_id": "c", "topic": "t", "topic_id": "i"}
    part = {"partition": 0, "length": 3, "hash": "0" * 64, "booked_to": 9}
    return orjson.dumps({"format": "asiento-ledger-heads-1", "stream": stream, "partitions": [part], "entries": 3, "seal": "0" * 64})


_CONNECTION: Final = b"""
legal_entity: ES01
channel: web
channels: {pos: till}
terms: NET
due_days: 30
default_currency: EUR
time_zone: Europe/Madrid
country: ES
region: M
locations:
  "24826418": {name: centro, legal_entity: ES02}
"""


def _manifest() -> bytes:
    ledger = LedgerFacts(version=1, entries=1, seal="0" * 64)
    manifest = Manifest(taken_at="2026-01-05T10:00:00Z", program_version="1", ledger=ledger, operational=None, topics=False, files=())
    return manifest.to_bytes()


def _ack() -> bytes:
    ack = Ack(
        entry_id="1d9a6e0c-2f5b-5a53-9f0e-5d2b1c7a4e11", ledger="l", status="POSTED", remote_id="7", document_number=None, reason=None, at=1
    )
    return encode_ack(ack)


def all_targets(directory: Path) -> tuple[Target, ...]:
    """Every decoder of the product; those of files read in this directory."""
    return (*_event_targets(), *_output_targets(), *_text_targets(directory))


def _event_targets() -> tuple[Target, ...]:
    foreign = _foreign()
    return (
        Target(name="events", records=_events(), mutate=spoil_frame, decode=lambda value: _taken(decode_event(value))),
        Target(name="events with key and partition", records=_events(), mutate=spoil_frame, decode=_accepts),
        Target(name="events to JSON", records=_events(), mutate=spoil_frame, decode=lambda value: _taken(decode_to_json(value))),
        Target(
            name="events of a foreign schema",
            records=_foreign_records(),
            mutate=spoil_bytes,
            decode=lambda value: _taken(decode_event(value, lambda _: foreign)),
        ),
        Target(name="frames", records=_events(), mutate=spoil_bytes, decode=lambda value: schema_id_of(value) >= 0, errors=(BadFrame,)),
        Target(name="JSON twins", records=_twins(), mutate=spoil_json, decode=lambda value: _taken(parse_event_json(value))),
    )


def _output_targets() -> tuple[Target, ...]:
    frozen = _frozen()

    def output(name: str, records: tuple[bytes, ...], decode: Callable[[bytes], Any], show: Callable[[Any], object]) -> Target:
        return Target(
            name=name, records=records, mutate=spoil_frame, decode=lambda value: show(decode(value)) is not None, errors=(DecodeError,)
        )

    states, entries = _written()
    rows = tuple(orjson.dumps(entry_to_json(decode_entry(value).entry)) for value in entries)
    return (
        output("entries", entries, decode_entry, lambda one: entry_to_json(one.entry)),
        output("dead letters", frozen["DeadLetter"], decode_dead_letter, dead_letter_to_json),
        output("decisions", frozen["DecisionBatch"], decode_decisions, decisions_to_json),
        output("discrepancies", frozen["Discrepancy"], decode_discrepancy, discrepancy_to_json),
        output("acks", (_ack(),), decode_ack, ack_to_json),
        output("actions", (_action(),), decode_action, lambda one: one),
        Target(
            name="entries of a ledger's rows",
            records=rows,
            mutate=spoil_json,
            decode=lambda value: bool(entry_from_json(orjson.loads(value))),
            errors=(DecodeError, orjson.JSONDecodeError),
        ),
        Target(
            name="order states",
            records=states,
            mutate=spoil_json,
            decode=lambda value: bool(decode_state(value)),
            errors=(UnknownStateFormat,),
        ),
        Target(
            name="changelog records",
            records=(b"3|{}", b"none|{}", b"12345678901234567890|x", b"-1|"),
            mutate=spoil_bytes,
            decode=_changelog,
            errors=(ValueError,),
        ),
    )


def _text_targets(directory: Path) -> tuple[Target, ...]:
    life = ROOT / "tests/contract/shopify_life"
    topics = ("orders/create", "order_transactions/create", "fulfillments/create", "refunds/create")
    payloads = {topic: tuple(path.read_bytes() for path in sorted(life.glob(f"*{topic.replace('/', '-')}.json"))) for topic in topics}
    schema_text = _foreign_text().encode()
    policy = (ROOT / "docs/policy.example.yaml").read_bytes()
    note = Note(run="0123456789abcdef", deaths=1, until=90).text.encode()
    answers = (orjson.dumps({"schema": _foreign_text()}), orjson.dumps({"schema": "{}", "schemaType": "AVRO", "references": []}))
    return (
        *(Target(name=f"Shopify {topic}", records=payloads[topic], mutate=spoil_json, decode=_shopify(topic)) for topic in topics),
        Target(
            name="schemas of a registry",
            records=(schema_text, *(json.dumps(known.avsc).encode() for known in registry().latest.values())),
            mutate=spoil_json,
            decode=lambda value: _taken(adopt_schema(value.decode("utf-8", "replace"), FOREIGN_ID)),
        ),
        Target(name="answers of a registry", records=answers, mutate=spoil_json, decode=_registry_answer, errors=(RegistryError,)),
        Target(
            name="policy files",
            records=(policy,),
            mutate=spoil_yaml,
            decode=_file_reader(directory / "policy.yaml", load_policies),
            errors=(SettingsError,),
        ),
        Target(
            name="connection files",
            records=(_CONNECTION,),
            mutate=spoil_yaml,
            decode=_file_reader(directory / "connection.yaml", lambda path: connection_from_mapping(load_yaml(path))),
            errors=(SettingsError, InvalidConnection),
        ),
        Target(name="notes of the breaker", records=(note,), mutate=spoil_json, decode=_note),
        Target(
            name="kept heads",
            records=(_heads(),),
            mutate=spoil_json,
            decode=_file_reader(directory / "heads.json", read_heads),
            errors=(UnreadableHeads,),
        ),
        Target(
            name="backup manifests",
            records=(_manifest(),),
            mutate=spoil_json,
            decode=_file_reader(directory / MANIFEST, lambda path: read_manifest(path.parent)),
            errors=(BackupRefused,),
        ),
    )


def _action() -> bytes:
    return encode_action(
        OperatorAction(kind="PROPOSE", subject_kind="EVENT", subject="s", order_key="a:b:c:d", actor="ana", reason="why", at=1, event="{}")
    )


def planted_targets() -> tuple[Target, ...]:
    """Decoders with one fault each, so that the harness can be seen to find it."""

    def hangs(_: bytes) -> bool:
        until = time.process_time() + 1.5
        while time.process_time() < until:
            pass
        return True

    def hoards(_: bytes) -> bool:
        return len(b"x" * (100 * 1024 * 1024)) > 0

    def crashes(_: bytes) -> bool:
        import ctypes

        ctypes.string_at(0)
        return True

    def raises(value: bytes) -> bool:
        return bool(value[10**9])

    faults = {"hang": hangs, "allocation": hoards, "crash": crashes, "unclassified": raises}
    return tuple(Target(name=fault, records=(b"abc",), mutate=spoil_bytes, decode=decode) for fault, decode in faults.items())
