"""Whatever the life of an order, the ledger holds what the entries say: per account, to the minor unit, after every entry."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest

from asiento.accounting.journal import JournalEntry
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, document_from_values, document_values
from sinks.external.effects import effects
from sinks.external.targets import Target
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.refusal import CannotTell
from sinks.planner.settling import settle_order
from tests.oracle.lives import PROFILES
from tests.unit.sinks.journal import hashed
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND, JOURNALS, JOURNALS_ONLY
from tests.unit.sinks_planner.lived import document_sums, entries_of, entry_sums
from tests.unit.sinks_planner.rules import Rules

LIVES = 25
SOAK_LIVES = 500
RULES = Rules(per_role=lambda role: Target(account=role, tax_code="T" if role.startswith("tax_payable") else None))
K = DocumentKind
LEDGERS = {
    "every kind": (DOCUMENTS, EVERY_KIND),
    "journals": (JOURNALS, EVERY_KIND),
    "documents where there are journals only": (DOCUMENTS, JOURNALS_ONLY),
    "no payments": (DOCUMENTS, replace(EVERY_KIND, documents=frozenset({K.JOURNAL, K.INVOICE, K.CREDIT_NOTE}))),
    "no credit notes": (DOCUMENTS, replace(EVERY_KIND, documents=frozenset({K.JOURNAL, K.INVOICE, K.PAYMENT}))),
    "payments of money alone": (DOCUMENTS, replace(EVERY_KIND, payment_roles=frozenset({"psp_clearing", "bank_clearing", "cash"}))),
    "receivables by documents alone": (DOCUMENTS, replace(EVERY_KIND, journal_receivable=False)),
    "receivables by documents, payments of money": (
        DOCUMENTS,
        replace(EVERY_KIND, journal_receivable=False, payment_roles=frozenset({"psp_clearing"})),
    ),
}
Ledger = tuple[Connection, Capabilities]


def _lives(first: int = 0, after: int = LIVES) -> Iterator[tuple[str, tuple[JournalEntry, ...]]]:
    for profile in PROFILES:
        for seed in range(first, after):
            yield f"{profile} {seed}", entries_of(profile, seed)


def _planned(entries: Sequence[JournalEntry], ledger: Ledger) -> Iterator[tuple[JournalEntry, tuple[LedgerDocument, ...], OrderPicture]]:
    """Each entry with its documents and the picture after it; the last of an event with what settles after it."""
    connection, capabilities = ledger
    order = OrderPicture()
    for place, entry in enumerate(entries):
        planned = plan_entry(hashed(entry), order, RULES, capabilities, connection)
        documents, order = planned.documents, planned.order
        if place + 1 == len(entries) or entries[place + 1].event_id != entry.event_id:
            settled = settle_order(order, capabilities, connection)
            documents, order = (*documents, *settled.documents), settled.order
        yield entry, documents, order


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS)
def test_every_account_is_exact_after_every_entry(ledger: Ledger) -> None:
    _require_exact(ledger, _lives())


@pytest.mark.soak
@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS)
def test_every_account_is_exact_in_many_lives(ledger: Ledger) -> None:
    _require_exact(ledger, _lives(LIVES, SOAK_LIVES))


def _require_exact(ledger: Ledger, lives: Iterable[tuple[str, tuple[JournalEntry, ...]]]) -> None:
    for name, entries in lives:
        told: list[LedgerDocument] = []
        for place, (entry, documents, order) in enumerate(_planned(entries, ledger)):
            told += documents
            posted = entry_sums(entries[: place + 1])
            assert document_sums(told) == posted, f"{name} {place} {entry.entry_kind}"
            assert order.receivable == posted["accounts_receivable"], f"{name} {place} {entry.entry_kind}"
            assert all(sum(effects(document).values()) == 0 for document in documents)


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS)
def test_keys_references_and_places_are_unique(ledger: Ledger) -> None:
    for name, entries in _lives():
        told = [document for _, documents, _ in _planned(entries, ledger) for document in documents]
        assert len({document.key for document in told}) == len({document.reference for document in told}) == len(told), name
        assert [document.sequence for document in told] == sorted({document.sequence for document in told}), name
        places = {document.key: document.sequence for document in told}
        assert all(places[key] < document.sequence for document in told for key in document.depends_on), name
        known = {entry.entry_id for entry in entries}
        assert all(document.entry_ids and known.issuperset(document.entry_ids) for document in told), name


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS)
def test_a_restart_after_any_entry_changes_nothing(ledger: Ledger) -> None:
    """The picture of what was stored plans as the one in memory does; nothing is settled before it must be."""
    connection, capabilities = ledger
    for name, entries in _lives():
        stored: list[LedgerDocument] = []
        for entry in entries:
            again = OrderPicture.of(document_from_values(document_values(document)) for document in reversed(stored))
            stored += plan_entry(hashed(entry), again, RULES, capabilities, connection).documents
        order = OrderPicture.of(stored)
        stored += settle_order(order, capabilities, connection).documents
        assert stored == [document for _, documents, _ in _planned(entries, ledger) for document in documents], name


def test_nothing_is_open_on_both_sides_when_an_event_is_over() -> None:
    for name, entries in _lives():
        events = [entry.event_id for entry in entries]
        for place, (_, _, order) in enumerate(_planned(entries, LEDGERS["every kind"])):
            assert all(item.open >= 0 for item in (*order.invoices, *order.credit_notes))
            if place + 1 == len(events) or events[place + 1] != events[place]:
                assert not any(item.open for item in order.credit_notes), f"{name} {place}"
                assert order.by_journals == 0, f"{name} {place}"


def test_documents_come_to_what_they_say() -> None:
    for name, entries in _lives():
        for entry, documents, _ in _planned(entries, LEDGERS["every kind"]):
            stated = entry.document
            if stated is not None and stated.kind in {"INVOICE", "CREDIT_NOTE"} and stated.totals.gross:
                (document,) = [one for one in documents if one.kind is not DocumentKind.ALLOCATION]
                expected = stated.kind if stated.totals.gross > 0 else {"INVOICE": "CREDIT_NOTE", "CREDIT_NOTE": "INVOICE"}[stated.kind]
                assert (document.kind.name, document.total) == (expected, abs(stated.totals.gross)), f"{name} {stated.document_ref}"
                assert document.reference == stated.document_ref


def test_the_same_mode_or_not_an_entry_told_whole_has_one_key() -> None:
    """What was posted as a journal is found again as the invoice of the same entry, never booked twice."""
    for _, entries in _lives():
        as_journals = {document.entry_ids: document.key for _, told, _ in _planned(entries, LEDGERS["journals"]) for document in told}
        for entry, told, _ in _planned(entries, LEDGERS["every kind"]):
            own = [document for document in told if document.kind is not DocumentKind.ALLOCATION]
            if len(own) == 1:
                assert own[0].key == as_journals[(entry.entry_id,)]


def test_what_no_document_can_say_is_refused() -> None:
    capabilities = replace(JOURNALS_ONLY, journal_receivable=False)
    entries = [entry for _, entries in _lives() for entry in entries]
    moving = [entry for entry in entries if entry_sums([entry])["accounts_receivable"]]
    assert len(moving) > LIVES
    for entry in moving:
        with pytest.raises(CannotTell, match=entry.entry_id):
            plan_entry(hashed(entry), OrderPicture(), RULES, capabilities, DOCUMENTS)
    for entry in set(entries) - set(moving):
        documents = plan_entry(hashed(entry), OrderPicture(), RULES, capabilities, DOCUMENTS).documents
        assert not any(line.role == "accounts_receivable" for document in documents for line in document.lines)
