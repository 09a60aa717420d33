"""docs/a-new-ledger.md: its connector, as it stands there, keeps the contract; and the contract finds connectors that do not."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sinks.connectors.catalogue import ConnectorKind
from sinks.external.connections import Connection
from sinks.external.port import Connector
from sinks.testing.ledger_contract import LedgerContract

PAGE = (Path(__file__).parents[3] / "docs" / "a-new-ledger.md").read_text(encoding="utf-8")
LEDGER, CATALOGUE_LINE, CONTRACT = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def _connector_of(source: str) -> ModuleType:
    module = ModuleType("drop_folder_ledger")
    sys.modules[module.__name__] = module
    exec(compile(source, "docs/a-new-ledger.md", "exec"), module.__dict__)  # noqa: S102
    return module


DROP_FOLDER = _connector_of(LEDGER)


class TestDropFolder(LedgerContract):
    """The class of the page, written out for the type checker; `test_the_page_tries_it_like_this` holds both together."""

    accounts: Mapping[str, str] = {"cash": "1000", "clearing": "1100", "revenue": "4000", "receivable": "1200", "returns": "4100"}
    open_day = "2026-03-02"
    source = DROP_FOLDER

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path) -> None:
        self.path = tmp_path

    async def connector(self) -> Connector:
        options = {"folder": str(self.path), "accounts": " ".join(self.accounts.values())}
        connector: Connector = self.source.make(Connection(name="erp", kind="drop_folder", options=options), None)
        return connector

    async def held(self) -> dict[str, int]:
        return {path.stem: 1 for path in self.path.glob("*.json")}


def test_the_page_tries_it_like_this() -> None:
    names: dict[str, Any] = {"pytest": pytest, "Path": Path, "Connector": Connector, "Connection": Connection, "make": DROP_FOLDER.make}
    exec(compile(CONTRACT, "docs/a-new-ledger.md", "exec"), names)  # noqa: S102
    shown = names["TestDropFolder"]
    assert issubclass(shown, LedgerContract)
    assert (shown.accounts, shown.open_day) == (TestDropFolder.accounts, TestDropFolder.open_day)
    assert {"connector", "held"} <= set(vars(shown))


def test_the_page_registers_a_kind() -> None:
    assert isinstance(DROP_FOLDER.KIND, ConnectorKind)
    assert "sinks.connectors.drop_folder.ledger" in CATALOGUE_LINE
    assert DROP_FOLDER.KIND.sandbox().kind == DROP_FOLDER.KIND.capabilities.kind


@pytest.mark.parametrize(
    ("right", "wrong", "test"),
    [
        (
            'f"{document.key}.json"\n        part',
            'f"{document.reference}.json"\n        part',
            "test_a_journal_is_posted_once_and_found_again",
        ),
        ("if path.read_bytes() != orjson.dumps(_body(document)):", "if False:", "test_another_content_under_a_key_is_a_conflict"),
        ("if line.account not in self._accounts:", "if False:", "test_one_bad_document_is_refused_by_name"),
        (
            '"amount": major_units_text(line.amount',
            '"amount": major_units_text(line.amount + 1',
            "test_what_was_posted_is_read_back_to_the_cent",
        ),
        ("if not path.exists():", "if False:", "test_what_is_not_there_is_not_found"),
        (
            "return [Request(",
            "documents[0].lines[0].account == 1 or self._write(documents[0])\n        return [Request(",
            "test_rendering_is_pure_and_keeps_secrets",
        ),
    ],
)
async def test_the_contract_finds_a_connector_that_is_wrong(right: str, wrong: str, test: str, tmp_path: Path) -> None:
    assert LEDGER.count(right) == 1
    tried = TestDropFolder()
    tried.path = tmp_path
    tried.source = _connector_of(LEDGER.replace(right, wrong))
    with pytest.raises((AssertionError, OSError)):
        await getattr(tried, test)()
