"""Mapping files for tests: rules in short, and entries with one posting that is asked about."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from asiento.accounting.journal import JournalEntry, Posting
from sinks.mapping.ledger_mapping import LedgerMapping, load_mapping
from tests.unit.sinks.journal import invoice


def mapping_text(rules: Iterable[Mapping[str, Any]], contacts: Iterable[Mapping[str, Any]] = (), ledger: str = "xero") -> str:
    """A mapping file; JSON is YAML."""
    lines = ["format: 1", f"ledger: {ledger}", "version: 1", "rules:", *[f"  - {json.dumps(rule)}" for rule in rules]]
    listed = [f"  - {json.dumps(contact)}" for contact in contacts]
    return "\n".join([*lines, *(["contacts:", *listed] if listed else [])]) + "\n"


def mapping_of(
    folder: Path, rules: Iterable[Mapping[str, Any]], contacts: Iterable[Mapping[str, Any]] = (), ledger: str = "xero"
) -> LedgerMapping:
    """The mapping of such a file."""
    path = folder / "mapping.yaml"
    path.write_text(mapping_text(rules, contacts, ledger), encoding="utf-8")
    return load_mapping(path)


def asked(account: str, **conditions: str) -> tuple[JournalEntry, Posting]:
    """An entry and a posting of it; `day`, `entity`, `currency`, and dimensions by name."""
    dimensions = {name: value for name, value in conditions.items() if name not in ("day", "entity", "currency")}
    posting = Posting(account=account, side="DEBIT", amount=1, dimensions=tuple(sorted(dimensions.items())))
    entry = replace(
        invoice(),
        legal_entity=conditions.get("entity", "ACME-ES"),
        currency=conditions.get("currency", "EUR"),
        posting_date=conditions.get("day", "2026-03-01"),
        postings=(posting, Posting(account="suspense:unknown_order", side="CREDIT", amount=1)),
        document=None,
    )
    return entry, posting


def account_for(mapping: LedgerMapping, account: str, **conditions: str) -> str:
    """The account that a posting goes to."""
    return mapping.target(*asked(account, **conditions)).account
