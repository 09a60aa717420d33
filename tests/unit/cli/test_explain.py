"""`asiento explain`: an event and its entries with rules, arithmetic, balances and discrepancies, from a file of events."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from asiento.accounting.order_events import OrderEvent
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from schemas.events import event_to_json
from tests.order_making import back, captured, line, placed, refunded, shipped, tax, tender
from tests.unit.schemas.telling_lives import corrected, deadline, edited

ORDER = placed(
    line("A", 9_999, "3", taxes=[tax(2_100, base=9_999)]),
    line("B", 5_000, "1", taxes=[tax(1_050, base=5_000)]),
    line("F", 499, kind="SHIPPING"),
    discount=1_000,
)
PAID = captured("P1", 17_648, fee=300)
FIRST = shipped("S1", {"A": "2"})
BACK = refunded("R1", [back("A", "1")], [tender("T1", 3_000)])
TOO_MANY = shipped("S2", {"B": "2"})
LIFE = [PAID, ORDER, FIRST, FIRST, BACK, TOO_MANY]


def explain(tmp_path: Path, id_: str, events: list[OrderEvent], *options: str) -> Result:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event_to_json(event)) + "\n" for event in events))
    return CliRunner().invoke(app, ["explain", id_, "--events", str(file), *options])


def told(tmp_path: Path, event: OrderEvent, events: list[OrderEvent], *options: str) -> dict[str, Any]:
    result = explain(tmp_path, event.event_id, events, "--json", *options)
    if result.exception is not None:
        raise result.exception
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def page(tmp_path: Path, event: OrderEvent, events: list[OrderEvent], *options: str) -> str:
    result = explain(tmp_path, event.event_id, events, *options)
    if result.exception is not None:
        raise result.exception
    assert max(map(len, result.stdout.splitlines())) <= 100
    return " ".join(result.stdout.split())


def test_a_partial_shipment_shows_the_arithmetic_of_its_blocks_and_charges(tmp_path: Path) -> None:
    text = page(tmp_path, FIRST, LIFE)
    for part in (
        "outcome: posted",
        "What leaves is invoiced: its part of each line",
        "(docs/spec/accounting.md, 2. What a line is worth, Rules 2 and 3)",
        "net 62.21 The part of these units in the line's open block (Rule 2): R(93.32 * 2/3).",
        "ES VAT IVA 0.21 14.00",
        "R(4.99 * 62.21/139.99)",
        "Dr accounts_receivable 78.43 The total of the document, net and taxes: 64.43 + 14.00.",
        "Cr accounts_receivable 78.43 Section 3: the balance falls from 78.43 to 0.00.",
        "X0 = I - C - W - K + F + P = 78.43 - 0.00 - 0.00 - 176.48 + 0.00 + 0.00 = -98.05",
    ):
        assert part in text, part


def test_the_spread_of_the_discount_is_a_note_of_the_order(tmp_path: Path) -> None:
    notes = [note["text"] for note in told(tmp_path, ORDER, LIFE)["notes"]]
    assert notes[:2] == [
        "Line A: share of the order's discount (Rule 1): 10.00 * 99.99/149.99, rounded down to 6.66, and one unit left over for its "
        "large remainder.",
        "Line B: share of the order's discount (Rule 1): 10.00 * 50.00/149.99, rounded down.",
    ]
    assert "gross 99.99 - discount 0.00 - share of the order's discount 6.67 - included taxes 0.00" in notes[2]


def test_an_event_that_waited_says_what_it_waited_for_and_who_healed_it(tmp_path: Path) -> None:
    outcome = told(tmp_path, PAID, LIFE)["outcome"]
    assert (outcome["result"], outcome["healed"]) == ("posted", True)
    assert [(step["result"], step["code"], step["record"], step["by_type"]) for step in outcome["history"]] == [
        ("deferred", "D27", 1, "PaymentCaptured"),
        ("posted", None, 2, "OrderPlaced"),
    ]


def test_a_parked_event_says_why_with_figures_in_both_languages(tmp_path: Path) -> None:
    assert "outcome: waiting D11 The shipment names 2 units of line B; open: 1. It waits." in page(tmp_path, TOO_MANY, LIFE)
    spanish = page(tmp_path, TOO_MANY, LIFE, "--lang", "es")
    assert "resultado: en espera D11 El envío nombra 2 unidades de la línea B; abiertas: 1. Espera." in spanish
    assert "Discrepancias D11 high OPEN" in spanish


def test_a_first_wait_has_its_figures_before_any_discrepancy(tmp_path: Path) -> None:
    refund = refunded("R9", [back("A", "3")], [])
    value = told(tmp_path, refund, [ORDER, refund])
    assert value["discrepancies"] == []
    assert value["outcome"]["message"]["happened"] == (
        "The refund names 3 shipped units of line A; shipped and not credited: 0. It waits for the shipment."
    )


@pytest.mark.parametrize(
    ("again", "result", "words"),
    [
        (captured("P1", 17_648, fee=300, label="again"), "duplicate", "It counts once."),
        (captured("P1", 1, label="again"), "conflict", "was told before, by event"),
        (captured("P2", 1, currency="USD"), "rejected", "The capture is in USD, its order in EUR."),
        (captured("P2", 1, test_mode=True), "ignored", "Tests are never booked."),
    ],
)
def test_what_was_not_posted_says_why(tmp_path: Path, again: OrderEvent, result: str, words: str) -> None:
    value = told(tmp_path, again, [ORDER, PAID, again])
    assert value["outcome"]["result"] == result
    assert words in value["outcome"]["message"]["happened"]
    assert value["entries"] == []
    if result == "duplicate":
        assert value["outcome"]["repeats_event_id"] == PAID.event_id


def test_another_record_under_the_same_id_is_named(tmp_path: Path) -> None:
    other = captured("P1", 1)
    assert other.event_id == PAID.event_id
    same = told(tmp_path, PAID, [ORDER, PAID, other])["same_id"]
    assert [(one["record"], one["result"], one["code"]) for one in same] == [(3, "conflict", "D21")]
    text = page(tmp_path, PAID, [ORDER, PAID, other])
    assert "under the same event_id, record 3: conflict D21: The capture capture:P1 came again under the same event id" in text


def test_one_entry_alone(tmp_path: Path) -> None:
    entries = told(tmp_path, BACK, LIFE)["entries"]
    assert [entry["entry_kind"] for entry in entries] == ["credit_note", "apply", "refund"]
    note = entries[0]
    result = explain(tmp_path, note["entry_id"], LIFE, "--json")
    value = json.loads(result.stdout)
    assert value["event"]["event_id"] == BACK.event_id
    assert value["entries"] == [note]
    assert note["document"]["refers_to"] == ["invoice-acme-shop:es-1-1"]
    assert note["document"]["lines"][0]["amounts"][0]["why"]["formula"] == "R(62.21 * 1/2)"
    assert note["balances"]["before"]["accounts_receivable"] == 0


def test_an_edit_shows_its_new_blocks_and_a_correction_what_it_reverses(tmp_path: Path) -> None:
    edit = edited(line("A", 12_000, "4", taxes=[tax(2_520, base=12_000)]), line("F", 499, kind="SHIPPING"))
    order = placed(line("A", 9_999, "3", taxes=[tax(2_100, base=9_999)]), line("F", 499, kind="SHIPPING"))
    life = [order, FIRST, edit]
    assert "Line A: new open block of 2 units, net agreed 120.00 less taken 66.66 (Rule 2)." in page(tmp_path, edit, life)
    again = shipped("S1", {"A": "1"}, label="better")
    correction = corrected(FIRST, again)
    value = told(tmp_path, correction, [order, FIRST, correction])
    assert [(entry["entry_kind"], entry["reverses"] is not None) for entry in value["entries"]] == [
        ("reversal", True),
        ("invoice", False),
    ]
    assert "The same as in entry" in value["entries"][0]["postings"][0]["why"]["text"]
    assert value["entries"][1]["document"]["lines"][0]["amounts"][0]["why"]["formula"] == "R(99.99 * 1/3)"


def test_suspense_and_its_clearing(tmp_path: Path) -> None:
    passed = deadline("PARKED", PAID)
    life = [PAID, passed, ORDER]
    suspense = told(tmp_path, passed, life)["entries"]
    assert [(entry["entry_kind"], entry["postings"][0]["why"]["name"]) for entry in suspense] == [("suspense", "stated")]
    entries = told(tmp_path, PAID, life)["entries"]
    assert [entry["entry_kind"] for entry in entries] == ["suspense_clear", "capture", "fee"]
    assert entries[0]["reverses"] == suspense[0]["entry_id"]
    codes = [(one["code"], one["state"]) for one in told(tmp_path, PAID, life)["discrepancies"]]
    assert codes == [("D09", "OPEN"), ("D09", "RESOLVED")]


def test_a_refused_record_is_explained_too(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    value = {**event_to_json(PAID), "amount": -1}
    file.write_text(json.dumps(value))
    result = CliRunner().invoke(app, ["explain", PAID.event_id, "--events", str(file), "--json"])
    outcome = json.loads(result.stdout)["outcome"]
    assert (outcome["result"], outcome["code"]) == ("dead_letter", "invalid_field")
    assert "amount" in outcome["message"]["happened"]
    text = CliRunner().invoke(app, ["explain", PAID.event_id, "--events", str(file)]).stdout
    assert "outcome: dead letter invalid_field" in text


def shape(value: Any) -> Any:
    """Key names all the way down, of lists those of all items together."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        merged: dict[str, Any] = {}
        for one in (shape(item) for item in value):
            merged |= one if isinstance(one, dict) else {}
        return [merged] if merged else []
    return None


OUTCOME_KEYS = {"result", "code", "healed", "message", "as_decided", "repeats_event_id", "history"}
ENTRY_KEYS = {
    "entry_id",
    "entry_kind",
    "part",
    "entry_seq",
    "business_date",
    "currency",
    "memo",
    "reverses",
    "explained",
    "rule",
    "postings",
    "document",
    "balances",
}
WHY_KEYS = {"name", "about", "amount", "formula", "text", "values"}


@pytest.mark.parametrize("event", [ORDER, PAID, FIRST, BACK, TOO_MANY])
def test_the_shape_of_json_is_kept(tmp_path: Path, event: OrderEvent) -> None:
    value = told(tmp_path, event, LIFE)
    assert set(value) == {"order_key", "policy_version", "event", "outcome", "notes", "entries", "account", "discrepancies", "same_id"}
    assert set(value["event"]) == {
        "record",
        "event_id",
        "type",
        "business_key",
        "occurred_at",
        "received_at",
        "facts",
        "currency",
    }
    assert set(value["outcome"]) == OUTCOME_KEYS
    for note in value["notes"]:
        assert set(note) == WHY_KEYS
    for entry in value["entries"]:
        assert set(entry) == ENTRY_KEYS
        assert set(entry["rule"]) == {"id", "text", "section"}
        assert set(shape(entry)["postings"][0]) == {"account", "side", "amount", "dimensions", "why"}
        assert all(set(leg["why"]) == WHY_KEYS for leg in entry["postings"])
        if entry["document"] is not None:
            assert set(entry["document"]) == {"kind", "document_ref", "refers_to", "lines", "taxes", "totals"}
    if value["account"] is not None:
        assert set(value["account"]["after"]) == {"totals", "balances", "formula"}


@pytest.mark.parametrize("event", [ORDER, PAID, FIRST, BACK, TOO_MANY])
def test_both_languages_say_the_same_figures(tmp_path: Path, event: OrderEvent) -> None:
    english, spanish = (page(tmp_path, event, LIFE, "--lang", language) for language in ("en", "es"))
    assert sorted(re.findall(r"-?\d[\d,.]*\.\d\d", english)) == sorted(re.findall(r"-?\d[\d,.]*\.\d\d", spanish))
    assert not re.search(r"[{}]|None", english + spanish)


def test_an_unknown_id_helps(tmp_path: Path) -> None:
    result = explain(tmp_path, FIRST.event_id[:13], LIFE)
    assert isinstance(result.exception, CommandError)
    assert result.exception.exit_code == 1
    assert f"the nearest are {FIRST.event_id} (event ids are" in str(result.exception)
    assert "`asiento simulate`" in str(explain(tmp_path, "nothing", LIFE).exception)


@pytest.mark.parametrize(
    "words",
    [
        ["x"],
        ["x", "--events", "-", "--order", "acme:shop:es:1"],
        ["x", "--events", "no-such-file.jsonl"],
        ["x", "--events", "-", "--lang", "fr"],
    ],
)
def test_a_call_that_makes_no_sense_is_exit_2(words: list[str]) -> None:
    assert isinstance(CliRunner().invoke(app, ["explain", *words], input=b"").exception, UsageError)


def test_the_policy_file_decides(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("charges: last_shipment\n")
    kinds = [one["line_id"] for one in told(tmp_path, FIRST, LIFE, "--policy", str(policy))["entries"][0]["document"]["lines"]]
    assert kinds == ["A"]


def test_help_says_what_it_is_for() -> None:
    text = CliRunner().invoke(app, ["explain", "--help"]).stdout
    assert "Why a cent stands where it stands" in text
    assert all(option in text for option in ("--events", "--order", "--policy", "--lang", "--json"))
