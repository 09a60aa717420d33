"""Both plain-text ledgers against the contract of all ledgers, judged by the real programs."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from asiento.runtime.file_lock import locked
from sinks.connectors.catalogue import kind_of
from sinks.external.connections import Connection
from sinks.external.port import Connector
from sinks.testing.ledger_contract import LedgerContract
from tests.unit.sinks_plain_files.books import DIALECTS, keys_in

CHARTS = {
    "beancount": "".join(f"2020-01-01 open {name}\n" for name in ("Assets:Cash", "Assets:Receivable", "Income:Sales", "Income:Returns"))
    + "2020-01-01 open Assets:Clearing EUR,USD\n",
    "hledger": "".join(
        f"account {name}  ; a comment\n"
        for name in ("Assets:Cash", "Assets:Clearing", "Assets:Receivable", "Income:Sales", "Income:Returns")
    )
    + "commodity 1.000,00 EUR\n",
}


class PlainFilesContract(LedgerContract):
    """A book in a folder, with somebody's chart of accounts."""

    kind: str
    program: str
    folder: Path
    accounts: Mapping[str, str] = {
        "cash": "Assets:Cash",
        "clearing": "Assets:Clearing",
        "revenue": "Income:Sales",
        "receivable": "Assets:Receivable",
        "returns": "Income:Returns",
    }
    unknown_account = "Assets:No:Such"
    open_day = "2025-06-15"
    closed_day = "2025-05-31"

    async def connector(self) -> Connector:
        """Another one, as another process has it."""
        kind = kind_of(self.kind)
        assert kind is not None
        options = {
            "folder": str(self.folder / "book"),
            "check_command": self.program,
            "closed_until": "2025-05-31",
            "chart": str(self.folder / "chart"),
        }
        return kind.make(Connection(name="books", kind=self.kind, options=options), None)

    async def held(self) -> Mapping[str, int]:
        """By a search in the files, once nobody writes."""
        with locked(self.folder / "book" / ".lock", 60):
            return keys_in(self.folder / "book")


class TestBeancount(PlainFilesContract):
    """beancount."""

    @pytest.fixture(autouse=True)
    def _book(self, tmp_path: Path, bean_check: str) -> None:
        self.kind, self.program, self.folder = "beancount", bean_check, tmp_path
        (tmp_path / "chart").write_text(CHARTS["beancount"], encoding="utf-8")


class TestHledger(PlainFilesContract):
    """hledger."""

    @pytest.fixture(autouse=True)
    def _book(self, tmp_path: Path, hledger: str) -> None:
        self.kind, self.program, self.folder = "hledger", hledger, tmp_path
        (tmp_path / "chart").write_text(CHARTS["hledger"], encoding="utf-8")


def test_both_are_in_the_catalogue() -> None:
    assert {name for name in DIALECTS if (kind := kind_of(name)) and kind.capabilities.kind == name} == set(DIALECTS)
