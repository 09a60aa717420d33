"""The plain-text forms: golden files, exact amounts, and the real programs where they are installed."""

import csv
import io
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asiento.accounting.journal import JournalEntry, Posting
from schemas.entries import HashedEntry, entry_from_json
from sinks.plaintext.account_names import account_of_name
from sinks.plaintext.beancount import render_beancount
from sinks.plaintext.comma_separated import render_csv
from sinks.plaintext.hledger import render_hledger
from sinks.plaintext.json_lines import render_json_lines
from tests.unit.sinks.journal import capture, hashed
from tests.unit.sinks_plaintext.journals import awkward, small_journal

GOLDEN = Path(__file__).parent / "golden"
RENDERERS: dict[str, Callable[[Iterable[HashedEntry]], Iterator[str]]] = {
    "journal.beancount": render_beancount,
    "journal.hledger": render_hledger,
    "journal.csv": render_csv,
    "journal.jsonl": render_json_lines,
}
LEG = re.compile(r"^ +(?P<name>[A-Z][A-Za-z]+(?::[A-Za-z0-9-]+)+)  (?P<amount>-?[0-9]+(?:\.[0-9]+)?) (?P<currency>[A-Z]{3})(?:  ;.*)?$")


def rendered(name: str, entries: Iterable[HashedEntry]) -> str:
    return "".join(RENDERERS[name](entries))


@pytest.mark.parametrize("name", RENDERERS)
def test_golden_file(name: str) -> None:
    assert rendered(name, small_journal()) == (GOLDEN / name).read_bytes().decode()


def entry_with(amounts: tuple[int, ...], exponent: int) -> JournalEntry:
    legs = tuple(Posting(account=f"revenue:c{number}", side="CREDIT", amount=amount) for number, amount in enumerate(amounts))
    total = Posting(account="accounts_receivable", side="DEBIT", amount=sum(amounts))
    currency = {0: "JPY", 2: "EUR", 3: "KWD", 4: "CLF"}[exponent]
    return replace(capture(), currency=currency, currency_exponent=exponent, postings=(total, *legs))


AMOUNTS = st.lists(st.integers(1, 10**15), min_size=1, max_size=4).map(tuple)


@given(AMOUNTS, st.sampled_from([0, 2, 3, 4]))
def test_amounts_come_back_exactly_and_sum_to_zero(amounts: tuple[int, ...], exponent: int) -> None:
    entry = entry_with(amounts, exponent)
    expected = {posting.account: posting.amount if posting.side == "DEBIT" else -posting.amount for posting in entry.postings}
    for name in ("journal.beancount", "journal.hledger"):
        legs = [found for line in rendered(name, [hashed(entry)]).splitlines() if (found := LEG.match(line))]
        read = {account_of_name(leg["name"]): Decimal(leg["amount"]).scaleb(exponent) for leg in legs}
        assert read == expected
        assert sum(Decimal(leg["amount"]) for leg in legs) == 0
        assert {leg["currency"] for leg in legs} == {entry.currency}
    rows = list(csv.DictReader(io.StringIO(rendered("journal.csv", [hashed(entry)]), newline="")))
    assert {row["account"]: (Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)).scaleb(exponent) for row in rows} == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_memo_stays_one_transaction(memo: str) -> None:
    entry = hashed(replace(awkward(), memo=memo))
    plain = rendered("journal.hledger", [entry])
    assert sum(1 for line in plain.split("\n") if LEG.match(line)) == 2
    assert len([line for line in plain.split("\n") if line.startswith("2025-07-01")]) == 1
    rows = list(csv.DictReader(io.StringIO(rendered("journal.csv", [entry]), newline="")))
    assert {row["memo"].removeprefix("'") for row in rows} == {memo.removeprefix("'")}


def test_a_spreadsheet_runs_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(rendered("journal.csv", [hashed(awkward())]), newline="")))
    assert {row["memo"][0] for row in rows} == {"'"}


def test_json_lines_give_the_entries_back() -> None:
    lines = rendered("journal.jsonl", small_journal()).splitlines()
    assert tuple(entry_from_json(orjson.loads(line)) for line in lines) == small_journal()


def test_json_lines_show_the_hash_it_was_booked_with() -> None:
    altered = HashedEntry(entry=capture(), content_hash="0" * 64)
    assert orjson.loads(rendered("journal.jsonl", [altered]))["content_hash"] == "0" * 64


def test_hledger_reads_it(hledger: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.hledger"
    journal.write_text(rendered("journal.hledger", small_journal()), encoding="utf-8")
    utf8 = {"LANG": "C.UTF-8"}
    run = subprocess.run([hledger, "-f", str(journal), "check"], capture_output=True, text=True, check=False, env=utf8)
    assert run.returncode == 0, run.stderr
    command = [hledger, "-f", str(journal), "balance", "-N", "--flat", "-O", "csv"]
    balance = subprocess.run(command, capture_output=True, text=True, check=True, env=utf8).stdout
    balances = {name: set(amounts.split(", ")) for name, amounts in csv.reader(io.StringIO(balance))}
    assert balances["Assets:AccountsReceivable"] == {"116.00 MXN", "1160 JPY"}
    assert balances["Assets:PspClearing:Xx-Le-c3-b3n-202"] == {"0.001 KWD"}


def test_a_dimension_does_not_move_its_posting_to_another_day(hledger: str, tmp_path: Path) -> None:
    """hledger takes a date in brackets for the posting's own."""
    first, second = awkward().postings
    entry = replace(awkward(), postings=(replace(first, dimensions=(("store", "[2025-12-31]"),)), second))
    journal = tmp_path / "journal.hledger"
    journal.write_text(rendered("journal.hledger", [hashed(entry)]), encoding="utf-8")
    run = subprocess.run(
        [hledger, "-f", str(journal), "register", "-O", "csv"], capture_output=True, text=True, check=True, env={"LANG": "C.UTF-8"}
    )
    assert {row["date"] for row in csv.DictReader(io.StringIO(run.stdout))} == {entry.posting_date}


def test_bean_check_accepts_it(bean_check: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.beancount"
    journal.write_text(rendered("journal.beancount", small_journal()), encoding="utf-8")
    run = subprocess.run([bean_check, str(journal)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
