"""`asiento dlq`: every refused record is listed, explained, and mended or sent again."""

from pathlib import Path

import orjson
import pytest

from asiento.cli.exits import Unreachable
from schemas.event_messages import message_from_json
from schemas.events import encode_event_json
from schemas.framing import frame_header
from tests.unit.desk.offline_desk import OfflineDesk, simulated
from tests.unit.schemas import examples

PLACED, CAPTURED = examples.placed(), examples.captured(event_id=examples.OTHER_ID)
WHY = ("--reason", "the shop agreed", "--by", "ana")


def test_the_list_counts_by_reason_and_filters(desk: OfflineDesk) -> None:
    first, second = desk.refuse(b"junk"), desk.refuse(b"", key=b"acme:amazon:eu:7")
    found = desk.json("dlq", "list")
    assert found["counts"] == {"bad_magic": 1, "empty_value": 1}
    assert {item["subject"] for item in found["items"]} == {first, second}
    assert [item["subject"] for item in desk.json("dlq", "list", "--reason", "empty_value")["items"]] == [second]
    assert [item["subject"] for item in desk.json("dlq", "list", "--source", "amazon:eu")["items"]] == [second]
    assert [item["subject"] for item in desk.json("dlq", "list", "--order", "acme:shopify:main:1001")["items"]] == [first]
    assert desk.json("dlq", "list", "--younger-than", "1h")["items"] == []
    assert len(desk.json("dlq", "list", "--older-than", "1h")["items"]) == 2
    assert "bad_magic" in desk.text("dlq", "list")


def test_pages_join_without_gap(desk: OfflineDesk) -> None:
    wanted = {desk.refuse(b"junk", partition=number % 3) for number in range(7)}
    seen: list[str] = []
    place: tuple[str, ...] = ()
    while True:
        page = desk.json("dlq", "list", "--limit", "3", *place)
        seen += [item["subject"] for item in page["items"]]
        if page["next"] is None:
            break
        place = ("--after", page["next"])
    assert sorted(seen) == sorted(wanted)


def test_a_broken_event_shows_the_fields_that_can_be_read(desk: OfflineDesk) -> None:
    value = encode_event_json(PLACED)
    subject = desk.refuse(value[:-12])
    page = desk.json("dlq", "show", subject)
    assert page["framing"]["record"] == "OrderPlaced"
    assert page["event"]["event_id"] == PLACED["event_id"]
    assert page["event"]["lines"][0]["gross"] == 1000
    assert page["problems"][-1]["problem"]
    assert page["now"]["outcome"] == "dead_letter"
    assert page["mend"] == "Check the producer's serializer and schema id."
    text = desk.text("dlq", "show", subject, "--lang", "es")
    assert "Qué hacer: Revise el serializador" in text
    assert "event_id: 1d9a6e0c" in text
    assert "ahora sería: registro inservible undecodable: Los bytes no son" in text


def test_json_on_the_topic_is_shown_as_json_and_mended_as_it_is(desk: OfflineDesk) -> None:
    subject = desk.refuse(orjson.dumps(PLACED))
    assert desk.json("dlq", "show", subject)["event"]["order_id"] == "1001"
    assert desk.json("dlq", "fix", subject, *WHY)["changes"] == []
    assert desk.json("dlq", "list")["items"] == []


def test_an_unknown_schema_id_is_named(desk: OfflineDesk) -> None:
    subject = desk.refuse(frame_header(999_999) + b"abc")
    page = desk.json("dlq", "show", subject)
    assert (page["reason"], page["framing"]) == ("unknown_schema_id", {"schema_id": 999_999, "record": None, "version": None})
    assert page["dump"] == ["000000  00 00 0f 42 3f 61 62 63                          ...B?abc"]


def test_a_mended_event_is_predicted_sent_and_booked(desk: OfflineDesk) -> None:
    desk.arrive(PLACED)
    broken = encode_event_json(CAPTURED)[:40]
    subject = desk.refuse(broken)
    dry = desk.json("dlq", "fix", subject, "--event", "-", "--dry-run", *WHY, stdin=orjson.dumps(CAPTURED))
    assert dry["prediction"]["outcome"] == "posted"
    assert [leg["account"] for entry in dry["prediction"]["entries"] for leg in entry["postings"]] == [
        "psp_clearing:stripe",
        "contract_liability",
    ]
    assert desk.sent == []
    done = desk.json("dlq", "fix", subject, "--event", "-", *WHY, stdin=orjson.dumps(CAPTURED))
    assert done["action"]["kind"] == "REPLAY"
    assert done["action"]["sent_event_id"] == CAPTURED["event_id"]
    assert desk.books() == simulated([PLACED, CAPTURED])
    assert desk.json("dlq", "list")["items"] == []
    assert desk.json("dlq", "list", "--state", "resolved")["items"][0]["replays"] == 1
    sent = desk.sent[0].events[0]
    assert ("asiento-replay", subject.encode()) in sent.headers
    assert sent.key == b"acme:shopify:main:1001"


def test_only_what_changes_is_shown(desk: OfflineDesk) -> None:
    desk.arrive(PLACED)
    subject = desk.refuse(encode_event_json(CAPTURED), key=b"somebody:else")
    done = desk.json("dlq", "fix", subject, "--set", "amount=1209", "--dry-run", *WHY)
    assert done["changes"] == [{"path": "amount", "before": 1210, "after": 1209}]
    text = desk.text("dlq", "fix", subject, "--set", "amount=1209", "--dry-run", *WHY)
    assert "amount: 1210 -> 1209" in text
    assert "DEBIT psp_clearing:stripe 12.09 EUR" in text


def test_a_mended_event_that_still_breaks_the_contract_is_refused(desk: OfflineDesk) -> None:
    subject = desk.refuse(encode_event_json(CAPTURED)[:-3])
    assert "amount" in desk.refusal("dlq", "fix", subject, "--set", "amount=-1", *WHY)
    assert "path=value" in desk.refusal("dlq", "fix", subject, "--set", "amount", *WHY)
    assert "no lines there" in desk.refusal("dlq", "fix", subject, "--set", "lines[4].gross=1", *WHY)
    assert desk.sent == []


def test_an_event_that_the_core_would_refuse_goes_only_anyway(desk: OfflineDesk) -> None:
    desk.arrive(PLACED)
    subject = desk.refuse(encode_event_json(CAPTURED), key=b"no key of an order")
    assert "rejected D24" in desk.refusal("dlq", "fix", subject, "--set", "currency=USD", *WHY)
    assert desk.sent == []
    desk.json("dlq", "fix", subject, "--set", "currency=USD", "--anyway", *WHY)
    assert len(desk.sent) == 1


def test_an_event_that_is_there_already_is_not_sent_again(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, CAPTURED)
    subject = desk.refuse(encode_event_json(CAPTURED), key=b"wrong")
    assert "duplicate" in desk.refusal("dlq", "fix", subject, "--set", "received_at=2026-01-06T00:00:00Z", *WHY)
    desk.json("dlq", "resolve", subject, *WHY)
    assert desk.json("dlq", "list")["items"] == []
    desk.json("dlq", "reopen", subject, *WHY)
    assert len(desk.json("dlq", "list")["items"]) == 1


def test_an_event_whose_id_is_lost_gets_the_same_one_every_time(desk: OfflineDesk) -> None:
    desk.arrive(PLACED)
    subject = desk.refuse(b"junk")
    whole = {name: value for name, value in CAPTURED.items() if name != "event_id"}
    ids = {desk.json("dlq", "fix", subject, "--event", "-", "--dry-run", *WHY, stdin=orjson.dumps(whole))["event_id"] for _ in range(2)}
    assert len(ids) == 1


def test_a_strayed_record_is_replayed_to_its_partition_once(desk: OfflineDesk) -> None:
    desk.arrive(PLACED)
    right = message_from_json(CAPTURED).partition(3)
    subject = desk.refuse(
        encode_event_json(CAPTURED),
        partition=(right + 1) % 3,
        headers=(("traceparent", b"1"), ("x-api-key", b"k"), ("asiento-replay", b"older")),
    )
    dry = desk.json("dlq", "replay", subject, "--dry-run", *WHY)
    assert dry["items"][0]["prediction"]["outcome"] == "posted"
    assert (dry["items"][0]["partition"], desk.sent) == (right, [])
    assert desk.json("dlq", "replay", subject, *WHY)["sent"] == 1
    assert desk.sent[0].events[0].headers == (("traceparent", b"1"), ("asiento-replay", subject.encode()))
    assert desk.sent[0].events[0].value == encode_event_json(CAPTURED)
    assert desk.books() == simulated([PLACED, CAPTURED])
    second = desk.json("dlq", "replay", subject, *WHY)
    assert (second["sent"], second["items"][0]["hindrance"]) == (0, "it was sent again already (--again sends it once more)")
    assert desk.json("dlq", "replay", subject, "--again", *WHY)["sent"] == 1
    assert desk.books() == simulated([PLACED, CAPTURED])


def test_a_bulk_replay_predicts_one_order_record_by_record(desk: OfflineDesk) -> None:
    right = message_from_json(PLACED).partition(3)
    astray = (right + 1) % 3
    for event in (PLACED, CAPTURED):
        desk.refuse(encode_event_json(event), partition=astray)
    dry = desk.json("dlq", "replay", "--refused-as", "wrong_partition", "--dry-run", *WHY)
    assert [item["prediction"]["outcome"] for item in dry["items"]] == ["posted", "posted"]
    assert desk.json("dlq", "replay", "--refused-as", "wrong_partition", "--limit", "1", *WHY)["sent"] == 1
    assert desk.json("dlq", "replay", "--refused-as", "wrong_partition", *WHY)["sent"] == 1
    assert desk.books() == simulated([PLACED, CAPTURED])


def test_what_would_be_refused_again_is_not_replayed(desk: OfflineDesk) -> None:
    bad, keyless = desk.refuse(b"junk"), desk.refuse(encode_event_json(PLACED), key=None)
    result = desk.run("dlq", "replay", bad, keyless, "--json", *WHY)
    assert getattr(result.exception, "exit_code", None) == 1
    items = orjson.loads(result.stdout)["items"]
    assert "dead_letter bad_magic" in items[0]["hindrance"]
    assert items[1]["hindrance"]
    assert desk.sent == []


def test_bytes_that_retention_took_are_said_to_be_gone(desk: OfflineDesk) -> None:
    subject = desk.refuse(b"junk")
    desk.gone = {(record.partition, record.offset) for record in desk.stream.records("orders.dlq.v1")}
    page = desk.json("dlq", "show", subject)
    assert (page["bytes_there"], page["reason"], page["event"]) == (False, "bad_magic", None)
    assert "gone" in desk.text("dlq", "show", subject)
    assert "gone" in desk.refusal("dlq", "fix", subject, "--set", "a=1", *WHY)
    assert desk.json("dlq", "fix", subject, "--event", "-", *WHY, stdin=orjson.dumps(PLACED))["action"]["kind"] == "REPLAY"


def test_a_subject_that_is_none_is_refused(desk: OfflineDesk) -> None:
    for command in (("show",), ("fix", "--set", "a=1", *WHY), ("replay", *WHY), ("resolve", *WHY)):
        assert "topic/partition/offset" in desk.refusal("dlq", command[0], "nothing", *command[1:])


def test_assigned_to_somebody(desk: OfflineDesk) -> None:
    subject = desk.refuse(b"junk")
    desk.run("dlq", "assign", subject, "--to", "eva", *WHY)
    assert [item["subject"] for item in desk.json("dlq", "list", "--assignee", "eva")["items"]] == [subject]
    assert "ana assigned eva: the shop agreed" in desk.text("dlq", "show", subject)
    action = desk.actions()[0]
    assert (action.actor, action.order_key, action.subject_kind) == ("ana", "acme:shopify:main:1001", "DEAD_LETTER")


@pytest.mark.parametrize("words", [("--reason", " "), ("--reason", "x" * 1001), ("--reason", "card 4111 1111 1111 1111")])
def test_a_reason_that_says_nothing_or_too_much_is_refused(desk: OfflineDesk, words: tuple[str, str]) -> None:
    subject = desk.refuse(b"junk")
    assert "--reason" in desk.refusal("dlq", "resolve", subject, *words)


def test_without_a_database_the_projector_is_named(desk: OfflineDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_OPERATIONAL_URL", f"sqlite:///{tmp_path / 'none.sqlite'}")
    result = desk.run("dlq", "list")
    assert isinstance(result.exception, Unreachable)
    assert "asiento sinks run projector" in str(result.exception)


def test_a_projector_that_is_behind_keeps_the_desk_from_deciding(desk: OfflineDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.desk.desk.CATCH_UP_SECONDS_MAX", 0.0)
    subject = desk.refuse(b"junk")
    desk.projects = False
    desk.run("dlq", "assign", subject, "--to", "eva", *WHY)
    result = desk.run("dlq", "resolve", subject, *WHY)
    assert isinstance(result.exception, Unreachable)
    assert len(desk.sent) == 1
