"""Entries of generated lives of orders, and what documents come to in a ledger."""

import json
from collections import Counter
from collections.abc import Iterable
from functools import cache

from asiento.accounting.decide import decide
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import parse_event_json
from schemas.refusal import Refusal
from sinks.external.documents import DocumentKind, LedgerDocument
from tests.oracle.lives import life

Sums = Counter[str]


@cache
def entries_of(profile: str, seed: int) -> tuple[JournalEntry, ...]:
    """All entries of one life, in the order in which they are emitted."""
    state: OrderState | None = None
    entries: list[JournalEntry] = []
    for told in life(profile, seed):
        event = parse_event_json(json.dumps(told).encode())
        assert not isinstance(event, Refusal)
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decision.state
        entries += decision.entries
    return tuple(entries)


def entry_sums(entries: Iterable[JournalEntry]) -> Sums:
    """Signed minor units per role, debit positive, zeros left out."""
    sums: Sums = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return Counter({role: amount for role, amount in sums.items() if amount})


def document_sums(documents: Iterable[LedgerDocument]) -> Sums:
    """What the kinds of documents book by themselves, per account, debit positive, zeros left out."""
    sums: Sums = Counter()
    for document in documents:
        if document.kind is DocumentKind.JOURNAL:
            for line in document.lines:
                sums[line.account] += line.amount
        elif document.kind in {DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}:
            side = 1 if document.kind is DocumentKind.INVOICE else -1
            sums[str(document.receivable)] += side * document.total
            for line in document.lines:
                sums[line.account] -= side * line.amount
                if line.tax is not None:
                    sums[line.tax.account] -= side * line.tax.amount
        elif document.kind is not DocumentKind.ALLOCATION:
            side = 1 if document.kind is DocumentKind.PAYMENT else -1
            sums[str(document.account)] += side * document.total
            sums[str(document.receivable)] -= side * document.total
    return Counter({account: amount for account, amount in sums.items() if amount})
