"""A real Tryton behind a bad network: every document once, whatever fails and however often the poster dies; waits are as asked for."""

import logging
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from asiento.accounting.money import major_units_text
from sinks.connectors.tryton.client import TrytonClient
from sinks.connectors.tryton.ledger import TrytonLedger
from sinks.external.access import Access
from sinks.external.capabilities import CallLimits
from sinks.external.documents import LedgerDocument
from sinks.external.effects import effects
from sinks.external.results import Throttled
from sinks.posting.clock import SECOND
from tests.fault_proxy import FaultProxy
from tests.fixed_access import FixedAccess
from tests.posting_faults import CallLog, FaultCounts, FaultRun, KillPlan, VirtualClock, post_all
from tests.standins.frame import Fault, Faults
from tests.tryton_server import TrytonBooks, TrytonServer
from tests.unit.sinks_tryton.documents import journal, line

pytestmark = pytest.mark.soak
LOG = logging.getLogger("tryton")
FAULTS: Mapping[str, int] = {
    Fault.DROP_AFTER: 5,
    Fault.DROP_BEFORE: 3,
    Fault.THROTTLED: 3,
    Fault.BUSY: 2,
    Fault.BAD_GATEWAY: 2,
    Fault.GATEWAY: 2,
    Fault.FAULT_IN_200: 1,
    Fault.EXPIRED: 2,
}
"""Of a hundred calls of any kind, look-ups included: 20 in all, seven of them after Tryton did what it was asked."""
LIMITS = CallLimits(per_second=10, per_minute=300, per_day=10_000)
DOCUMENTS = 120
SOAK_DOCUMENTS = 4_600
CALLS = 5_000
POSTED = "SELECT description FROM account_move WHERE state = 'posted'"
OTHERS = "SELECT id FROM account_move WHERE state <> 'posted'"


class _Dying:
    """The poster may die before any call leaves, those in the middle of a batch included."""

    def __init__(self, access: Access, kills: KillPlan) -> None:
        self._access = access
        self._kills = kills

    async def token(self) -> str:
        """See `Access.token`."""
        self._kills.maybe()
        return await self._access.token()

    async def refused(self, token: str) -> None:
        """See `Access.refused`."""
        await self._access.refused(token)


def _document(number: int) -> LedgerDocument:
    lines = (line("psp_clearing", 101 + number), line("revenue", -1 - number), line("tax_payable", -100))
    return journal(f"fault {number}", *lines, date=f"2026-{1 + number % 12:02}-{1 + number % 28:02}")


def _held(books: TrytonBooks) -> Mapping[str, int]:
    return Counter(key for (text,) in books.rows(POSTED) for key in re.findall(r"([0-9a-f-]{36})\]$", str(text)))


async def _run(
    server: TrytonServer, books: TrytonBooks, folder: Path, documents: list[LedgerDocument], kills: int
) -> tuple[FaultCounts, Counter[str]]:
    """What came of it, and how the calls that book ended."""
    books.empty()
    log, plan, clocks = CallLog(), KillPlan(per_ten_thousand=kills, random=Random(5)), list[VirtualClock]()

    def throttled(seconds: int) -> None:
        log.throttled(clocks[-1].now(), Throttled("429", seconds))

    with FaultProxy(server.port, Faults(seed=11, percent=FAULTS), books=_books, throttled=throttled) as proxy:
        base_url = books.base_url.replace(f":{server.port}/", f":{proxy.port}/")

        def connector(access: Access, clock: VirtualClock) -> TrytonLedger:
            clocks.append(clock)
            return TrytonLedger(TrytonClient(base_url, _Dying(access, plan)), {})

        run = FaultRun(
            url=f"sqlite:///{folder / 'postings.sqlite'}",
            make=connector,
            held=lambda: _held(books),
            documents=documents,
            access=FixedAccess(books.keys.accountant),
            limits=LIMITS,
            seed=3,
            kills=plan,
            log=log,
        )
        counts = await post_all(run)
    LOG.warning(
        f"{len(documents)} documents, calls that book {proxy.calls.total()}: {dict(proxy.calls)}; others {proxy.others.total()}: "
        f"{dict(proxy.others)}; look-ups {counts.finds}, deaths {counts.kills}, lost {counts.lost}, doubled {counts.doubled}, "
        f"early {counts.early}, waits {counts.worst_share:.1%} longer, {log.most_within(60 * SECOND)} calls in a minute, "
        f"{counts.hours:.1f} hours"
    )
    return counts, proxy.calls


def _books(method: str, path: str) -> bool:
    return method == "POST" and "/account.move/" in path and "/post?" in path


def _check(books: TrytonBooks, counts: FaultCounts, documents: list[LedgerDocument]) -> None:
    """Each document stands once in Tryton's database with its amounts, and nothing else does."""
    assert (counts.lost, counts.doubled, counts.unknown, counts.rejected, counts.parked) == (0, 0, 0, 0, {})
    assert counts.posted == len(documents)
    assert _held(books) == {document.key: 1 for document in documents}
    assert len(books.rows(POSTED)) == len(documents)
    assert books.rows(OTHERS) == []
    expected: Counter[str] = Counter()
    for document in documents:
        expected.update(effects(document))
    assert books.balances() == {code: major_units_text(amount, 2) for code, amount in expected.items() if amount}
    assert counts.early == 0
    assert counts.worst_share < 0.1
    assert counts.log.most_within(SECOND) <= (LIMITS.per_second or 0)
    assert counts.log.most_within(60 * SECOND) <= (LIMITS.per_minute or 0)
    assert counts.log.most_in_a_day() <= (LIMITS.per_day or 0)
    assert min(counts.kills, counts.finds) > 0


async def test_nothing_is_lost_and_nothing_doubled(tryton_server: TrytonServer, tryton_books: TrytonBooks, tmp_path: Path) -> None:
    documents = [_document(number) for number in range(DOCUMENTS)]
    counts, _ = await _run(tryton_server, tryton_books, tmp_path, documents, kills=20)
    _check(tryton_books, counts, documents)


@pytest.mark.timeout(7_200)
async def test_five_thousand_calls(tryton_server: TrytonServer, tryton_books: TrytonBooks, tmp_path: Path) -> None:
    documents = [_document(number) for number in range(SOAK_DOCUMENTS)]
    counts, calls = await _run(tryton_server, tryton_books, tmp_path, documents, kills=10)
    _check(tryton_books, counts, documents)
    assert calls.total() >= CALLS
    assert calls[Fault.DROP_AFTER] > calls.total() // 25
