"""How many targets of postings a mapping finds in a second of CPU; prints one JSON line.

Real entries' variety is made up: every role with several qualifiers, channels, currencies and dates, through rules with conditions.
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from random import Random

from asiento.accounting.journal import JournalEntry, Posting
from sinks.mapping.ledger_mapping import LedgerMapping, load_mapping
from sinks.mapping.scopes import ROLES
from tests.unit.sinks.journal import invoice

ROUNDS = 200
POSTINGS = 2_000


def _mapping() -> LedgerMapping:
    """Five rules for each role: by qualifier, entity, currency and channel, and two periods."""
    rules = ["format: 1", "ledger: xero", "version: 1", "rules:"]
    for number, role in enumerate(sorted(ROLES)):
        rules += [
            f'  - {{role: {role}, until: 2026-01-01, to: "{number}"}}',
            f'  - {{role: {role}, from: 2026-01-01, to: "{number}n"}}',
            f'  - {{role: {role}, qualifier: stripe, currency: EUR, to: "{number}s"}}',
            f'  - {{role: {role}, entity: ACME-MX, channel: web, to: "{number}m"}}',
            f'  - {{role: {role}, qualifier: "a*", to: "{number}a"}}',
        ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text("\n".join(rules), encoding="utf-8")
        return load_mapping(path)


def _postings(rng: Random) -> list[tuple[JournalEntry, Posting]]:
    found = []
    for _ in range(POSTINGS):
        role, qualifier = rng.choice(sorted(ROLES)), rng.choice(("", ":stripe", ":adyen", ":amazon", ":books"))
        dimensions = (("category", rng.choice(("books", "toys"))), ("channel", rng.choice(("web", "amazon", "pos"))))
        posting = Posting(account=role + qualifier, side="DEBIT", amount=1, dimensions=dimensions)
        other = Posting(account="suspense:unknown_order", side="CREDIT", amount=1)
        currency, entity = rng.choice(("EUR", "MXN", "JPY")), rng.choice(("ACME-ES", "ACME-MX"))
        day = rng.choice(("2025-12-31", "2026-01-01"))
        entry = replace(invoice(), currency=currency, legal_entity=entity, posting_date=day, postings=(posting, other), document=None)
        found.append((entry, posting))
    return found


def main() -> None:
    """Measure and print."""
    mapping, pairs = _mapping(), _postings(Random(1))
    for entry, posting in pairs:
        mapping.target(entry, posting)
    begin = time.process_time_ns()
    for _ in range(ROUNDS):
        for entry, posting in pairs:
            mapping.target(entry, posting)
    nanoseconds = time.process_time_ns() - begin
    count = ROUNDS * POSTINGS
    sys.stdout.write(json.dumps({"targets": count, "cpu_ns_per_target": nanoseconds // count}) + "\n")


if __name__ == "__main__":
    main()
