"""Ledgers that are previews, failing in every way their stand-ins can: nothing lost, nothing doubled, however often the poster dies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from sinks.connectors.catalogue import ConnectorKind, kind_of
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.posting.clock import SECOND
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
COMPANIES = {"freshbooks": 10}
"""Of a soak, one after the other, where a look-up reads the whole list of a company: its length would be paid for at each lost answer."""


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


async def _run(ledger: Ledger, folder: Path, count: int, kills: int, company: int = 0) -> FaultCounts:
    ledger.standin.reset()
    ledger.standin.set(faults={"seed": 11 + company, "percent": FAULTS}, **SET_UP.get(ledger.kind, {}))
    kind = _kind(ledger.kind)
    connection = Connection(name="books", kind=ledger.kind, base_url=ledger.standin.base_url, options=kind.sandbox().options)
    counts = await post_all(
        FaultRun(
            url=f"sqlite:///{folder / f'postings-{company}.sqlite'}",
            make=lambda access, _: kind.make(connection, access),
            held=ledger.standin.held,
            documents=[_document(number) for number in range(count)],
            access=FixedAccess("good-token"),
            limits=kind.capabilities.limits,
            seed=3 + company,
            kills=KillPlan(per_ten_thousand=kills, random=Random(5 + company)),
        )
    )
    state = ledger.standin.state()
    assert state["refusals"] == []
    return counts


def _assert_each_once(ledger: Ledger, counts: FaultCounts, count: int) -> None:
    assert (counts.lost, counts.doubled, counts.unknown, counts.rejected, counts.early) == (0, 0, 0, 0, 0)
    assert counts.worst_share < 0.1
    limits = ledger.capabilities.limits
    assert limits.per_minute is None or counts.log.most_within(60 * SECOND) <= limits.per_minute
    assert limits.per_day is None or counts.log.most_in_a_day() <= limits.per_day
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
    companies = COMPANIES.get(ledger.kind, 1)
    calls, finds, deaths, worst = Counter[str](), 0, 0, 0.0
    for company in range(companies):
        counts = await _run(ledger, tmp_path, SOAK_DOCUMENTS // companies, kills=5, company=company)
        _assert_each_once(ledger, counts, SOAK_DOCUMENTS // companies)
        calls.update(ledger.standin.state()["calls"])
        finds, deaths, worst = finds + counts.finds, deaths + counts.kills, max(worst, counts.worst_share)
    print(  # noqa: T201
        f"{ledger.kind}: calls that book {calls.total()} in companies {companies}: {dict(calls)}; look-ups {finds}, deaths {deaths}, "
        f"each document once, waits at most {worst:.0%} longer than asked for"
    )
    assert calls.total() >= CALLS
    assert calls["drop_after"] > calls.total() // 25
    assert deaths > 0
