"""The posting state machine with real connectors over real sockets, against stand-ins of vendors that fail one call in five."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from sinks.connectors.catalogue import kind_of
from sinks.external.access import Access
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.port import Connector
from sinks.posting.access import limits_of
from sinks.posting.clock import SECOND
from tests.posting_faults import FaultCounts, FaultRun, KillPlan, VirtualClock, post_all
from tests.posting_store_cases import document
from tests.standins import journals
from tests.standins.frame import RunningStandin, running
from tests.standins.quickbooks import REALM
from tests.standins.xero import TENANT

pytestmark = pytest.mark.slow
DOCUMENTS = 450
ORDERS = 3
"""So few, each of many documents, keep batches small and calls many."""
FAULTS: Mapping[str, int] = {"drop_after": 3, "gateway": 2, "drop_before": 3, "throttled": 4, "busy": 4, "fault_in_200": 2, "expired": 2}
"""20 calls of a hundred fail, 5 of them after they have booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """How a stand-in is had: debit and credit account, currency, and a day that is open there."""

    debit: str
    credit: str
    day: str
    currency: str = "EUR"
    options: Mapping[str, str] = field(default_factory=dict)


VENDORS = {
    "zoho_books": Vendor(debit=journals.ACCOUNTS["clearing"], credit=journals.ACCOUNTS["revenue"], day=journals.OPEN_DAY),
    "xero": Vendor(debit="620", credit="200", day="2025-06-15", options={"tenant_id": TENANT}),
    "quickbooks": Vendor(debit="91", credit="79", day="2025-06-15", currency="USD", options={"realm_id": REALM, "home_currency": "USD"}),
}


class CountedTokens:
    """Access whose token is `token-1`, `token-2` ... or, where only one is good, that one."""

    def __init__(self, only: str | None) -> None:
        self._only = only
        self._number = 1

    async def token(self) -> str:
        """The token that is good for now."""
        return self._only or f"token-{self._number}"

    async def refused(self, token: str) -> None:
        """On to the next."""
        self._number += 1


def _documents(vendor: Vendor, count: int) -> list[LedgerDocument]:
    made = []
    for number in range(count):
        needs = (f"d{number - ORDERS}",) if number >= ORDERS else ()
        plain = document(f"d{number}", group=f"order-{number % ORDERS}", sequence=number // ORDERS, needs=needs)
        amount = 100 + number
        lines = (
            LedgerLine(account=vendor.debit, role="psp_clearing:try", amount=amount, description="debit ñ"),
            LedgerLine(account=vendor.credit, role="revenue:goods", amount=-amount, description="credit"),
        )
        made.append(replace(plain, date=vendor.day, currency=vendor.currency, lines=lines, reference=f"try-{number}"))
    return made


def _connector(kind_name: str, standin: RunningStandin, access: Access) -> Connector:
    kind = kind_of(kind_name)
    assert kind is not None
    options = VENDORS[kind_name].options or kind.sandbox().options
    return kind.make(Connection(name="try", kind=kind_name, base_url=standin.base_url, options=options), access)


async def _once_each(kind_name: str, documents: int, tmp_path: Path) -> FaultCounts:
    """Post so many documents and check that each stands once, that nothing broke the vendor's contract, its quota or its Retry-After."""
    vendor, kind = VENDORS[kind_name], kind_of(kind_name)
    assert kind is not None
    with running(f"tests.standins.{kind_name}") as standin:
        standin.set(faults={"seed": 21, "percent": dict(FAULTS)})

        def make(access: Access, _: VirtualClock) -> Connector:
            return _connector(kind_name, standin, access)

        run = FaultRun(
            url=f"sqlite:///{tmp_path / 'postings.sqlite'}",
            make=make,
            held=standin.held,
            documents=_documents(vendor, documents),
            access=CountedTokens(None if kind_name == "quickbooks" else "good-token"),
            limits=limits_of(Connection(name="try", kind=kind_name), kind.capabilities.limits),
            seed=21,
            kills=KillPlan(per_ten_thousand=20, random=Random(21)),
        )
        counts = await post_all(run)
        state = standin.state()
    assert state["refusals"] == []
    assert state["calls"]["drop_after"] > documents // 100
    assert (counts.lost, counts.doubled, counts.unknown, dict(counts.parked), counts.posted) == (0, 0, 0, {}, documents)
    assert counts.log.most_within(60 * SECOND) <= (run.limits.per_minute or documents * 10)
    assert counts.log.most_in_a_day() <= (run.limits.per_day or documents * 10)
    assert (counts.early, counts.worst_share < 0.1) == (0, True)
    return counts


@pytest.mark.parametrize(
    "kind_name", [name if name == "zoho_books" else pytest.param(name, marks=pytest.mark.soak) for name in sorted(VENDORS)]
)
async def test_one_call_in_five_fails_and_each_document_stands_once(kind_name: str, tmp_path: Path) -> None:
    counts = await _once_each(kind_name, DOCUMENTS, tmp_path)
    assert counts.kills > 0


@pytest.mark.soak
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize(("kind_name", "documents"), [("zoho_books", 4_400), ("xero", 13_800), ("quickbooks", 13_800)])
async def test_five_thousand_calls(kind_name: str, documents: int, tmp_path: Path) -> None:
    counts = await _once_each(kind_name, documents, tmp_path)
    assert counts.posts >= 5_000
