"""Journals behind a bad network, for connectors that hold nothing else: through the real poster, against a stand-in's socket."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sinks.connectors.catalogue import kind_of
from sinks.external.access import Access
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.port import Connector
from tests.posting_faults import CallLog, FaultCounts, FaultRun, VirtualClock, post_all
from tests.posting_store_cases import document
from tests.standins.contract_of import GivenToken
from tests.standins.frame import RunningStandin
from tests.standins.journals import ACCOUNTS, OPEN_DAY

JOURNALS = 110
"""Some 150 calls of the gate."""
JOURNALS_SOAK = 4_300
"""More than 5 000 calls that book."""
FAULTS = {"drop_after": 3, "gateway": 2, "drop_before": 4, "throttled": 4, "busy": 3, "fault_in_200": 2, "expired": 2}
"""Twenty calls of a hundred fail, five of them after they were booked."""
NAMESPACE = UUID("9a6f3b52-5c1c-5a6a-9d0e-2b7a4c3d1e0f")


def journals(count: int) -> list[LedgerDocument]:
    """Journals of orders, three each, in their order."""
    return [_journal(number) for number in range(count)]


def _journal(number: int) -> LedgerDocument:
    group, sequence = divmod(number, 3)
    made = document(f"j{number}", group=f"order-{group}", sequence=sequence)
    amount = 1000 + number
    lines = (
        LedgerLine(account=ACCOUNTS["clearing"], role="psp_clearing:try", amount=amount, description="paid & ñ <b>"),
        LedgerLine(account=ACCOUNTS["revenue"], role="revenue", amount=-amount, description='mug, "large"'),
    )
    key = str(uuid5(NAMESPACE, f"journal {number}"))
    return replace(made, key=key, date=OPEN_DAY, currency="EUR", currency_exponent=2, lines=lines, depends_on=())


async def post_journals(standin: RunningStandin, kind_name: str, folder: Path, count: int = JOURNALS, **set_up: Any) -> FaultCounts:
    """Post so many journals to a stand-in that was set up so. What came of it; every request must have kept the vendor's contract."""
    kind = kind_of(kind_name)
    assert kind is not None
    standin.reset()
    standin.set(faults={"seed": 11, "percent": FAULTS}, **set_up)
    documents = journals(count)
    connection = Connection(name="try", kind=kind_name, base_url=standin.base_url, options=kind.sandbox().options)

    def connector(access: Access, clock: VirtualClock) -> Connector:
        del clock
        return kind.make(connection, access)

    run = FaultRun(
        url=f"sqlite:///{folder / 'postings.db'}",
        make=connector,
        held=standin.held,
        documents=documents,
        access=GivenToken("good-token"),
        limits=kind.capabilities.limits,
    )
    counts = await post_all(run)
    state = standin.state()
    assert state["refusals"] == []
    print(f"{kind_name}: {state['calls']}, {replace(counts, log=CallLog())}")  # noqa: T201
    return counts


def assert_each_once(counts: FaultCounts, documents: int = JOURNALS) -> None:
    """None lost, none doubled, none parked, and the ledger left alone when it asked for that."""
    assert (counts.lost, counts.doubled, counts.unknown, counts.parked, counts.rejected) == (0, 0, 0, {}, 0)
    assert counts.posted == documents
    assert counts.early == 0
    assert counts.worst_share < 0.1
