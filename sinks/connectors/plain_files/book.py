"""A book: the transactions of one folder, each under its key, added in batches that the program has accepted before they count."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asiento.runtime.file_lock import LockHeld
from sinks.connectors.plain_files.blocks import Block, block_of, blocks_in
from sinks.connectors.plain_files.dialect import Chart, ChartAccount, Dialect
from sinks.connectors.plain_files.files import BookFiles, ManifestUnreadable
from sinks.connectors.plain_files.program import CheckProgram
from sinks.connectors.plain_files.units import DAY_CHARACTERS, divided, split_units, unit_for, unit_of_path, unit_path
from sinks.external.documents import LedgerDocument
from sinks.external.results import NotSent, Posted, PostResult, Refusal, Refused, Uncertain

TRANSACTIONS_PER_FILE_MAX: Final = 10_000
LOCK_SECONDS_MAX: Final = 300.0
"""Longest wait for another process that writes this book: it checks it at that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOptions:
    """How a book is kept. chart: somebody's file of accounts, None = accounts are opened as they are used.

    whole: the whole book is checked with each batch, else the files that change. closed_until: the last day that is closed.
    """

    folder: Path
    chart: Path | None = None
    whole: bool = True
    closed_until: str | None = None
    transactions_per_file_max: int = TRANSACTIONS_PER_FILE_MAX


class Book:
    """One folder; its calls block. Several processes may have one book: each call holds its lock and sees what others have written."""

    def __init__(self, options: BookOptions, dialect: Dialect, program: CheckProgram) -> None:
        self._options = options
        self._dialect = dialect
        self._program = program
        self._main, self._accounts = f"main.{dialect.suffix}", f"accounts.{dialect.suffix}"
        self._check_main = f".new-check.{dialect.suffix}"
        self._files = BookFiles(options.folder, main=self._main)
        self._digests: dict[str, str] = {}

    def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """What stands under a document's key."""
        with self._opened():
            return self._standing(document)

    def post(self, documents: Sequence[LedgerDocument]) -> Sequence[PostResult]:
        """Book those that are not there yet and that nothing is against, all by one change of the files."""
        with self._opened():
            chart = self._chart()
            known: dict[str, str] = {}
            answers: list[PostResult] = []
            blocks: dict[str, Block] = {}
            for document in documents:
                answer = self._standing(document) or self._other_content(document, known)
                answers.append(answer or self._judged(document, known[document.key], chart, blocks))
            refused = self._all_but_refused(list(blocks.values()), chart) if blocks else {}
            return [
                refused.get(document.key, answer) if isinstance(answer, Posted) else answer
                for document, answer in zip(documents, answers, strict=True)
            ]

    def blocks(self, first: str, last: str) -> Iterator[Block]:
        """All transactions of these days, ours and others', in the order of the files; edited files as they stand."""
        with self._locked():
            texts = [(name, self._text_if_there(name)) for name in self._units_of(first, last)]
        for _, text in texts:
            yield from (block for block in blocks_in(text, self._dialect) if first <= block.date <= last and block.legs)

    def accounts(self) -> Chart:
        """The accounts of the chart, or those that were opened."""
        with self._locked():
            return self._chart()

    # What stands there.

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """The lock, on a book that is as it was written."""
        with self._locked():
            self._refuse_faults()
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        folder = self._options.folder
        try:
            with self._files.lock(LOCK_SECONDS_MAX):
                if self._files.open():
                    self._digests = dict(self._read_digests())
                yield
        except LockHeld:
            raise NotSent(
                f"another process has been writing {folder} for {LOCK_SECONDS_MAX:.0f} seconds: one ledger, one process"
            ) from None
        except ManifestUnreadable as problem:
            raise NotSent(str(problem)) from None
        except OSError as problem:
            raise NotSent(f"{folder}: {problem.strerror or problem}: {problem.filename or ''}".rstrip(": ")) from None

    def _refuse_faults(self) -> None:
        faults = self._files.faults()
        if faults:
            edited = [self._first_edit(fault.split(" ")[0]) for fault in faults[:3]]
            raise NotSent(
                f"{self._options.folder}: {'; '.join(faults[:5])}{''.join(edited)}. Nothing is posted until what asiento wrote is back "
                "(from version control or backup): corrections belong in a file of your own that includes this book"
            )

    def _first_edit(self, name: str) -> str:
        block = next((block for block in blocks_in(self._text_if_there(name), self._dialect) if block.edited), None)
        if block is None or unit_of_path(name) is None:
            return ""
        return f" ({name}, line {block.line}: the transaction {block.facts.get('reference') or 'of ' + block.date})"

    def _read_digests(self) -> Iterator[tuple[str, str]]:
        for name in self._files.digests:
            if unit_of_path(name) is not None:
                for block in blocks_in(self._text_if_there(name), self._dialect):
                    if block.key is not None:
                        yield block.key, block.facts.get("digest", "")

    def _text_if_there(self, name: str) -> str:
        try:
            return self._files.text(name)
        except FileNotFoundError:
            return ""

    def _units_of(self, first: str, last: str) -> list[str]:
        days = {name: unit[:DAY_CHARACTERS] for name in self._files.digests if (unit := unit_of_path(name)) is not None}
        return [name for name, days_of in days.items() if first[: len(days_of)] <= days_of <= last[: len(days_of)]]

    def _standing(self, document: LedgerDocument) -> Posted | Refused | None:
        digest = self._digests.get(document.key)
        if digest is None:
            return None
        return Posted(remote_id=document.key, earlier=True) if digest == document.digest else _conflict(document)

    def _other_content(self, document: LedgerDocument, known: dict[str, str]) -> Refused | None:
        """The answer for one whose key came before in the same call, with another content."""
        digest = document.digest
        return None if known.setdefault(document.key, digest) == digest else _conflict(document)

    # What is added.

    def _judged(self, document: LedgerDocument, digest: str, chart: Chart, blocks: dict[str, Block]) -> PostResult:
        closed_until = self._options.closed_until
        if closed_until is not None and document.date <= closed_until:
            message = f"{document.reference}: {document.date} is closed, as is all until {closed_until} (`closed_until`)"
            return Refused(refusal=Refusal.PERIOD_CLOSED, code="closed_until", message=message, about=document.date)
        for line in document.lines:
            problem = self._account_problem(line.account, document, chart)
            if problem is not None:
                return Refused(refusal=Refusal.MAPPING, code="account", message=f"{document.reference}: {problem}", about=line.account)
        try:
            blocks[document.key] = block_of(document, digest, self._dialect)
        except ValueError as problem:
            return Refused(refusal=Refusal.INVALID, code="form", message=str(problem))
        return Posted(remote_id=document.key)

    def _account_problem(self, name: str, document: LedgerDocument, chart: Chart) -> str | None:
        problem = self._dialect.account_problem(name)
        if problem is not None or self._options.chart is None:
            return problem
        account = chart.accounts.get(name)
        if account is None:
            return f"{name} is no account of {self._options.chart}"
        if document.date < (account.opened or "") or (account.closed is not None and document.date >= account.closed):
            return f"{name} is not open on {document.date}"
        if account.currencies and document.currency not in account.currencies:
            return f"{name} takes {', '.join(sorted(account.currencies))}, not {document.currency}"
        return None

    def _chart(self) -> Chart:
        """Somebody's chart, else ours."""
        path = self._options.chart
        if path is not None:
            return self._dialect.read_chart(path.read_bytes().decode("utf-8", "replace"))
        return self._dialect.read_chart(self._text_if_there(self._accounts))

    def _all_but_refused(self, blocks: Sequence[Block], chart: Chart) -> dict[str, Refused]:
        """Book transactions; those that the program does not accept by their keys, found by halving."""
        refusal = self._booked(blocks, chart)
        if refusal is None:
            return {}
        if len(blocks) == 1:
            return {blocks[0].key or "": refusal}
        middle = len(blocks) // 2
        return self._all_but_refused(blocks[:middle], chart) | self._all_but_refused(blocks[middle:], chart)

    def _booked(self, blocks: Sequence[Block], chart: Chart) -> Refused | None:
        """Add transactions, all or none; the program's word where it does not accept them."""
        texts, removed = self._texts_with(blocks, chart)
        accepted = False
        try:
            self._files.stage(texts)
            refusal = self._refusal(texts, removed)
            accepted = refusal is None
        finally:
            if not accepted:
                self._files.discard(texts)
        if accepted:
            self._commit(texts, removed)
            self._digests |= {block.key: block.facts["digest"] for block in blocks if block.key is not None}
        return refusal

    def _refusal(self, texts: dict[str, str], removed: frozenset[str]) -> Refused | None:
        """What the program has against what was staged. Raises `NotSent` where it is not about that."""
        complaint = self._complaint(texts, removed)
        if complaint is None:
            self._refuse_faults()
            return None
        standing = self._program.complaint(self._main) if self._main in self._files.digests else None
        if standing is not None:
            raise NotSent(f"{self._options.folder}: {self._dialect.program} does not accept the book as it stands: {standing}")
        return Refused(refusal=Refusal.INVALID, code=self._dialect.program, message=complaint)

    def _commit(self, texts: dict[str, str], removed: frozenset[str]) -> None:
        try:
            self._files.commit(texts, removed)
        except OSError as problem:
            raise Uncertain(f"{self._options.folder}: {problem.strerror or problem}: it is looked up before it is tried again") from None

    def _texts_with(self, blocks: Sequence[Block], chart: Chart) -> tuple[dict[str, str], frozenset[str]]:
        """(path -> text of the files that change, paths that go) with these transactions added."""
        units = {unit for name in self._files.digests if (unit := unit_of_path(name)) is not None}
        split = split_units(units)
        added: dict[str, list[Block]] = {}
        for block in blocks:
            added.setdefault(unit_for(block, split), []).append(block)
        texts: dict[str, str] = {}
        removed: set[str] = set()
        for unit, ones in added.items():
            path = unit_path(unit, self._dialect.suffix)
            standing = blocks_in(self._text_if_there(path), self._dialect) if path in self._files.digests else ()
            filled = divided(unit, [*standing, *ones], self._options.transactions_per_file_max)
            texts |= {unit_path(name, self._dialect.suffix): self._unit_text(inside) for name, inside in filled.items()}
            removed |= {path} & self._files.digests.keys() if unit not in filled else set()
        texts[self._accounts] = self._dialect.chart_text(self._opening(blocks, chart))
        names = sorted(name for name in {*self._files.digests, *texts} - removed if unit_of_path(name) is not None)
        texts[self._main] = self._dialect.main_text(self._includes(names))
        return {name: text for name, text in texts.items() if self._is_new(name, text)}, frozenset(removed)

    def _unit_text(self, blocks: Sequence[Block]) -> str:
        return self._dialect.header() + "".join("\n" + block.text for block in blocks)

    def _is_new(self, name: str, text: str) -> bool:
        return name not in self._files.digests or self._files.text(name) != text

    def _includes(self, names: Sequence[str]) -> list[str]:
        chart = self._options.chart
        return [*([] if chart is None else [os.path.relpath(chart, self._options.folder)]), self._accounts, *names]

    def _opening(self, blocks: Sequence[Block], chart: Chart) -> Chart:
        """What our own file declares with these transactions added: without somebody's chart all that is used, else what that lacks."""
        ours = self._dialect.read_chart(self._text_if_there(self._accounts))
        legs = [leg for block in blocks for leg in block.legs]
        used = {leg.currency: len(leg.amount.partition(".")[2]) for leg in legs}
        if self._options.chart is not None:
            return Chart(
                currencies={name: decimals for name, decimals in (used | dict(ours.currencies)).items() if name not in chart.currencies}
            )
        opened = {leg.account: ChartAccount(name=leg.account) for leg in legs}
        return Chart(accounts=opened | dict(ours.accounts), currencies=used | dict(ours.currencies))

    def _complaint(self, texts: dict[str, str], removed: frozenset[str]) -> str | None:
        """The program's word on the book as it would be: what changes as it waits beside, the rest as it stands."""
        names = sorted(name for name in {*self._files.digests, *texts} - removed if unit_of_path(name) is not None)
        if not self._options.whole:
            names = [name for name in names if name in texts]
        includes = [self._files.beside(name) if name in texts else name for name in self._includes(names)]
        main = self._options.folder.joinpath(self._check_main)
        main.write_text(self._dialect.main_text(includes), encoding="utf-8")
        try:
            return self._program.complaint(self._check_main)
        finally:
            main.unlink()


def _conflict(document: LedgerDocument) -> Refused:
    message = f"{document.reference}: another transaction stands under the key {document.key}"
    return Refused(refusal=Refusal.CONFLICT, code="key", message=message, about=document.key)
