"""Driving `asiento sinks run CONNECTION` from tests: a book of plain text, its connections file and its database of postings."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.topics import ACCOUNTING_DISCREPANCIES
from sinks.posting.errors import PostingError
from sinks.posting.rows import PostingState
from sinks.posting.store import PostingStore
from tests.integration.ledger_sink import DEADLINE_SECONDS, POLL_SECONDS, LedgerSink

CONNECTION = "books"
MAIN_FILE = "main.journal"
ANSWER_SECONDS_MAX = "3"
"""What a killed process was writing is over at once: files have no other side where a request could go on."""


class BookSink(LedgerSink):
    """The process of one hledger book; `mapping` None: its names are asiento's own."""

    name = CONNECTION

    def __init__(self, directory: Path, kafka: str, prefix: str, hledger: str, *, mapping: Path | None = None, **words: str) -> None:
        self.book = directory / "book"
        self.postings_url = f"sqlite:///{directory / 'postings.sqlite'}"
        self.hledger = hledger
        connections = directory / "connections.yaml"
        lines = [f"  {CONNECTION}:", "    kind: hledger", *(f"    {name}: {value}" for name, value in words.items())]
        if mapping is not None:
            lines.append(f"    mapping: {mapping}")
        lines.append(f"    options: {{folder: {self.book}, check_command: {hledger}, check: changes}}")
        connections.write_text("\n".join(["connections:", *lines]) + "\n")
        settings = {"ledger_connections": str(connections), "postings_url": self.postings_url}
        super().__init__(directory, kafka, prefix, **settings, posting_answer_seconds_max=ANSWER_SECONDS_MAX)
        self.discrepancies = f"{prefix}{ACCOUNTING_DISCREPANCIES}"

    def states(self) -> Mapping[str, int]:
        """How many documents stand in which state; POSTED is not counted by the store's own figures, so that all are looked at here."""
        try:
            store = PostingStore.command(self.postings_url, CONNECTION)
        except PostingError:
            return {}
        try:
            rows = store.session.database.query("SELECT state, count(*) FROM posting GROUP BY state")
            return {row[0]: row[1] for row in rows}
        finally:
            store.close()

    async def wait_posted(self, documents: int) -> None:
        """Wait until so many documents stand in the book; fails when the process dies first."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (found := self.states().get(PostingState.POSTED, 0)) < documents:
            assert self.running, self.log.read_text()
            assert time.monotonic() < deadline, f"{self.states()}: {found} of {documents} posted\n{self.log.read_text()}"
            await asyncio.sleep(POLL_SECONDS)

    def keys(self) -> Counter[str]:
        """Key -> how often it stands in the files."""
        found: Counter[str] = Counter()
        for path in self.book.rglob("*.journal"):
            for line in path.read_text(encoding="utf-8").splitlines():
                name, _, value = line.strip().lstrip("; ").partition(":")
                if name == "key":
                    found[value.strip().strip(",")] += 1
        return found

    def balances(self) -> Mapping[str, str]:
        """Account -> balance as hledger itself computes it."""
        command = [self.hledger, "-f", str(self.book / MAIN_FILE), "balance", "--no-total", "--flat", "-O", "json"]
        rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
        return {row[0]: _text(row[3]) for row in rows}

    def reconcile(self, first: str = "2025-06-01", last: str = "2025-06-30") -> tuple[int, dict[str, Any]]:
        """Exit code and report of `asiento reconcile`."""
        command = [sys.executable, "-m", "asiento.cli.main", "reconcile", CONNECTION, "--from", first, "--to", last, "--json"]
        run = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        assert run.stdout, run.stderr
        report: dict[str, Any] = json.loads(run.stdout)
        return run.returncode, report

    def check(self) -> None:
        """The program accepts the whole book."""
        subprocess.run([self.hledger, "-f", str(self.book / MAIN_FILE), "check", "-s"], check=True, capture_output=True)


def _text(amounts: list[dict[str, object]]) -> str:
    """Amounts as mantissa and places: exact, whatever the program prints."""
    quantities = [(str(one["acommodity"]), one["aquantity"]) for one in amounts]
    return " ".join(
        f"{commodity} {quantity['decimalMantissa']}e-{quantity['decimalPlaces']}"
        for commodity, quantity in sorted(quantities, key=lambda pair: pair[0])
        if isinstance(quantity, dict)
    )
