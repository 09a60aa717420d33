"""Many orders with all that happens to orders, in both languages: accepted by the programs, balances equal to the minor unit.

ORDERS: how many (default 100; 10 000 with `make soak`). Entries are real ones: lives of orders through the core.
"""

import json
import logging
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.money import CURRENCY_EXPONENTS, major_units_text
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import parse_event_json
from schemas.refusal import Refusal
from sinks.connectors.plain_files.ledger import PlainFilesLedger
from sinks.external.documents import LedgerDocument
from tests.oracle import lives
from tests.unit.sinks_plain_files.books import hledger_sums, journal_of, sums_of
from tests.unit.sinks_plain_files.test_programs import ledger

ORDERS = 100
ORDERS_SOAK = 10_000
MONTHS = 12


@cache
def documents_of(orders: int) -> tuple[LedgerDocument, ...]:
    """The journals of so many orders, over the months of a year, in their order of arrival."""
    return tuple(document for number in range(orders) for document in life_of(number))


def life_of(number: int) -> Iterator[LedgerDocument]:
    """The journals of one order."""
    state: OrderState | None = None
    for told in lives.life(lives.PROFILES[number % len(lives.PROFILES)], number):
        event = parse_event_json(json.dumps(told).encode())
        if isinstance(event, Refusal):
            continue
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decision.state
        for entry in decision.entries:
            yield replace(journal_of(entry), date=f"2025-{number % MONTHS + 1:02}-{number % 28 + 1:02}")


async def post_all(connector: PlainFilesLedger, documents: Sequence[LedgerDocument]) -> str:
    """Posts in calls as large as they may be; what that took of processors, here and in the program."""
    begun, most = os.times(), connector.capabilities.batch_documents_max
    for start in range(0, len(documents), most):
        answers = await connector.post(documents[start : start + most], {})
        assert {type(answer).__name__ for answer in answers} == {"Posted"}
    ended = os.times()
    program = ended.children_user + ended.children_system - begun.children_user - begun.children_system
    return f"{ended.user + ended.system - begun.user - begun.system:.1f} s CPU here and {program:.1f} s in the program"


def bean_check_says(bean_check: str, folder: Path, sums: Mapping[tuple[str, str], int]) -> str:
    """What bean-check has against a book with these balances asserted at its end, without any tolerance."""
    lines = [
        f"2100-01-01 balance {account}  {major_units_text(amount, CURRENCY_EXPONENTS[currency])} ~ 0 {currency}\n"
        for (account, currency), amount in sorted(sums.items())
    ]
    asserting = folder.with_suffix(".beancount")
    asserting.write_text(f'include "{folder.name}/main.beancount"\n{"".join(lines)}', encoding="utf-8")
    run = subprocess.run([bean_check, "--no-cache", str(asserting)], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


async def judge(kind: str, program: str, folder: Path, orders: int) -> None:
    """Post, then compare what the program says with what is added up here."""
    documents = documents_of(orders)
    expected = sums_of(documents)
    connector = ledger(kind, folder, program)
    first = await post_all(connector, documents)
    if kind == "hledger":
        assert hledger_sums(program, folder / "main.journal", CURRENCY_EXPONENTS) == expected
    else:
        assert bean_check_says(program, folder, expected) == ""
        place = max(expected)
        assert "Balance failed" in bean_check_says(program, folder, {**expected, place: expected[place] + 1})
    assert {place: amount for place, amount in (await connector.balances("2100-01-01")).items() if amount} == expected
    again = await post_all(ledger(kind, folder, program), documents)
    files = [path for path in folder.rglob("2*.*") if path.is_file()]
    logging.getLogger(__name__).warning(
        "%s: %d orders, %d journals, %d postings in %d currencies: posted in %s, all again in %s, %d files, %.1f MB",
        *(kind, orders, len(documents), sum(len(one.lines) for one in documents), len({one.currency for one in documents})),
        *(first, again, len(files), sum(path.stat().st_size for path in files) / 1e6),
    )


@pytest.mark.slow
async def test_orders_in_beancount(bean_check: str, tmp_path: Path) -> None:
    await judge("beancount", bean_check, tmp_path / "books", int(os.environ.get("ORDERS", ORDERS)))


@pytest.mark.slow
async def test_orders_in_hledger(hledger: str, tmp_path: Path) -> None:
    await judge("hledger", hledger, tmp_path / "books", int(os.environ.get("ORDERS", ORDERS)))


@pytest.mark.soak
@pytest.mark.timeout(3000)
async def test_ten_thousand_orders_in_beancount(bean_check: str, tmp_path: Path) -> None:
    await judge("beancount", bean_check, tmp_path / "books", ORDERS_SOAK)


@pytest.mark.soak
@pytest.mark.timeout(3000)
async def test_ten_thousand_orders_in_hledger(hledger: str, tmp_path: Path) -> None:
    await judge("hledger", hledger, tmp_path / "books", ORDERS_SOAK)
