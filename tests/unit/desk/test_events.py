"""`asiento events list|show|fix|replay|...`: what waits, was rejected or contradicts, and how it is put right."""

import orjson

from tests.unit.desk.offline_desk import OfflineDesk, of_another, simulated
from tests.unit.schemas import examples

PLACED, CAPTURED = examples.placed(), examples.captured(event_id=examples.OTHER_ID)
IN_DOLLARS = {**CAPTURED, "currency": "USD"}
SHIPPED = examples.shipped(event_id="00000000-0000-5000-8000-000000000001")
WHY = ("--reason", "the shop agreed", "--by", "ana")
ID = examples.OTHER_ID


def sent_events(desk: OfflineDesk) -> list[dict[str, object]]:
    from schemas.events import decode_to_json

    found = [decode_to_json(event.value) for bundle in desk.sent for event in bundle.events]
    assert all(isinstance(one, dict) for one in found)
    return found  # type: ignore[return-value]


def test_a_rejected_event_is_listed_explained_and_sent_again_mended(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, IN_DOLLARS)
    listed = desk.json("events", "list")
    assert [(one["event_id"], one["outcome"], one["code"], one["state"]) for one in listed["items"]] == [(ID, "rejected", "D24", "open")]
    assert listed["counts"] == {"deferred": {}, "rejected": {"D24": 1}}
    page = desk.json("events", "show", ID)
    assert "USD" in page["message"]["happened"]
    assert [one["outcome"] for one in page["order_events"]] == ["posted", "rejected"]
    done = desk.json("events", "fix", ID, "--set", "currency=EUR", *WHY)
    assert (done["way"], done["event_id"], done["changes"]) == (
        "same_ids",
        ID,
        [{"path": "currency", "before": "USD", "after": "EUR"}],
    )
    assert desk.books() == simulated([PLACED, CAPTURED])
    assert desk.json("events", "list")["items"] == []
    assert desk.json("discrepancies", "list")["items"] == []
    assert "ana sent again or mended" in desk.text("events", "show", ID)


def test_the_same_in_spanish(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, IN_DOLLARS)
    text = desk.text("events", "show", ID, "--lang", "es")
    assert "resultado: rechazado D24" in text
    assert "Qué hacer:" in text
    assert "Eventos sin resolver" in desk.text("events", "list", "--lang", "es")


def test_a_rejected_event_is_replayed_only_where_it_would_fare_better(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, IN_DOLLARS)
    assert "rejected D24" in desk.refusal("events", "replay", ID, *WHY)
    assert desk.sent == []
    assert desk.json("events", "replay", ID, "--dry-run", *WHY)["prediction"]["outcome"] == "rejected"
    desk.json("events", "replay", ID, "--anyway", *WHY)
    assert sent_events(desk) == [IN_DOLLARS]
    assert [item["event_id"] for item in desk.json("events", "list")["items"]] == [ID]  # it was rejected once more, and stays open
    assert [action.kind for action in desk.actions()] == ["REPLAY", "REOPEN"]


def test_a_waiting_event_is_assigned_but_not_closed(desk: OfflineDesk) -> None:
    desk.arrive(SHIPPED)
    (item,) = desk.json("events", "list", "--outcome", "deferred", "--code", "D27")["items"]
    assert item["type"] == "ShipmentDispatched"
    page = desk.json("events", "show", item["event_id"])
    assert page["message"]["happened"] == "The order of the shipment has not arrived. It waits."
    assert "closes itself" in desk.refusal("events", "resolve", item["event_id"], *WHY)
    desk.run("events", "assign", item["event_id"], "--to", "eva", *WHY)
    assert desk.json("events", "list", "--assignee", "eva")["items"][0]["assignee"] == "eva"
    desk.arrive(PLACED)
    assert desk.json("events", "list")["items"] == []


def test_beside_a_waiting_event_goes_one_with_ids_of_its_own(desk: OfflineDesk) -> None:
    too_many = examples.shipped(event_id=SHIPPED["event_id"], lines=[{"line_id": "L1", "quantity": "9"}])
    desk.arrive(PLACED, too_many)
    assert "conflict D22" in desk.refusal("events", "fix", SHIPPED["event_id"], "--set", "lines[0].quantity=1", *WHY)
    words = ("--set", "lines[0].quantity=1", "--set", "shipment_id=s1-b")
    done = desk.json("events", "fix", SHIPPED["event_id"], *words, *WHY)
    assert (done["way"], done["prediction"]["outcome"]) == ("own_ids", "posted")
    assert done["event_id"] != SHIPPED["event_id"]
    assert [one["event_id"] for one in desk.json("events", "list")["items"]] == [SHIPPED["event_id"]]
    assert desk.books() == simulated([PLACED, too_many, *sent_events(desk)])


def test_a_posted_event_is_corrected(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, CAPTURED)
    text = desk.text("events", "fix", ID, "--set", "amount=1000", "--dry-run", *WHY)
    assert "as a correction of the event that was posted: EventCorrected" in text
    assert "Nothing was sent" in text
    done = desk.json("events", "fix", ID, "--set", "amount=1000", *WHY)
    assert (done["way"], done["type"], done["prediction"]["outcome"]) == ("correction", "EventCorrected", "posted")
    assert desk.books()["EUR"]["psp_clearing:stripe"] == 1000
    assert desk.books() == simulated([PLACED, CAPTURED, *sent_events(desk)])
    again = desk.refusal("events", "fix", ID, "--set", "amount=900", *WHY)
    assert "conflict" in again or "rejected" in again


def test_a_posted_event_is_taken_back(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, CAPTURED)
    desk.json("events", "fix", ID, "--void", *WHY)
    assert desk.books()["EUR"]["psp_clearing:stripe"] == 0


def test_what_cannot_be_corrected_is_told_how_it_is_mended(desk: OfflineDesk) -> None:
    desk.arrive(PLACED)
    assert "RefundIssued" in desk.refusal("events", "fix", PLACED["event_id"], "--set", "total=1", *WHY)
    assert "say how it is right" in desk.refusal("events", "fix", PLACED["event_id"], *WHY)


def test_one_that_contradicts_under_the_same_id_replaces_the_first(desk: OfflineDesk) -> None:
    other = {**CAPTURED, "amount": 1000}
    desk.arrive(PLACED, CAPTURED, other)
    (item,) = desk.json("events", "list", "--outcome", "conflict")["items"]
    assert (item["event_id"], item["code"]) == (ID, "D21")
    for language, word in (("en", "other content"), ("es", "otro contenido")):
        message = desk.json("events", "show", ID, "--lang", language)["message"]
        assert word in f"{message['title']} {message['happened']}"
    done = desk.json("events", "fix", ID, *WHY)
    assert done["prediction"]["outcome"] == "posted"
    assert sent_events(desk)[0]["supersedes_event_id"] == ID
    assert desk.books()["EUR"]["psp_clearing:stripe"] == 1000
    assert desk.json("events", "list", "--outcome", "conflict")["items"] == []


def test_one_that_contradicts_under_another_id_replaces_the_first(desk: OfflineDesk) -> None:
    other = of_another(CAPTURED, event_id="00000000-0000-5000-8000-000000000009", amount=1000)
    desk.arrive(PLACED, CAPTURED, other)
    desk.json("events", "fix", other["event_id"], *WHY)
    assert sent_events(desk)[0]["supersedes_event_id"] == ID
    assert desk.books()["EUR"]["psp_clearing:stripe"] == 1000


def test_resolved_and_reopened(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, IN_DOLLARS)
    assert "is open" in desk.refusal("events", "reopen", ID, *WHY)
    assert f"resolve event {ID}: sent" in desk.run("events", "resolve", ID, *WHY).stderr
    assert desk.json("discrepancies", "list")["items"] == []
    assert desk.json("events", "list")["items"] == []
    assert desk.json("events", "list", "--state", "resolved")["items"][0]["event_id"] == ID
    assert "resolved already" in desk.refusal("events", "resolve", ID, *WHY)
    desk.run("events", "reopen", ID, *WHY)
    assert desk.json("events", "list")["items"][0]["event_id"] == ID
    (item,) = desk.json("discrepancies", "list")["items"]
    desk.run("discrepancies", "resolve", item["discrepancy_id"], *WHY)
    assert desk.json("events", "list")["items"] == []


def test_a_contradiction_is_closed_with_what_replaces_the_first(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, CAPTURED, {**CAPTURED, "amount": 1000})
    assert [one["code"] for one in desk.json("discrepancies", "list")["items"]] == ["D21"]
    desk.json("events", "fix", ID, *WHY)
    assert desk.json("discrepancies", "list")["items"] == []


def test_filters(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, IN_DOLLARS, examples.shipped(order_id="77", event_id=SHIPPED["event_id"]))
    assert {one["outcome"] for one in desk.json("events", "list")["items"]} == {"rejected", "deferred"}
    assert [one["order_key"] for one in desk.json("events", "list", "--order", "acme:shopify:main:77")["items"]] == ["acme:shopify:main:77"]
    assert desk.json("events", "list", "--source", "amazon:eu")["items"] == []
    assert desk.json("events", "list", "--younger-than", "1d")["items"] == []
    assert len(desk.json("events", "list", "--older-than", "1d")["items"]) == 2
    assert "36h" in desk.refusal("events", "list", "--older-than", "soon")
    assert "no event" in desk.refusal("events", "show", "00000000-0000-5000-8000-00000000000f")


def test_a_mended_event_must_stay_in_its_order(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, IN_DOLLARS)
    elsewhere = orjson.dumps({**CAPTURED, "order_id": "2"})
    result = desk.run("events", "fix", ID, "--event", "-", *WHY, stdin=elsewhere)
    assert "order acme:shopify:main:2" in str(result.exception)


def test_a_copy_that_strayed_does_not_stand_for_the_event(desk: OfflineDesk) -> None:
    from schemas.event_messages import message_from_json

    message = message_from_json(IN_DOLLARS)
    right = message.partition(3)
    desk.arrive(PLACED)
    desk.arrive(message, partition=(right + 1) % 3)
    assert "asiento dlq list --order acme:shopify:main:1001" in desk.refusal("events", "show", ID)
    desk.arrive(IN_DOLLARS)
    desk.arrive(message, partition=(right + 2) % 3)
    page = desk.json("events", "show", ID)
    assert (page["outcome"], [one["outcome"] for one in page["records"]]) == ("rejected", ["rejected"])
    assert desk.json("events", "fix", ID, "--set", "currency=EUR", *WHY)["prediction"]["outcome"] == "posted"
