"""`asiento normalize`: what goes where, with which exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from sources.platforms.payload import PAYLOAD_BYTES_MAX
from tests.unit.sources.shopify_payloads import Payload, fulfillment, item, order, paid_back, refund, refunded_item, tax_line, transaction

PAYMENTS = ("--topic", "order_transactions/create")
ORDERS = ("--topic", "orders/create")
REFUNDS = ("--topic", "refunds/create")


def written(directory: Path, name: str, payload: Payload | bytes) -> Path:
    """A payload as a file."""
    path = directory / f"{name}.json"
    path.write_bytes(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    return path


def run(*arguments: object, tenant: str = "acme", source: str = "shopify:main", given: bytes | None = None) -> Result:
    """Call the command in this process."""
    words = ["normalize", "--tenant", tenant, "--source", source, *map(str, arguments)]
    return CliRunner().invoke(app, words, input=given)


def lines(result: Result) -> list[dict[str, Any]]:
    """Standard output as JSON lines."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_events_go_to_stdout_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = [written(tmp_path, str(number), transaction(f"{number}.00", id=number)) for number in (2, 1)]
    result = run(*PAYMENTS, *files)
    assert (result.exit_code, [line["amount"] for line in lines(result)], result.stderr) == (0, [200, 100], "")


def test_nothing_to_book_prints_nothing_and_is_no_error(tmp_path: Path) -> None:
    result = run(*PAYMENTS, written(tmp_path, "void", transaction(kind="void")))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to book" in result.stderr


def test_a_problem_is_printed_and_the_other_files_are_read(tmp_path: Path) -> None:
    files = [written(tmp_path, "bad", transaction("1,00")), written(tmp_path, "good", transaction())]
    result = run(*PAYMENTS, *files)
    problem, event = lines(result)
    assert set(problem["problem"]) == {"code", "message", "pointer"}
    assert (problem["problem"]["code"], problem["problem"]["pointer"]) == ("reject_malformed", "/amount")
    assert event["amount"] == 10_000
    assert isinstance(result.exception, CommandError)
    assert (result.exception.exit_code, str(result.exception)) == (1, "1 of 2 payloads could not be judged")


@pytest.mark.parametrize("poison", [b"[" * 100_000, b'{"a":' * 100_000, b"\x00\xff", b"", b" " * (PAYLOAD_BYTES_MAX + 1)], ids=len)
def test_poison_is_malformed(tmp_path: Path, poison: bytes) -> None:
    result = run(*ORDERS, written(tmp_path, "poison", poison))
    assert lines(result)[0]["problem"]["code"] == "reject_malformed"
    assert isinstance(result.exception, CommandError)


def test_standard_input(tmp_path: Path) -> None:
    assert lines(run(*PAYMENTS, "-", given=json.dumps(transaction()).encode()))[0]["payment_id"] == "70"


def test_received_at_comes_from_the_option_or_from_the_payload(tmp_path: Path) -> None:
    file = written(tmp_path, "order", order(item(1), total="100.00", updated_at="2026-03-01T10:05:00+01:00"))
    assert lines(run(*ORDERS, file))[0]["received_at"] == "2026-03-01T09:05:00Z"
    stated = run(*ORDERS, "--received-at", "2026-04-01T00:00:00-06:00", file)
    assert lines(stated)[0]["received_at"] == "2026-04-01T06:00:00Z"


def test_the_connection_file_says_what_the_payload_does_not(tmp_path: Path) -> None:
    connection = tmp_path / "connection.yaml"
    connection.write_text("legal_entity: ES01\nchannel: shop\nterms: ON_DELIVERY\n", encoding="utf-8")
    event = lines(run(*ORDERS, "--connection", connection, written(tmp_path, "order", order(item(1), total="100.00"))))[0]
    assert [event[name] for name in ("legal_entity", "channel", "terms")] == ["ES01", "shop", "ON_DELIVERY"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tenant": "a:b"}, "--tenant"),
        ({"source": "shopify"}, "--source"),
        ({"source": "shopify:a:b"}, "--source"),
        ({"source": "nobody:main"}, "is not available in this version; available: "),
        ({"received": "2026-04-01T00:00:00"}, "no offset"),
        ({"received": "yesterday"}, "--received-at"),
        ({"file": "missing.json"}, "missing.json"),
        ({"connection": "legal_entitty: ES01"}, "the nearest is legal_entity"),
    ],
)
def test_wrong_words_are_usage_errors(tmp_path: Path, options: dict[str, str], message: str) -> None:
    connection = tmp_path / "connection.yaml"
    connection.write_text(options.get("connection", "{}"), encoding="utf-8")
    result = run(
        *("--topic", options.get("topic", "orders/create")),
        *("--connection", connection),
        *("--received-at", options.get("received", "2026-04-01T00:00:00Z")),
        options.get("file") or written(tmp_path, "order", order(item(1), total="100.00")),
        tenant=options.get("tenant", "acme"),
        source=options.get("source", "shopify:main"),
    )
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)
    assert result.stdout == ""


def test_state_lets_a_refund_state_its_taxes(tmp_path: Path) -> None:
    state = tmp_path / "state"
    placed = written(tmp_path, "order", order(item(1, tax_lines=[tax_line("10.00")]), total="110.00"))
    credited = written(tmp_path, "refund", refund(refunded_item(100, 10), transactions=[paid_back("110.00")]))
    assert "net" not in lines(run(*REFUNDS, credited))[0]["lines"][0]
    assert run(*ORDERS, "--state", state, placed).exit_code == 0
    assert lines(run(*REFUNDS, "--state", state, credited))[0]["lines"][0]["net"] == 10_000
    assert run(*REFUNDS, "--state", state, credited).stdout == ""


def test_what_waits_for_its_order_says_so(tmp_path: Path) -> None:
    credited = written(tmp_path, "refund", refund(refunded_item(100, 10), transactions=[paid_back("110.00")]))
    result = run(*REFUNDS, "--state", tmp_path / "state", credited)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "wait for their order" in result.stderr


def test_a_topic_that_is_not_known_is_no_error_where_the_payload_says_what_it_is(tmp_path: Path) -> None:
    placed = written(tmp_path, "order", order(item(1), total="100.00", financial_status="paid"))
    assert lines(run("--topic", "a folder", placed))[0]["type"] == "OrderPlaced"
    unknown = lines(run("--topic", "a folder", written(tmp_path, "unknown", {"a": 1})))
    assert unknown[0]["problem"]["code"] == "reject_malformed"


def test_a_dry_run_writes_no_state(tmp_path: Path) -> None:
    state = tmp_path / "state"
    file = written(tmp_path, "order", order(item(1), total="100.00"))
    assert lines(run(*ORDERS, "--state", state, "--dry-run", file))[0]["total"] == 10_000
    assert not state.exists()


@pytest.mark.parametrize("damage", ["{", "[]", '{"format": 9}', '{"format": 2, "told": 5}'])
def test_a_damaged_memory_is_named(tmp_path: Path, damage: str) -> None:
    state = tmp_path / "state"
    shipped = written(tmp_path, "shipment", fulfillment(item(1)))
    assert run("--topic", "fulfillments/create", "--state", state, shipped).exit_code == 0
    memory = next(state.rglob("500.json"))
    memory.write_text(damage, encoding="utf-8")
    result = run("--topic", "fulfillments/create", "--state", state, shipped)
    assert isinstance(result.exception, CommandError)
    assert str(memory) in str(result.exception)
