"""`asiento orders show`: an accountant can follow every cent of a partially shipped, partially refunded order."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.ledger_sink import LedgerSink, stream_ends
from tests.integration.order_books import PARTITIONS, OrderBooks, life_of_a_mug_order

KEY = "acme:shopify:main:o1"


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory, kafka: str) -> LedgerSink:
    """The books of two orders; the ledger has those of the first only."""
    with asyncio.Runner() as runner:
        return runner.run(_two_orders(tmp_path_factory.mktemp("orders"), kafka, f"o{os.urandom(5).hex()}-"))


async def _two_orders(directory: Path, kafka: str, prefix: str) -> LedgerSink:
    books, sink = OrderBooks(kafka, prefix), LedgerSink(directory, kafka, prefix)
    await books.make_topics()
    await books.send(life_of_a_mug_order("o1"))
    await books.work()
    sink.start()
    await sink.wait_offsets(await stream_ends(kafka, books.entries, PARTITIONS))
    assert sink.terminate() == 0
    await books.send(life_of_a_mug_order("o2"))
    await books.work()
    return sink


def _show(sink: LedgerSink, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asiento.cli.main", "orders", "show", *words]
    return subprocess.run(command, env=sink.environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_page_shows_every_cent(sink: LedgerSink) -> None:
    done = _show(sink, KEY)
    assert (done.returncode, done.stderr) == (0, "")
    page = " ".join(done.stdout.split())
    assert max(len(line) for line in done.stdout.splitlines()) <= 100
    for text in (
        # 2 of 3 mugs at 99.99 + 21.00, and their part of the shipping: by the net they invoice
        "Mug, white [mug] 2 units: 66.66 = R(99.99 * 2/3) VAT 0.21: 14.00 = R(21.00 * 2/3)",
        "Ship, white [ship]: 2.22 = R(4.99 * 66.66/149.99) VAT 0.21: 0.47 = R(1.05 * 66.66/149.99)",
        "accounts_receivable 83.35",
        # 1 of those 2 back
        "Mug, white [mug] 1 units: 33.33 = R(66.66 * 1/2) VAT 0.21: 7.00 = R(14.00 * 1/2)",
        "refers to invoice-acme-shopify:main-o1-1",
        "balances after it: receivable 0.00, contract liability 104.18, refunds payable 40.33",
        "balances after it: receivable 0.00, contract liability 104.18, refunds payable 0.00",
        "posted after waiting",
        "waiting (D11: more than is open, shipped or paid)",
        "ShipmentDispatched",
        "captured 187.53",
        "refunded 40.33",
    ):
        assert text in page, f"{text!r} is not in\n{done.stdout}"
    assert "NOT BOOKED" not in page


def test_the_page_speaks_spanish(sink: LedgerSink) -> None:
    page = " ".join(_show(sink, KEY, "--lang", "es").stdout.split())
    for text in (
        "Pedido acme:shopify:main:o1",
        "Asientos",
        "en espera (D11: más de lo abierto, enviado o pagado)",
        "reembolsos por pagar 0.00",
    ):
        assert text in page


def test_json_says_the_same(sink: LedgerSink) -> None:
    report = json.loads(_show(sink, KEY, "--json").stdout)
    outcomes = [(line["event"]["type"], line["outcome"], line["healed"]) for line in report["events"]]
    assert outcomes == [
        ("PaymentCaptured", "posted", True),
        ("OrderPlaced", "posted", False),
        ("ShipmentDispatched", "posted", False),
        ("ShipmentDispatched", "duplicate", False),
        ("RefundIssued", "posted", False),
        ("ShipmentDispatched", "deferred", False),
    ]
    named = [entry_id for line in report["events"] for entry_id in line["entry_ids"]]
    assert sorted(named) == sorted(line["entry"]["entry_id"] for line in report["entries"])
    assert [line["entry"]["entry_seq"] for line in report["entries"]] == [1, 2, 3, 4, 5, 6]
    balances = {"accounts_receivable": 0, "contract_liability": 10_418, "refunds_payable": 0, "dispute_losses": 0}
    assert report["entries"][-1]["balances"] == report["state"]["balances"] == balances
    assert [waiting["code"] for waiting in report["parked"]] == ["D11"]
    assert all(line["booked_at"] for line in report["entries"])


def test_what_the_ledger_has_not_booked_is_said(sink: LedgerSink) -> None:
    report = json.loads(_show(sink, "acme:shopify:main:o2", "--json").stdout)
    assert [line["booked_at"] for line in report["entries"]] == [None] * 6
    assert "NOT BOOKED YET" in _show(sink, "acme:shopify:main:o2").stdout


def _explain(sink: LedgerSink, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asiento.cli.main", "explain", *words]
    return subprocess.run(command, env=sink.environment, capture_output=True, text=True, timeout=60, check=False)


def test_an_entry_of_a_running_system_is_explained(sink: LedgerSink) -> None:
    report = json.loads(_show(sink, KEY, "--json").stdout)
    invoice = next(line["entry"] for line in report["entries"] if line["entry"]["entry_kind"] == "invoice")
    done = _explain(sink, invoice["entry_id"], "--order", KEY, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    value = json.loads(done.stdout)
    assert value["outcome"]["as_decided"]
    (entry,) = value["entries"]
    assert (entry["entry_id"], entry["explained"]) == (invoice["entry_id"], True)
    assert [amount["why"]["formula"] for amount in entry["document"]["lines"][0]["amounts"]] == ["R(99.99 * 2/3)", "R(21.00 * 2/3)"]
    parked = report["parked"][0]["event_id"]
    assert "names 2 units of line teapot; open: 1. It waits." in " ".join(_explain(sink, parked, "--order", KEY).stdout.split())


def test_an_entry_booked_under_another_policy_is_not_explained_away(sink: LedgerSink, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("charges: last_shipment\n")
    report = json.loads(_show(sink, KEY, "--json").stdout)
    invoice = next(line["entry"] for line in report["entries"] if line["entry"]["entry_kind"] == "invoice")
    words = (invoice["entry_id"], "--order", KEY, "--policy", str(policy))
    (entry,) = json.loads(_explain(sink, *words, "--json").stdout)["entries"]
    assert entry["explained"] is False
    assert [leg["amount"] for leg in entry["postings"]] == [leg["amount"] for leg in invoice["postings"]]
    assert all(leg["why"] is None for leg in entry["postings"])
    assert "NOT EXPLAINED" in _explain(sink, *words).stdout


def test_an_id_that_the_order_does_not_have_is_exit_1(sink: LedgerSink) -> None:
    done = _explain(sink, "nothing", "--order", KEY)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no event and no entry has the id nothing" in done.stderr


def test_an_unknown_order_is_exit_1(sink: LedgerSink) -> None:
    done = _show(sink, "acme:shopify:main:nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing is known of order acme:shopify:main:nobody" in done.stderr


def test_an_unknown_language_is_exit_2(sink: LedgerSink) -> None:
    assert _show(sink, KEY, "--lang", "fr").returncode == 2
