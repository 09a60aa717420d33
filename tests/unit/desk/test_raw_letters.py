"""`asiento dlq` and raw payloads: shown without their content, judged anew after the cause is mended."""

from pathlib import Path

import orjson
import pytest

from asiento.cli.exits import UsageError
from schemas.partitioning import partition_for
from tests.kiosk_source import SAID_BY_CUSTOMER, kiosk_record, write_mapper
from tests.unit.desk.offline_desk import PARTITIONS, OfflineDesk
from tests.unit.schemas import examples
from tests.unit.streams.offline_engine import Record

WHY = ("--reason", "the mapper was mended", "--by", "ana")


@pytest.fixture
def mappers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of mappers of desk and normalizer; the kiosk's does not know the state that its payloads have."""
    directory = tmp_path / "mappers"
    write_mapper(directory, knows_pickup=False)
    monkeypatch.setenv("ASIENTO_MAPPERS", str(directory))
    return directory


def test_a_refused_payload_is_shown_without_its_content(desk: OfflineDesk, mappers: Path) -> None:
    key, value = kiosk_record()
    subject = desk.take_raw(key, value, headers=(("traceparent", b"00-1"), ("authorization", b"Bearer canary")))
    page = desk.json("dlq", "show", subject, "--bytes", "4096")
    assert page["raw"] == {
        "tenant": "acme",
        "source": "kiosk:main",
        "resource": "K-17",
        "topic": "orders",
        "origin": "WEBHOOK",
        "signature": "VERIFIED",
        "content_type": "application/json",
        "received_at": "2026-03-01T12:00:00Z",
        "body_bytes": page["raw"]["body_bytes"],
    }
    assert 300 < page["raw"]["body_bytes"] < len(value)
    assert (page["event"], page["json"], page["dump"], page["framing"], page["now"]) == (None, None, [], None, None)
    assert page["raw_now"]["outcome"] == "refused"
    assert (page["raw_now"]["code"], page["raw_now"]["pointer"]) == ("reject_malformed", "/state")
    assert page["detail"].startswith("/state: ")
    for said in (orjson.dumps(page).decode(), desk.text("dlq", "show", subject), desk.text("dlq", "list")):
        assert not [word for word in SAID_BY_CUSTOMER.split() if word in said and len(word) > 4]
        assert "canary" not in said
    text = desk.text("dlq", "show", subject, "--lang", "es")
    assert "Contenido recibido: kiosk:main orders" in text
    assert "rechazado de nuevo reject_malformed" in text


def test_what_would_be_refused_again_stays(desk: OfflineDesk, mappers: Path) -> None:
    subject = desk.take_raw(*kiosk_record())
    result = desk.run("dlq", "replay", subject, "--json", *WHY)
    assert getattr(result.exception, "exit_code", None) == 1
    (item,) = orjson.loads(result.stdout)["items"]
    assert "ASIENTO_MAPPERS" in item["hindrance"]
    assert desk.sent == []
    assert desk.json("dlq", "replay", subject, "--anyway", *WHY)["sent"] == 1
    assert len(desk.raw) == 2


def test_after_the_mapper_is_mended_the_payload_is_told_once(desk: OfflineDesk, mappers: Path) -> None:
    key, value = kiosk_record()
    subject = desk.take_raw(key, value, headers=(("traceparent", b"00-1"), ("authorization", b"Bearer canary")))
    write_mapper(mappers, knows_pickup=True)
    dry = desk.json("dlq", "replay", subject, "--dry-run", *WHY)
    assert dry["items"][0]["raw"]["outcome"] == "events"
    assert [one["business_key"] for one in dry["items"][0]["raw"]["events"]] == ["order", "capture:p1"]
    assert desk.sent == []
    assert desk.json("dlq", "replay", subject, *WHY)["sent"] == 1
    (record,) = desk.sent[0].raw
    assert (record.key, record.value, desk.sent[0].events) == (key, value, ())
    assert record.headers == (
        ("traceparent", b"00-1"),
        ("asiento-replay", subject.encode()),
    )
    (action,) = desk.actions()
    assert (action.kind, action.subject, action.actor, action.sent_event_id) == ("REPLAY", subject, "ana", None)
    assert desk.json("dlq", "list")["items"] == []
    assert desk.books() == {"EUR": {"contract_liability": -3325, "psp_clearing:acme_pay": 3325}}
    assert desk.json("dlq", "replay", subject, *WHY)["sent"] == 0
    assert desk.json("dlq", "replay", subject, "--again", *WHY)["sent"] == 1
    assert desk.books() == {"EUR": {"contract_liability": -3325, "psp_clearing:acme_pay": 3325}}


def test_all_of_one_source_go_together_and_strays_find_their_partition(desk: OfflineDesk, mappers: Path) -> None:
    key, value = kiosk_record("K-18")
    for number in ("K-17", "K-19"):
        desk.take_raw(*kiosk_record(number))
    desk.take_raw(b"acme:elsewhere:main:1", value)
    desk.refuse(b"junk")
    write_mapper(mappers, knows_pickup=True)
    assert desk.json("dlq", "replay", "--refused-as", "reject_malformed", "--source", "elsewhere:main", *WHY)["sent"] == 0
    assert desk.json("dlq", "replay", "--refused-as", "reject_malformed", "--source", "kiosk:main", *WHY)["sent"] == 2
    result = desk.run("dlq", "replay", "--source", "kiosk:main", "a/1/2", *WHY)
    assert isinstance(result.exception, UsageError)
    right = partition_for(key, PARTITIONS)
    astray = desk.take_raw(key, value, partition=(right + 1) % PARTITIONS)
    assert desk.json("dlq", "show", astray)["reason"] == "wrong_partition"
    assert desk.json("dlq", "replay", astray, *WHY)["items"][0]["partition"] == right
    assert {item["source"] for item in desk.json("dlq", "list")["items"]} == {"elsewhere:main", "shopify:main"}


@pytest.mark.parametrize(
    ("key", "reason", "mend"),
    [(b"Jane Canary", "wrong_key", "let the source send it again"), (b"acme:nowhere:main:1", "unknown_platform", "ASIENTO_MAPPERS")],
)
def test_what_no_replay_mends_says_what_does(desk: OfflineDesk, mappers: Path, key: bytes, reason: str, mend: str) -> None:
    subject = desk.take_raw(key, kiosk_record()[1])
    page = desk.json("dlq", "show", subject)
    assert (page["reason"], page["raw_now"]["code"]) == (reason, reason)
    assert page["key"] == (None if reason == "wrong_key" else "acme:nowhere:main:1")
    result = desk.run("dlq", "replay", subject, "--json", *WHY)
    assert mend in orjson.loads(result.stdout)["items"][0]["hindrance"]


def test_bytes_that_are_no_raw_record_are_refused_again(desk: OfflineDesk, mappers: Path) -> None:
    subject = desk.take_raw(b"acme:kiosk:main:1", b"Jane Canary")
    page = desk.json("dlq", "show", subject, "--bytes", "100")
    assert (page["dump"], page["raw"]["body_bytes"], page["raw_now"]["code"]) == ([], None, "undecodable")
    assert "Canary" not in desk.text("dlq", "show", subject)


def test_a_connections_file_that_is_wrong_hides_the_outlook_only(
    desk: OfflineDesk, mappers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = desk.take_raw(*kiosk_record())
    monkeypatch.setenv("ASIENTO_CONNECTIONS", str(tmp_path / "none.yaml"))
    assert desk.json("dlq", "show", subject)["raw_now"] is None
    result = desk.run("dlq", "replay", subject, *WHY)
    assert "none.yaml" in str(result.exception)


def test_the_right_event_can_be_sent_by_hand_for_a_payload(desk: OfflineDesk, mappers: Path) -> None:
    subject = desk.take_raw(*kiosk_record())
    assert "it is no event; give the whole event with --event FILE" in desk.refusal("dlq", "fix", subject, "--set", "a=1", *WHY)
    stated = orjson.dumps(examples.placed())
    assert desk.json("dlq", "fix", subject, "--event", "-", *WHY, stdin=stated)["action"]["kind"] == "REPLAY"
    assert desk.json("dlq", "list")["items"] == []


def test_a_payload_that_retention_took_is_not_replayed(desk: OfflineDesk, mappers: Path) -> None:
    key, value = kiosk_record()
    taken, other = desk.take_raw(key, value), desk.take_raw(b"Jane Canary", value)
    del desk.raw[desk_place(taken)]
    page = desk.json("dlq", "show", taken)
    assert (page["bytes_there"], page["raw"], page["raw_now"], page["order_key"]) == (False, None, None, "acme:kiosk:main:K-17")
    result = desk.run("dlq", "replay", taken, "--json", *WHY)
    assert "retention took its bytes" in orjson.loads(result.stdout)["items"][0]["hindrance"]
    assert desk.json("dlq", "show", other)["bytes_there"]


def test_another_record_at_the_place_of_a_refused_one_is_not_taken_for_it(desk: OfflineDesk, mappers: Path) -> None:
    subject = desk.take_raw(*kiosk_record())
    desk.raw[desk_place(subject)] = Record(0, *kiosk_record("K-18"))
    assert not desk.json("dlq", "show", subject)["bytes_there"]


def desk_place(subject: str) -> tuple[int, int]:
    """Partition and offset of a subject."""
    _, partition, offset = subject.split("/")
    return int(partition), int(offset)
