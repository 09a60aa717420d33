"""QuickBooks failing in every way it can, a poster that dies: nothing is lost, nothing doubled, the books come to the documents."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sinks.connectors.quickbooks.ledger import CAPABILITIES, QuickBooksLedger
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, Settlement
from sinks.external.effects import effects
from sinks.posting.clock import SECOND
from tests.contract import test_quickbooks_ledger as quickbooks
from tests.posting_faults import FaultCounts, FaultRun, KillPlan, post_all
from tests.standins.frame import Fault, RunningStandin, running

FAULTS = {
    Fault.DROP_AFTER: 5,
    Fault.DROP_BEFORE: 2,
    Fault.THROTTLED: 3,
    Fault.BUSY: 3,
    Fault.GATEWAY: 2,
    Fault.FAULT_IN_200: 3,
    Fault.EXPIRED: 2,
}
"""Of a hundred calls that book: 20 in all."""
ORDERS = 60
CALLS = 5_000
ORDERS_OF_CALLS = 900
"""Five documents each, one call each, and what fails once more."""


ITEM_ACCOUNTS = {"80": "79"}
"""All lines of sales here are of the one item that books to 79."""


def order(number: int) -> Iterator[LedgerDocument]:
    """An order of five documents: a journal, an invoice, its payment, a credit note, and that against the rest of the invoice."""
    ledger = quickbooks.TestQuickBooks()
    journal = ledger.journal(f"capture {number}", amount=100 + number)
    invoice = ledger.invoice(f"invoice {number}")
    payment = ledger.settling(f"payment {number}", DocumentKind.PAYMENT, invoice, 1500)
    note = ledger.invoice(f"note {number}", 500, DocumentKind.CREDIT_NOTE)
    allocation = replace(
        ledger.settling(f"allocation {number}", DocumentKind.ALLOCATION, invoice, 500),
        account=None,
        account_role=None,
        depends_on=(invoice.key, note.key),
        source=Settlement(key=note.key, reference=note.reference, amount=500),
    )
    for sequence, document in enumerate((journal, invoice, payment, note, allocation)):
        yield replace(document, group=f"order-{number}", sequence=sequence)


@pytest.fixture
def standin() -> Iterator[RunningStandin]:
    """A company that fails often."""
    with running("tests.standins.quickbooks") as found:
        yield found


class OneByOne(QuickBooksLedger):
    """The connector without batches."""

    @property
    def capabilities(self) -> Capabilities:
        """All but batches."""
        return replace(super().capabilities, batch_documents_max=1)


async def run(standin: RunningStandin, folder: Path, orders: int, *, kills: int, kind: type[QuickBooksLedger]) -> FaultCounts:
    """Post so many orders; checks what must be so however many they are."""
    standin.set(faults={"seed": 7, "percent": FAULTS})
    documents = [document for number in range(orders) for document in order(number)]
    connection = Connection(
        name="qbo", kind="quickbooks", base_url=standin.base_url, options={"realm_id": "1234567890", "home_currency": "USD"}
    )
    counts = await post_all(
        FaultRun(
            url=f"sqlite:///{folder / 'postings.sqlite'}",
            make=lambda access, _: kind(connection, access),
            held=standin.held,
            documents=documents,
            access=quickbooks.FreshTokens(),
            limits=CAPABILITIES.limits,
            seed=3,
            kills=KillPlan(per_ten_thousand=kills, random=Random(5)),
        )
    )
    assert (counts.lost, counts.doubled, counts.unknown, counts.parked, counts.rejected) == (0, 0, 0, {}, 0)
    assert counts.posted == len(documents)
    assert counts.log.most_within(SECOND) <= 10
    assert counts.log.most_within(60 * SECOND) <= 40
    assert counts.early == 0
    assert counts.worst_share < 0.1
    state = standin.state()
    assert state["refusals"] == []
    await _books_come_to(standin, documents)
    return counts


async def _books_come_to(standin: RunningStandin, documents: list[LedgerDocument]) -> None:
    expected: Counter[str] = Counter()
    for document in documents:
        lines = tuple(replace(line, account=ITEM_ACCOUNTS.get(line.account, line.account)) for line in document.lines)
        expected.update(effects(replace(document, lines=lines)))
    connector = quickbooks.connect(standin)
    balances = await connector.balances("2026-12-31")
    assert {account: amount for (account, _), amount in balances.items() if amount} == {
        code: sum_ for code, sum_ in expected.items() if sum_
    }
    await connector.close()


async def test_nothing_is_lost_and_nothing_doubled(standin: RunningStandin, tmp_path: Path) -> None:
    counts = await run(standin, tmp_path, ORDERS, kills=20, kind=QuickBooksLedger)
    assert counts.kills > 0
    assert counts.finds > 3


@pytest.mark.soak
@pytest.mark.timeout(1_500)
async def test_five_thousand_calls(standin: RunningStandin, tmp_path: Path) -> None:
    counts = await run(standin, tmp_path, ORDERS_OF_CALLS, kills=5, kind=OneByOne)
    calls = standin.state()["calls"]
    print(f"calls that book {sum(calls.values())}: {calls}; look-ups {counts.finds}, deaths {counts.kills}, {counts.hours:.1f} hours")  # noqa: T201
    assert sum(calls.values()) >= CALLS
    assert calls["drop_after"] > CALLS // 25
