"""`asiento simulate`: every line in one class, outcomes that change are told again, nothing crashes it."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from asiento.accounting.order_events import OrderEvent
from asiento.cli.exits import UsageError
from asiento.cli.main import app
from asiento.runtime.settings import SettingsError
from schemas.events import JSON_BYTES_MAX, event_to_json
from tests.order_making import captured, line, placed, shipped

CLASSES = ("posted", "duplicate", "conflict", "deferred", "rejected", "ignored", "dead_letter")


def run(source: str, *options: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["simulate", source, *options], input=stdin)


def rows(result: Result) -> list[dict[str, Any]]:
    if result.exception is not None:
        raise result.exception
    assert result.exit_code == 0
    return [json.loads(text) for text in result.stdout.splitlines()]


def text_of(*events: OrderEvent) -> bytes:
    return b"".join(json.dumps(event_to_json(event)).encode() + b"\n" for event in events)


def outcomes(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row["outcome"] for row in shown if "outcome" in row]


def test_a_waiting_record_is_told_again_when_its_order_comes() -> None:
    waiting, order = captured("P1", 1_000), placed(line("A", 1_000))
    shown = rows(run("-", stdin=text_of(waiting) + b"\n  \n" + text_of(order)))
    assert outcomes(shown) == [
        {"record": 1, "event_id": waiting.event_id, "result": "deferred", "code": "D27"},
        {"record": 4, "event_id": order.event_id, "result": "posted"},
        {"record": 1, "event_id": waiting.event_id, "result": "posted"},
    ]
    summary = shown[-1]["summary"]
    assert {name: summary[name] for name in ("consumed", "posted", "deferred")} == {"consumed": 2, "posted": 2, "deferred": 0}
    assert summary["trial_balance"] == {"EUR": {"contract_liability": -1_000, "psp_clearing:stripe": 1_000}}


def test_entries_come_whole_and_discrepancies_open_and_resolved() -> None:
    numbered = (placed(line("A", 1_000), source_sequence=1), shipped("S1", {"A": "1"}, source_sequence=3))
    shown = rows(run("-", stdin=text_of(*numbered, captured("P1", 1_000, source_sequence=2))))
    entries = [row["entry"] for row in shown if "entry" in row]
    assert [entry["entry_kind"] for entry in entries] == ["capture", "invoice", "apply"]
    assert len(entries[0]["content_hash"]) == 64
    found = [(row["discrepancy"]["code"], row["discrepancy"]["state"]) for row in shown if "discrepancy" in row]
    assert found == [("D19", "OPEN"), ("D19", "RESOLVED")]


def test_refused_lines_are_dead_letters_with_their_reason() -> None:
    lines = [
        b"no json",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"x" * (JSON_BYTES_MAX + 10),
        json.dumps({"type": "NoSuchEvent"}).encode(),
    ]
    shown = rows(run("-", stdin=b"\n".join(lines)))
    codes = [(one["record"], one["result"], one["code"]) for one in outcomes(shown)]
    reasons = ("invalid_json", "invalid_json", "invalid_json", "too_large", "unknown_type")
    assert codes == [(number, "dead_letter", reason) for number, reason in enumerate(reasons, 1)]


def test_the_classes_add_up_to_the_records() -> None:
    order = placed(line("A", 1_000))
    lines = text_of(
        order, order, placed(line("A", 2_000)), shipped("S", {"A": "9"}), captured("P", 1, test_mode=True), captured("Q", 1, currency="USD")
    )
    summary = rows(run("-", stdin=lines + b"?\n"))[-1]["summary"]
    assert summary["consumed"] == 7
    assert [summary[name] for name in CLASSES] == [1] * 7


def test_the_policy_file_decides(tmp_path: Path) -> None:
    policy, events = tmp_path / "policy.yaml", tmp_path / "events.jsonl"
    policy.write_text("discounts: net\n")
    events.write_bytes(text_of(placed(line("A", 1_000, discount=100)), shipped("S1", {"A": "1"})))
    balance = rows(run(str(events), "--policy", str(policy)))[-1]["summary"]["trial_balance"]["EUR"]
    assert balance == {"accounts_receivable": 900, "revenue:sales": -900}


def test_what_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("charge: x\n")
    missing = run(str(tmp_path / "nothing.jsonl"))
    assert isinstance(missing.exception, UsageError)
    assert "nothing.jsonl" in str(missing.exception)
    wrong = run("-", "--policy", str(policy), stdin=b"")
    assert isinstance(wrong.exception, SettingsError)
    assert str(wrong.exception) == f"{policy}:1:1: charge: there is no such key; the nearest is charges"
