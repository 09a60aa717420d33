"""Ledgers that are previews, failing in every way their stand-ins can: nothing lost, nothing doubled, however often the poster dies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from sinks.connectors.catalogue import ConnectorKind, kind_of
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument, LedgerLine
from tests.fixed_access import FixedAccess
from tests.posting_faults import FaultCounts, FaultRun, KillPlan, post_all
from tests.posting_store_cases import document
from tests.standins.frame import Fault, RunningStandin, running
from tests.standins.journals import OPEN_DAY

pytestmark = pytest.mark.slow
KINDS = ("freshbooks", "netsuite", "odoo", "oracle_fusion", "sage", "sap_s4hana", "wave")
SET_UP = {"oracle_fusion": {"looks": 3}}
"""What a stand-in is told before: an import of Fusion's is not over at the first look."""
FAULTS = {
    Fault.DROP_AFTER: 5,
    Fault.DROP_BEFORE: 3,
    Fault.THROTTLED: 3,
    Fault.BUSY: 3,
    Fault.GATEWAY: 2,
    Fault.FAULT_IN_200: 2,
    Fault.EXPIRED: 2,
}
"""Of a hundred calls that book: 20 in all, seven of them after they were booked."""
DOCUMENTS = 120
"""With what is sent again, some 150 calls that book."""
SOAK_DOCUMENTS = 4_800
CALLS = 5_000


@dataclass(frozen=True)
class Ledger:
    """A kind and its stand-in."""

    kind: str
    standin: RunningStandin

    @property
    def capabilities(self) -> Capabilities:
        """Of the kind."""
        return _kind(self.kind).capabilities


def _kind(name: str) -> ConnectorKind:
    kind = kind_of(name)
    assert kind is not None
    return kind


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Each of them in a process of its own."""
    with running(f"tests.standins.{request.param}") as standin:
        yield Ledger(request.param, standin)


def _document(number: int) -> LedgerDocument:
    one = document(f"d{number}", group=f"order-{number}", sequence=1)
    lines = tuple(
        LedgerLine(account=account, role=role, amount=amount, description=role)
        for account, role, amount in (("1100", "psp_clearing", 100 + number), ("4000", "revenue", -number), ("1200", "receivable", -100))
        if amount
    )
    return replace(one, date=f"{OPEN_DAY[:8]}{1 + number % 28:02}", currency="EUR", currency_exponent=2, lines=lines)


async def _run(ledger: Ledger, folder: Path, count: int, kills: int) -> FaultCounts:
    ledger.standin.set(faults={"seed": 11, "percent": FAULTS}, **SET_UP.get(ledger.kind, {}))
    kind = _kind(ledger.kind)
    connection = Connection(name="books", kind=ledger.kind, base_url=ledger.standin.base_url, options=kind.sandbox().options)
    counts = await post_all(
        FaultRun(
            url=f"sqlite:///{folder / 'postings.sqlite'}",
            make=lambda access, _: kind.make(connection, access),
            held=ledger.standin.held,
            documents=[_document(number) for number in range(count)],
            access=FixedAccess("good-token"),
            limits=kind.capabilities.limits,
            seed=3,
            kills=KillPlan(per_ten_thousand=kills, random=Random(5)),
        )
    )
    state = ledger.standin.state()
    assert state["refusals"] == []
    return counts


def _assert_each_once(ledger: Ledger, counts: FaultCounts, count: int) -> None:
    assert (counts.lost, counts.doubled, counts.unknown, counts.rejected, counts.early) == (0, 0, 0, 0, 0)
    if ledger.capabilities.findable:
        assert (counts.posted, counts.parked) == (count, {})
        assert counts.finds > 0
    else:
        assert set(counts.parked) == {"uncertain"}
        assert counts.posted + counts.parked["uncertain"] == count
        assert counts.posted > count * 3 // 4
        assert counts.finds == 0


async def test_nothing_is_lost_and_nothing_doubled(ledger: Ledger, tmp_path: Path) -> None:
    counts = await _run(ledger, tmp_path, DOCUMENTS, kills=15)
    assert counts.kills > 0
    _assert_each_once(ledger, counts, DOCUMENTS)


@pytest.mark.soak
@pytest.mark.timeout(3_000)
async def test_five_thousand_calls(ledger: Ledger, tmp_path: Path) -> None:
    counts = await _run(ledger, tmp_path, SOAK_DOCUMENTS, kills=5)
    calls = ledger.standin.state()["calls"]
    print(  # noqa: T201
        f"{ledger.kind}: calls that book {sum(calls.values())}: {calls}; look-ups {counts.finds}, deaths {counts.kills}, "
        f"lost {counts.lost}, doubled {counts.doubled}, parked {dict(counts.parked)}, {counts.hours:.1f} hours"
    )
    assert sum(calls.values()) >= CALLS
    assert calls["drop_after"] > sum(calls.values()) // 25
    _assert_each_once(ledger, counts, SOAK_DOCUMENTS)
