"""Xero behind a bad network: every document once, whatever fails, and what was asked for is respected."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from sinks.connectors.xero.client import XeroCalls
from sinks.connectors.xero.ledger import CAPABILITIES, XeroLedger
from sinks.external.access import Access
from sinks.external.capabilities import CallLimits
from sinks.external.documents import DocumentKind, LedgerDocument, Settlement
from tests.fixed_access import FixedAccess
from tests.posting_faults import CallLog, FaultCounts, FaultRun, VirtualClock, post_all
from tests.standins.frame import RunningStandin, running
from tests.standins.xero import TENANT
from tests.unit.sinks_xero.documents import document, line

pytestmark = pytest.mark.slow
ORDERS = 30
"""Orders of seven documents, in one call each; `make soak-ledgers` sets more."""
NAMESPACE = UUID("3e3b0f0a-5a43-5a7a-8b5f-0c1d2e3f4a5b")
FAULTS = {"drop_after": 3, "gateway": 2, "drop_before": 4, "throttled": 4, "busy": 3, "fault_in_200": 2, "expired": 2}
"""Twenty calls of a hundred fail, five of them after they were booked."""
K = DocumentKind


@pytest.fixture(scope="module")
def standin() -> Iterator[RunningStandin]:
    with running("tests.standins.xero") as process:
        yield process


class _OneByOne(XeroLedger):
    """As if every document waited alone."""

    capabilities = replace(CAPABILITIES, batch_documents_max=1)


def _order(number: int) -> list[LedgerDocument]:
    """An order's documents: an invoice that is paid and credited, a credit note that is refunded, journals."""

    def one(name: str, sequence: int, kind: DocumentKind, **values: object) -> LedgerDocument:
        made = document(kind, group=f"acme:shop:main:{number}", sequence=sequence, reference=f"{name}-{number}", **values)
        return replace(made, key=str(uuid5(NAMESPACE, f"{name} {number}")), date=f"2025-06-{1 + number % 28:02}")

    def settling(name: str, sequence: int, kind: DocumentKind, about: LedgerDocument, amount: int, **values: object) -> LedgerDocument:
        settles = Settlement(key=about.key, reference=about.reference, amount=amount)
        return one(name, sequence, kind, settles=settles, depends_on=(about.key,), **values)

    amount = 2000 + number
    invoice = one("invoice", 1, K.INVOICE, lines=(line("200", amount, "mug"),))
    credited = one("credited", 3, K.CREDIT_NOTE, lines=(line("205", 500, "mug"),))
    refunded = one("refunded", 5, K.CREDIT_NOTE, lines=(line("205", 300, "mug"),))
    source = Settlement(key=credited.key, reference=credited.reference, amount=500)
    allocation = settling("allocation", 4, K.ALLOCATION, invoice, 500, source=source)
    return [
        invoice,
        settling("payment", 2, K.PAYMENT, invoice, amount - 500),
        credited,
        replace(allocation, depends_on=(invoice.key, credited.key)),
        refunded,
        settling("refund", 6, K.REFUND, refunded, 300),
        one("cost", 7, K.JOURNAL, lines=(line("310", number + 1), line("630", -number - 1))),
    ]


def _held(standin: RunningStandin, documents: list[LedgerDocument]) -> Mapping[str, int]:
    """Key -> how often; an allocation has no key there, the documents that it joins say which it is."""
    joined = {f"{one.source.key}>{one.settles.key}": one.key for one in documents if one.source and one.settles}
    return {joined.get(key, key): count for key, count in standin.held().items()}


async def _run(standin: RunningStandin, folder: Path, orders: int, ledger: type[XeroLedger], limits: CallLimits) -> FaultCounts:
    standin.reset()
    standin.set(faults={"seed": 3, "percent": FAULTS})
    documents = [one for number in range(orders) for one in _order(number)]

    def connector(access: Access, clock: VirtualClock) -> XeroLedger:
        return ledger(XeroCalls(standin.base_url, TENANT, access), TENANT, "EUR")

    run = FaultRun(
        url=f"sqlite:///{folder / 'postings.db'}",
        make=connector,
        held=lambda: _held(standin, documents),
        documents=documents,
        access=FixedAccess("good-token"),
        limits=limits,
    )
    counts = await post_all(run)
    state = standin.state()
    assert state["refusals"] == []
    assert set(state["calls"]) >= {"drop_after", "throttled", "busy", "expired", "fault_in_200"}, "too few calls for every fault"
    print(f"{len(documents)} documents, {len(counts.log.left_at)} calls, {state['calls']}, {replace(counts, log=CallLog())}")  # noqa: T201
    return counts


def _assert_each_once(counts: FaultCounts, documents: int) -> None:
    assert (counts.lost, counts.doubled, counts.unknown, counts.parked, counts.rejected) == (0, 0, 0, {}, 0)
    assert counts.posted == documents
    assert counts.early == 0
    assert counts.worst_share < 0.1


async def test_alone_each_document_stands_once(standin: RunningStandin, tmp_path: Path) -> None:
    orders = int(os.environ.get("LEDGER_ORDERS", ORDERS))
    counts = await _run(standin, tmp_path, orders, _OneByOne, CAPABILITIES.limits)
    _assert_each_once(counts, orders * 7)
    assert counts.posts >= orders * 7
    assert counts.log.most_within(60_000_000) <= 60
    assert counts.log.most_in_a_day() <= 5000


async def test_in_batches_each_document_stands_once(standin: RunningStandin, tmp_path: Path) -> None:
    orders = 2 * int(os.environ.get("LEDGER_ORDERS", ORDERS))
    counts = await _run(standin, tmp_path, orders, XeroLedger, CAPABILITIES.limits)
    _assert_each_once(counts, orders * 7)
    assert counts.posts < orders * 7 // 2
