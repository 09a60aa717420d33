"""Documents and books for the tests of plain-text ledgers, and what hledger itself says of a book."""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import orjson

from asiento.accounting.journal import JournalEntry
from sinks.connectors.beancount.rendering import Beancount
from sinks.connectors.hledger.rendering import Hledger
from sinks.connectors.plain_files.book import Book, BookOptions
from sinks.connectors.plain_files.dialect import Dialect
from sinks.connectors.plain_files.program import CheckProgram
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.results import Posted
from sinks.plaintext.account_names import account_name

DIALECTS: Mapping[str, Dialect] = {"beancount": Beancount(), "hledger": Hledger()}
NO_CHECK = "true"
"""A program that accepts everything, for tests of what is not about checking."""


def document(
    number: int, *, date: str = "2025-06-15", amount: int = 1050, currency: str = "EUR", exponent: int = 2, **more: Any
) -> LedgerDocument:
    """Dr clearing / Cr revenue, under a key of its number."""
    made = LedgerDocument(
        key=str(uuid5(NAMESPACE_OID, f"document {number}")),
        kind=DocumentKind.JOURNAL,
        entry_ids=(str(uuid5(NAMESPACE_OID, f"entry {number}")),),
        legal_entity="ACME",
        group=f"acme:shop:main:{number // 3}",
        sequence=number % 3 + 1,
        reference=f"journal-{number}",
        date=date,
        currency=currency,
        currency_exponent=exponent,
        memo=f"sale {number}",
        lines=(
            LedgerLine(account="Assets:PspClearing:Stripe", role="psp_clearing:stripe", amount=amount, description=f"sale {number}"),
            LedgerLine(account="Income:Revenue:Mugs", role="revenue:mugs", amount=-amount, description=f"sale {number}"),
        ),
    )
    return replace(made, **more)


def journal_of(entry: JournalEntry) -> LedgerDocument:
    """An entry as the journal that it becomes where accounts are named after their roles."""
    lines = tuple(
        LedgerLine(
            account=account_name(posting.account),
            role=posting.account,
            amount=posting.amount if posting.side == "DEBIT" else -posting.amount,
            description=entry.memo,
            dimensions=posting.dimensions,
        )
        for posting in entry.postings
    )
    return LedgerDocument(
        key=str(uuid5(NAMESPACE_OID, f"document of {entry.entry_id}")),
        kind=DocumentKind.JOURNAL,
        entry_ids=(entry.entry_id,),
        legal_entity=entry.legal_entity,
        group=entry.order_key,
        sequence=entry.entry_seq,
        reference=f"{entry.entry_kind}-{entry.entry_id}",
        date=entry.posting_date,
        currency=entry.currency,
        currency_exponent=entry.currency_exponent,
        memo=entry.memo,
        lines=lines,
    )


def book(folder: Path, dialect: Dialect, command: str = NO_CHECK, **options: Any) -> Book:
    """A book as a process opens it."""
    return Book(BookOptions(folder=folder, **options), dialect, CheckProgram(dialect, command, folder))


def posted(into: Book, documents: Sequence[LedgerDocument]) -> Sequence[Posted]:
    """The answers, all of which must be `Posted`."""
    answers = into.post(documents)
    good = [answer for answer in answers if isinstance(answer, Posted)]
    assert len(good) == len(documents), next(answer for answer in answers if not isinstance(answer, Posted))
    return good


def texts(folder: Path) -> Mapping[str, bytes]:
    """All files of a book but the manifest and the lock."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in ("manifest.json", ".lock")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def keys_in(folder: Path) -> Counter[str]:
    """Key -> how often it stands in the files that a main file includes, by a plain search."""
    found: Counter[str] = Counter()
    for main in folder.glob("main.*"):
        for name in re.findall(r'^include "?([^"\n]+)"?$', main.read_text(encoding="utf-8"), re.MULTILINE):
            found.update(re.findall(r'^ +(?:; )?key: "?([0-9a-f-]{36})"?$', (folder / name).read_text(encoding="utf-8"), re.MULTILINE))
    return found


def sums_of(documents: Iterable[LedgerDocument]) -> Mapping[tuple[str, str], int]:
    """(account, currency) -> minor units, added up here; zeros left out."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in documents:
        for line in one.lines:
            sums[line.account, one.currency] += line.amount
    return {place: amount for place, amount in sums.items() if amount}


def hledger_sums(hledger: str, main: Path, exponents: Mapping[str, int]) -> Mapping[tuple[str, str], int]:
    """(account, currency) -> minor units, as hledger adds a journal up; zeros left out."""
    command = [hledger, "-f", str(main), "balance", "--flat", "--no-total", "-O", "json"]
    run = subprocess.run(command, capture_output=True, check=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    rows, _ = orjson.loads(run.stdout)
    sums = {}
    for name, _, _, amounts in rows:
        for amount in amounts:
            quantity, currency = amount["aquantity"], amount["acommodity"]
            minor, rest = divmod(quantity["decimalMantissa"] * 10 ** exponents[currency], 10 ** quantity["decimalPlaces"])
            assert rest == 0
            sums[name, currency] = minor
    return {place: amount for place, amount in sums.items() if amount}
