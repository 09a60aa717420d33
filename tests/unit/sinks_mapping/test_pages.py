"""docs/mapping-accounts.md, in both languages: its example does what its table and its answer say."""

import json
import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from asiento.accounting.journal import Posting
from asiento.cli.main import app
from schemas.entries import entry_to_json
from sinks.external.targets import Unmapped
from sinks.mapping.findings import FindingKind
from sinks.mapping.ledger_mapping import load_mapping
from sinks.mapping.reading import CONTACT_KEYS, FILE_KEYS, RULE_KEYS, TARGET_KEYS
from sinks.mapping.scopes import CONDITIONS
from tests.unit.sinks.journal import invoice
from tests.unit.sinks_mapping.files import asked

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"en": DOCS / "mapping-accounts.md", "es": DOCS / "es" / "mapping-accounts.md"}
PAGE = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
ROW = re.compile(r"\| `([^`]+)`( [\d.]+)? \| (\S+) \| (\S+) \| (\S+) \| (\S+) \| (`[^`]+`|waits|espera) \| (.*) \|")


def example_of(page: Path, folder: Path) -> Path:
    found = re.search(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    path = folder / "acme.yaml"
    path.write_text(found[1], encoding="utf-8")
    return path


@PAGE
def test_each_row_of_the_table_is_what_the_example_does(page: Path, tmp_path: Path) -> None:
    mapping = load_mapping(example_of(page, tmp_path))
    rows = ROW.findall(page.read_text(encoding="utf-8"))
    assert len(rows) == 12
    for account, rate, entity, currency, channel, day, goes_to, because in rows:
        values = {"entity": entity, "currency": currency, "channel": channel, "day": day} | ({"tax_rate": rate.strip()} if rate else {})
        if not goes_to.startswith("`"):
            with pytest.raises(Unmapped) as unmapped:
                mapping.target(*asked(account, **values))
            assert f"`{unmapped.value.about}`" in because
            continue
        target = mapping.target(*asked(account, **values))
        assert target.account == goes_to.strip("`")
        assert target.tax_code is None or target.tax_code in because


@PAGE
def test_the_answer_of_diff_is_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    old, new, entries = example_of(page, tmp_path), tmp_path / "acme-new.yaml", tmp_path / "entries.jsonl"
    new.write_text(old.read_text(encoding="utf-8").replace('{account: "211", item: BOOK}', '"215"'), encoding="utf-8")
    postings = (
        Posting(account="psp_clearing:stripe", side="DEBIT", amount=10_000),
        Posting(account="revenue:books", side="CREDIT", amount=10_000),
    )
    entry = replace(
        invoice(),
        entry_id=str(UUID(int=1)),
        order_key="acme:shopify:es:1001",
        legal_entity="ACME-ES",
        currency="EUR",
        posting_date="2026-07-03",
        postings=postings,
        document=None,
    )
    entries.write_text(json.dumps(entry_to_json(entry)) + "\n", encoding="utf-8")
    shown = CliRunner().invoke(app, ["mapping", "diff", str(old), str(new), "--entries", str(entries)])
    assert f"```\n{shown.stdout}```\n" in page.read_text(encoding="utf-8")


@PAGE
def test_every_key_and_every_finding_is_on_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for word in {*FILE_KEYS, *RULE_KEYS, *CONTACT_KEYS, *FindingKind, "overlap", "gap"} - {"manual"}:
        assert f"`{word}`" in text, word
    assert "`manual: true`" in text
    assert "{" + ", ".join(TARGET_KEYS) + "}" in text
    assert re.sub(r"\s+", " ", text).find(", ".join(CONDITIONS)) > 0


def test_the_pages_link_each_other_and_the_mapper_files() -> None:
    texts = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
    assert "(es/mapping-accounts.md)" in texts["en"]
    assert "(../mapping-accounts.md)" in texts["es"]
    assert "(mapper.md)" in texts["en"]
    assert "(../mapper.md)" in texts["es"]
    assert "(mapping-accounts.md)" in (DOCS / "mapper.md").read_text(encoding="utf-8")
