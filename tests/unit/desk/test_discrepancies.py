"""`asiento discrepancies`: seen with both sides, resolved by a word, by money, by two persons."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.discrepancies import encode_discrepancy
from schemas.events import decode_to_json
from schemas.operator_actions import OperatorAction
from schemas.partitioning import partition_for
from schemas.topics import ACCOUNTING_DISCREPANCIES
from sinks.posting.discrepancies import ledger_discrepancy
from tests.projected_stream import STARTED_AT
from tests.unit.desk.offline_desk import PARTITIONS, OfflineDesk, simulated
from tests.unit.schemas import examples

PLACED = examples.placed()
OVERPAID = examples.captured(event_id=examples.OTHER_ID, amount=201_210)
SHIPPED = examples.shipped(event_id="00000000-0000-5000-8000-000000000001", lines=[{"line_id": "L1", "quantity": "2.5"}])
UNPAID = {
    **examples.ENVELOPE,
    "event_id": "00000000-0000-5000-8000-000000000002",
    "type": "DeadlinePassed",
    "business_key": "deadline:unpaid",
    "kind": "UNPAID",
    "due_at": "2026-02-05T00:00:00Z",
}
ANA, BOB = ("--reason", "agreed with the bank", "--by", "ana"), ("--reason", "seen the statement", "--by", "bob")
FEE = ("--post", "DEBIT:psp_fees:500", "--post", "CREDIT:psp_clearing:stripe:500")
MUCH = ("--post", "DEBIT:psp_fees:150000", "--post", "CREDIT:psp_clearing:stripe:150000")


@pytest.fixture
def overpaid(desk: OfflineDesk) -> str:
    """An order paid too much: D08; answers the discrepancy_id."""
    desk.arrive(PLACED, OVERPAID)
    (item,) = desk.json("discrepancies", "list")["items"]
    assert item["code"] == "D08"
    return str(item["discrepancy_id"])


def sent_events(desk: OfflineDesk) -> list[dict[str, Any]]:
    return [found for bundle in desk.sent for event in bundle.events if isinstance(found := decode_to_json(event.value), dict)]


def test_the_list_says_each_in_one_sentence(desk: OfflineDesk, overpaid: str) -> None:
    found = desk.json("discrepancies", "list")
    assert (found["counts"], found["proposals"]) == ({"D08": 1}, 0)
    (item,) = found["items"]
    assert (item["severity"], item["order_key"], item["state"], item["assignee"]) == ("high", "acme:shopify:main:1001", "open", None)
    assert item["residual"] == item["actual"] - item["expected"] == 200_000
    assert "Runbook: docs/runbooks/discrepancies/D08.md" in desk.text("discrepancies", "list")
    text = desk.text("discrepancies", "list", "--lang", "es")
    assert "Guía: docs/es/runbooks/discrepancies/D08.md" in text
    assert f"{overpaid} D08 high acme:shopify:main:1001 2,000.00 EUR" in text
    assert "2,000.00 EUR" in text
    for words in (("--code", "D10"), ("--severity", "low"), ("--order", "a:b:c:d"), ("--source", "b:c"), ("--state", "resolved")):
        assert desk.json("discrepancies", "list", *words)["items"] == []


def test_the_page_has_both_sides_events_and_entries(desk: OfflineDesk, overpaid: str) -> None:
    page = desk.json("discrepancies", "show", overpaid)
    assert [one["event_id"] for one in page["events"]] == [OVERPAID["event_id"]]
    assert [one["entry_kind"] for one in page["entries"]] == ["capture"]
    text = desk.text("discrepancies", "show", overpaid)
    assert page["runbook"] == "docs/runbooks/discrepancies/D08.md"
    assert "Runbook: docs/runbooks/discrepancies/D08.md" in text
    assert "expected: 12.10 EUR" in text
    assert "found: 2,012.10 EUR" in text
    assert "difference: 2,000.00 EUR" in text


def test_resolved_by_a_word_and_reopened(desk: OfflineDesk, overpaid: str) -> None:
    desk.run("discrepancies", "assign", overpaid, "--to", "eva", *ANA)
    assert desk.json("discrepancies", "list", "--assignee", "eva")["items"][0]["assignee"] == "eva"
    assert desk.run("discrepancies", "resolve", overpaid, "--dry-run", *ANA).exception is None
    assert len(desk.sent) == 1
    desk.run("discrepancies", "resolve", overpaid, *ANA)
    assert desk.json("discrepancies", "list")["items"] == []
    assert desk.json("discrepancies", "list", "--state", "resolved")["items"][0]["resolved_by"] == "operator"
    assert "reopen it first" in desk.refusal("discrepancies", "resolve", overpaid, *ANA)
    desk.run("discrepancies", "reopen", overpaid, *ANA)
    assert len(desk.json("discrepancies", "list")["items"]) == 1
    assert [action.kind for action in desk.actions()] == ["ASSIGN", "RESOLVE", "REOPEN"]


def test_one_that_the_stream_closed_is_resolved_by_itself(desk: OfflineDesk) -> None:
    desk.arrive(SHIPPED, PLACED)
    desk.arrive(examples.shipped(event_id="00000000-0000-5000-8000-000000000003", shipment_id="s2", business_key="shipment:s2"))
    (item,) = desk.json("discrepancies", "list")["items"]
    edited = {**PLACED, "type": "OrderEdited", "event_id": "00000000-0000-5000-8000-000000000004", "business_key": "edit:1"}
    for name in ("legal_entity", "channel", "terms", "prices_include_tax"):
        del edited[name]
    line = {**examples.LINE, "quantity": "5", "gross": 2000, "taxes": [{**examples.TAX, "base": 2000, "amount": 420}]}
    desk.arrive({**edited, "order_revision": 1, "lines": [line], "total": 2420})
    (closed,) = desk.json("discrepancies", "list", "--state", "all")["items"]
    assert (closed["discrepancy_id"], closed["resolved_by"]) == (item["discrepancy_id"], "stream")
    assert "resolved by itself" in desk.text("discrepancies", "show", item["discrepancy_id"])
    for command in (("resolve",), ("reopen",), ("resolve", *FEE)):
        assert "by itself" in desk.refusal("discrepancies", command[0], item["discrepancy_id"], *command[1:], *ANA)


def test_money_below_the_limit_is_booked_at_once_and_once(desk: OfflineDesk, overpaid: str) -> None:
    dry = desk.json("discrepancies", "resolve", overpaid, *FEE, "--dry-run", *ANA)
    assert (dry["moved"], dry["limit"], dry["needs_second_person"], dry["prediction"]["outcome"]) == (500, 100_000, False, "posted")
    assert desk.sent == []
    text = desk.text("discrepancies", "resolve", overpaid, *FEE, *ANA)
    assert "5.00 EUR: one person may book it (limit 1,000.00 EUR)" in text
    (bundle,) = desk.sent
    (event,) = sent_events(desk)
    assert (event["type"], event["approved_by"], event["reason"]) == ("JournalPosted", "ana", "agreed with the bank")
    assert [action.sent_event_id for action in bundle.actions] == [event["event_id"]]
    assert desk.books() == simulated([PLACED, OVERPAID, event])
    assert desk.json("discrepancies", "list")["items"] == []
    desk.send([bundle])
    assert desk.books() == simulated([PLACED, OVERPAID, event])


def test_money_above_the_limit_takes_two_persons(desk: OfflineDesk, overpaid: str) -> None:
    text = desk.text("discrepancies", "resolve", overpaid, *MUCH, *ANA)
    assert "1,500.00 EUR: above the limit of 1,000.00 EUR for one person; a second one must approve" in text
    assert sent_events(desk) == []
    (proposal,) = desk.json("discrepancies", "list", "--proposals")["items"]
    assert (proposal["actor"], proposal["state"]) == ("ana", "open")
    for name in ("ana", " Ana ", "ANA"):
        assert "another person" in desk.refusal("discrepancies", "approve", overpaid, "--reason", "mine", "--by", name)
    assert "waits for an answer" in desk.refusal("discrepancies", "resolve", overpaid, *ANA)
    assert "waits for an answer" in desk.refusal("discrepancies", "resolve", overpaid, *FEE, *BOB)
    assert desk.json("discrepancies", "approve", overpaid, "--dry-run", *BOB)["prediction"]["outcome"] == "posted"
    desk.json("discrepancies", "approve", proposal["action_id"], *BOB)
    (event,) = sent_events(desk)
    assert (event["approved_by"], event["event_id"]) == ("bob", proposal["sent_event_id"])
    assert [action.kind for action in desk.sent[-1].actions] == ["APPROVE", "RESOLVE"]
    assert desk.books() == simulated([PLACED, OVERPAID, event])
    assert desk.json("discrepancies", "list")["items"] == []
    assert "approved already" in desk.refusal("discrepancies", "approve", overpaid, *BOB)
    assert "approved already" in desk.refusal("discrepancies", "refuse", proposal["action_id"], *BOB)
    assert desk.json("discrepancies", "show", overpaid)["moved_alone"] == []


def test_an_approval_of_ones_own_on_the_topic_does_not_count(desk: OfflineDesk, overpaid: str) -> None:
    desk.run("discrepancies", "resolve", overpaid, *MUCH, *ANA)
    proposal = desk.actions()[-1]
    about: dict[str, Any] = {
        "subject_kind": "DISCREPANCY",
        "subject": overpaid,
        "order_key": proposal.order_key,
        "refers_to": proposal.action_id,
    }
    desk.act(OperatorAction(kind="APPROVE", actor="Ana", reason="me too", at=proposal.at + 1, **about))
    (found,) = desk.json("discrepancies", "show", overpaid)["proposals"]
    assert (found["state"], [one["actor"] for one in found["void"]]) == ("open", ["Ana"])
    assert "does not count" in desk.text("discrepancies", "show", overpaid)
    assert len(desk.json("discrepancies", "list", "--proposals")["items"]) == 1
    assert desk.json("discrepancies", "approve", overpaid, *BOB)["action"]["actor"] == "bob"


def test_a_resolution_above_the_limit_past_the_desk_is_seen(desk: OfflineDesk, overpaid: str) -> None:
    desk.run("discrepancies", "resolve", overpaid, *MUCH, *ANA)
    proposal = desk.actions()[-1]
    about: dict[str, Any] = {"subject_kind": "DISCREPANCY", "subject": overpaid, "order_key": proposal.order_key}
    desk.arrive(orjson.loads(proposal.event or ""))
    desk.act(OperatorAction(kind="RESOLVE", actor="ana", reason="x", at=proposal.at + 1, sent_event_id=proposal.sent_event_id, **about))
    assert [one["actor"] for one in desk.json("discrepancies", "show", overpaid)["moved_alone"]] == ["ana"]
    assert "no second person approved it" in desk.text("discrepancies", "show", overpaid)


def test_a_proposal_that_holds_another_event_than_it_names_is_not_approved(desk: OfflineDesk, overpaid: str) -> None:
    desk.run("discrepancies", "resolve", overpaid, *MUCH, *ANA)
    proposal = desk.actions()[-1]
    event = orjson.loads(proposal.event or "")
    about: dict[str, Any] = {
        "subject_kind": "DISCREPANCY",
        "subject": overpaid,
        "order_key": proposal.order_key,
        "actor": "mal",
        "reason": "x",
    }
    desk.run("discrepancies", "refuse", overpaid, *BOB)
    for at, forged in enumerate(({**event, "order_id": "2"}, PLACED, {**event, "event_id": examples.EVENT_ID}, "no event", {})):
        desk.act(
            OperatorAction(
                kind="PROPOSE", at=proposal.at + 9 + at, sent_event_id=proposal.sent_event_id, event=orjson.dumps(forged).decode(), **about
            )
        )
        wrong = desk.actions()[-1]
        assert desk.refusal("discrepancies", "approve", wrong.action_id, *BOB)
    assert sent_events(desk) == []


def test_a_proposal_is_refused_and_made_anew(desk: OfflineDesk, overpaid: str) -> None:
    desk.json("discrepancies", "propose", overpaid, *FEE, *ANA)
    desk.run("discrepancies", "refuse", overpaid, *BOB)
    assert desk.json("discrepancies", "show", overpaid)["proposals"][0]["state"] == "refused"
    assert desk.json("discrepancies", "list", "--proposals")["items"] == []
    desk.json("discrepancies", "propose", overpaid, *FEE, *ANA)
    desk.json("discrepancies", "approve", overpaid, *BOB)
    assert len(sent_events(desk)) == 1


def test_cutting_an_amount_into_pieces_does_not_pass_the_limit(desk: OfflineDesk, overpaid: str) -> None:
    piece = ("--post", "DEBIT:psp_fees:60000", "--post", "CREDIT:psp_clearing:stripe:60000")
    desk.json("discrepancies", "resolve", overpaid, *piece, *ANA)
    desk.run("discrepancies", "reopen", overpaid, *ANA)
    second = desk.json("discrepancies", "resolve", overpaid, *piece, *ANA)
    assert (second["moved"], second["moved_before"], second["action"]["kind"]) == (60_000, 60_000, "PROPOSE")


def test_limits_by_currency(desk: OfflineDesk, overpaid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_APPROVAL_LIMIT", '{"default": 1000000, "EUR": 499}')
    assert desk.json("discrepancies", "resolve", overpaid, *FEE, "--dry-run", *ANA)["needs_second_person"]
    monkeypatch.setenv("ASIENTO_APPROVAL_LIMIT", '{"default": 0, "EUR": 500}')
    assert not desk.json("discrepancies", "resolve", overpaid, *FEE, "--dry-run", *ANA)["needs_second_person"]


def test_an_entry_from_a_file_on_a_day(desk: OfflineDesk, overpaid: str, tmp_path: Path) -> None:
    legs = [{"account": "psp_fees", "side": "DEBIT", "amount": 1}, {"account": "rounding", "side": "CREDIT", "amount": 1}]
    file = tmp_path / "journal.json"
    file.write_bytes(orjson.dumps({"postings": legs}))
    done = desk.json("discrepancies", "resolve", overpaid, "--journal", str(file), "--date", "2026-01-31", *ANA)
    assert done["prediction"]["entries"][0]["posting_date"] == "2026-01-31"


@pytest.mark.parametrize(
    ("posts", "said"),
    [
        (("DEBIT:psp_fees:5",), "must be equal"),
        (("DEBIT:psp_fees:5", "CREDIT:rounding:6"), "must be equal"),
        (("DEBIT:psp_fees:5.00", "CREDIT:rounding:5.00"), "minor units"),
        (("LEFT:psp_fees:5", "CREDIT:rounding:5"), "DEBIT:account:amount"),
        (("DEBIT:accounts_receivable:5", "CREDIT:rounding:5"), "rejected D06"),
    ],
)
def test_an_entry_that_could_not_be_booked_is_refused(desk: OfflineDesk, overpaid: str, posts: tuple[str, ...], said: str) -> None:
    words = [word for post in posts for word in ("--post", post)]
    assert said in desk.refusal("discrepancies", "resolve", overpaid, *words, *ANA)
    assert desk.sent == []


def test_what_a_customer_still_owes_is_written_off(desk: OfflineDesk) -> None:
    desk.arrive(PLACED, SHIPPED, UNPAID)
    (item,) = desk.json("discrepancies", "list", "--code", "D16")["items"]
    assert "deferred D11" in desk.refusal("discrepancies", "resolve", item["discrepancy_id"], "--write-off", "9999", *ANA)
    desk.json("discrepancies", "resolve", item["discrepancy_id"], "--write-off", "1200", *ANA)
    (event,) = sent_events(desk)
    assert (event["kind"], event["amount"], event["approved_by"]) == ("WRITE_OFF", 1200, "ana")
    assert desk.books() == simulated([PLACED, SHIPPED, UNPAID, event])
    assert desk.books()["EUR"]["bad_debt"] == 1200


def test_names_that_are_none(desk: OfflineDesk, overpaid: str) -> None:
    assert "no discrepancy" in desk.refusal("discrepancies", "show", examples.EVENT_ID)
    assert "action_id" in desk.refusal("discrepancies", "approve", "it", *BOB)
    assert "no proposal" in desk.refusal("discrepancies", "approve", overpaid, *BOB)


def test_no_entry_is_booked_for_what_is_about_no_order(desk: OfflineDesk) -> None:
    key = "ledger:ledger"
    told = ledger_discrepancy("D30", "x", connection="ledger", order_key=key, currency="EUR", raised_at=STARTED_AT, account="suspense:x")
    partition = partition_for(key.encode(), PARTITIONS)
    desk.stream.put(ACCOUNTING_DISCREPANCIES, partition, key.encode(), encode_discrepancy(told), STARTED_AT)
    desk.settle()
    assert "about ledger:ledger, not about an order" in desk.refusal("discrepancies", "resolve", told.discrepancy_id, *FEE, *ANA)
    shown = desk.json("discrepancies", "show", told.discrepancy_id)["commands"]
    assert not [one for one in shown if "--post" in one["command"]]
    desk.text("discrepancies", "resolve", told.discrepancy_id, *ANA)
    assert desk.json("discrepancies", "list")["items"] == []
