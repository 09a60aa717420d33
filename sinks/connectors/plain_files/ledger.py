"""The connector of a book of text files: one class for all dialects."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.plain_files.blocks import LINES_MAX, Block, block_of
from sinks.connectors.plain_files.book import Book, BookOptions
from sinks.connectors.plain_files.dialect import Dialect, Leg
from sinks.connectors.plain_files.program import CheckProgram, command_problem
from sinks.connectors.plain_files.units import MONTH_CHARACTERS, unit_path
from sinks.external.access import Access
from sinks.external.amounts import minor_units
from sinks.external.capabilities import AccountUse, BatchAnswers, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, RemoteLine, Request
from sinks.external.results import NotSent, Posted, PostResult, Refused

DOCUMENTS_PER_CALL_MAX: Final = 10_000
"""The program reads the whole book for each call, so that calls are few and large."""
OPTIONS: Final = {
    "folder": "the folder of the book, absolute; made where it is not there",
    "check_command": "the program that checks the book, where it is not on the PATH",
    "check": "`book`: the whole book is checked with each batch (default); `changes`: the files that change",
    "chart": "your file of accounts, absolute; only its accounts are taken. Unset: accounts are opened as they are used",
    "closed_until": "the last day that is closed, YYYY-MM-DD",
}
_DAY: Final = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_NO_PATH: Final = re.compile(r"[*?\[\]{}\"\\\x00-\x1f\x7f]")
SINCE_EVER: Final = "0000-00-00"


class PlainFilesLedger:
    """A `Connector`."""

    def __init__(self, options: BookOptions, dialect: Dialect, program: CheckProgram, capabilities: Capabilities) -> None:
        self._options = options
        self._dialect = dialect
        self._book = Book(options, dialect, program)
        self._program = program
        self._capabilities = capabilities
        self._warned = False

    @property
    def capabilities(self) -> Capabilities:
        """As its kind; the name says where there is no program to check with."""
        if self._program.installed:
            return self._capabilities
        return replace(self._capabilities, name=f"{self._capabilities.name} (unchecked: {self._dialect.program} is not installed)")

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:  # noqa: ARG002
        """The text of each transaction, and the file of its month."""
        blocks = [block_of(document, document.digest, self._dialect) for document in documents]
        paths = [unit_path(block.date[:MONTH_CHARACTERS], self._dialect.suffix) for block in blocks]
        return [Request(method="APPEND", path=path, body=block.text, headers={}) for path, block in zip(paths, blocks, strict=True)]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:  # noqa: ARG002
        """The name must be one; what it is used for does not matter."""
        return self._dialect.account_problem(account.code)

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:  # noqa: ARG002
        """Add transactions by one change of the files. Cut off, it goes on to its end: who asks next waits for it."""
        if not self._program.installed and not self._warned:
            self._warned = True
            get_logger().warning(log_events.BOOK_UNCHECKED, folder=str(self._options.folder), program=self._dialect.program)
        return await asyncio.to_thread(self._book.post, documents)

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """Look a transaction up by its key."""
        return await asyncio.to_thread(self._book.find, document)

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The accounts of the chart; without one, those that were opened so far: any other good name is opened when it is used."""
        chart = await asyncio.to_thread(self._book.accounts)
        return [
            RemoteAccount(
                code=account.name,
                name=account.name,
                kind=account.name.partition(":")[0],
                active=account.closed is None,
                currency=next(iter(account.currencies)) if len(account.currencies) == 1 else None,
            )
            for _, account in sorted(chart.accounts.items())
        ]

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """What the option `closed_until` says."""
        end = self._options.closed_until
        return [] if end is None else [ClosedPeriod(start=None, end=end, name="closed_until")]

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Sums of all postings until a day, as they stand in the files."""
        return await asyncio.to_thread(self._balances, as_of)

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """All transactions of these days, with what was written into edited files too."""
        for document in await asyncio.to_thread(lambda: [self._remote(block) for block in self._book.blocks(first, last)]):
            yield document

    async def close(self) -> None:
        """There is nothing to let go of: the lock is held during calls only."""

    def _balances(self, as_of: str) -> dict[tuple[str, str], int]:
        sums: dict[tuple[str, str], int] = {}
        for block in self._book.blocks(SINCE_EVER, as_of):
            for leg in block.legs:
                place = (leg.account, leg.currency)
                sums[place] = sums.get(place, 0) + self._amount(leg, block)
        return sums

    def _remote(self, block: Block) -> RemoteDocument:
        lines: dict[str, int] = {}
        total = 0
        for leg in block.legs:
            amount = self._amount(leg, block)
            lines[leg.account] = lines.get(leg.account, 0) + amount
            total += max(amount, 0)
        facts = block.facts
        return RemoteDocument(
            remote_id=block.key or f"{block.date}, line {block.line}",
            key=block.key,
            kind=DocumentKind.JOURNAL,
            reference=facts.get("reference", ""),
            date=block.date,
            currency=block.legs[0].currency,
            total=total,
            lines=tuple(RemoteLine(account=account, amount=amount) for account, amount in lines.items()),
            edited=block.edited,
        )

    def _amount(self, leg: Leg, block: Block) -> int:
        exponent = CURRENCY_EXPONENTS.get(leg.currency, len(leg.amount.partition(".")[2]))
        try:
            return minor_units(leg.amount, exponent)
        except ValueError as problem:
            raise NotSent(f"{self._options.folder}: the transaction {block.key or block.date} cannot be read: {problem}") from None


def capabilities_of(dialect: Dialect) -> Capabilities:
    """What a book of text can do."""
    return Capabilities(
        kind=dialect.name,
        name=f"{dialect.name} files",
        grade=Grade.A,
        documents=frozenset({DocumentKind.JOURNAL}),
        findable=frozenset({DocumentKind.JOURNAL}),
        repeat=Repeat.ANSWERS_FIRST,
        batch_documents_max=DOCUMENTS_PER_CALL_MAX,
        batch_answers=BatchAnswers.EACH,
        batch_kinds=frozenset({DocumentKind.JOURNAL}),
        journal_lines_max=LINES_MAX,
        reads_periods=True,
        reads_balances=True,
        reads_documents=True,
    )


def plain_files_kind(dialect: Dialect) -> ConnectorKind:
    """The kind of ledger of a dialect."""
    capabilities = capabilities_of(dialect)

    def make(connection: Connection, access: Access | None) -> PlainFilesLedger:  # noqa: ARG001
        options = _options(connection)
        program = CheckProgram(dialect, connection.options.get("check_command"), options.folder)
        return PlainFilesLedger(options, dialect, program, capabilities)

    return ConnectorKind(
        capabilities=capabilities,
        make=make,
        options=OPTIONS,
        needed=frozenset({"folder"}),
        secrets={},
        sandbox=lambda: Connection(name="sandbox", kind=dialect.name, options={"folder": "/nonexistent/books"}),
        names_accounts_itself=True,
    )


def _options(connection: Connection) -> BookOptions:
    given = connection.options
    faults = [f"`{name}` is no option of it; there are {', '.join(OPTIONS)}" for name in given if name not in OPTIONS]
    if "folder" not in given:
        faults.append("`folder` is missing")
    paths = {name: given[name] for name in ("folder", "chart") if name in given}
    faults += [
        f"`{name}` must be an absolute path without any of * ? [ ] {{ }} \\ and quotes"
        for name, path in paths.items()
        if not Path(path).is_absolute() or _NO_PATH.search(path)
    ]
    if not _DAY.fullmatch(given.get("closed_until", "2000-01-01")):
        faults.append("`closed_until` must be a day, YYYY-MM-DD")
    if given.get("check", "book") not in ("book", "changes"):
        faults.append("`check` is `book` or `changes`")
    if "check_command" in given and (problem := command_problem(given["check_command"])):
        faults.append(problem)
    if faults:
        raise SettingsError(f"connection {connection.name} ({connection.kind}): {'; '.join(faults)}")
    return BookOptions(
        folder=Path(given["folder"]),
        chart=Path(given["chart"]) if "chart" in given else None,
        whole=given.get("check", "book") == "book",
        closed_until=given.get("closed_until"),
    )
