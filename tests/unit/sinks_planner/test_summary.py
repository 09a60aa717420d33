"""Summary mode: one journal a day, channel, currency and legal entity."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.documents import LedgerDocument
from sinks.external.targets import Target, Unmapped
from sinks.planner.refusal import CannotTell
from sinks.planner.summary import SUMMARY_ENTRIES_MAX, SummaryName, close_summary, summary_of
from tests.oracle.lives import PROFILES
from tests.unit.sinks.journal import capture, invoice
from tests.unit.sinks_planner.ledgers import EVERY_KIND, JOURNALS
from tests.unit.sinks_planner.lived import document_sums, entries_of, entry_sums
from tests.unit.sinks_planner.rules import Rules

NAME = SummaryName(legal_entity="MX01", channel="web", day="2025-06-15", currency="MXN")
ORDERS_A_DAY = 100_000
CALLS_A_DAY_MAX = 1_000
LIVES = 100


def _closed(entries: Iterable[JournalEntry], *, number: int = 1, rules: Rules | None = None, lines_max: int = 500) -> LedgerDocument:
    found = list(entries)
    capabilities = replace(EVERY_KIND, journal_lines_max=lines_max)
    summary = close_summary(summary_of(found[0]), number, found, rules or Rules(), capabilities, connection=JOURNALS)
    assert summary is not None
    return summary


def test_a_day_of_a_channel_is_one_journal() -> None:
    summary = _closed([capture(1), invoice(1), capture(2, amount=1_160), invoice(2, amount=1_160)])
    assert [(line.account, line.amount) for line in summary.lines] == [
        ("ACCOUNTS_RECEIVABLE", 12_760),
        ("PSP_CLEARING:STRIPE", 12_760),
        ("CONTRACT_LIABILITY", -12_760),
        ("REVENUE:SALES", -11_000),
        ("TAX_PAYABLE:MX:VAT", -1_760),
    ]
    assert summary.entry_ids == tuple(entry.entry_id for entry in (capture(1), invoice(1), capture(2), invoice(2)))
    assert (summary.group, summary.sequence, summary.date) == ("summary|MX01|web|2025-06-15|MXN", 1, "2025-06-15")
    assert summary.reference == "summary-MX01-web-2025-06-15-MXN-1"
    assert summary.memo == "Summary 1 of web on 2025-06-15 in MXN · 4 entries of 2 orders"


def test_what_differs_in_day_channel_currency_or_entity_is_another_summary() -> None:
    others = [{"posting_date": "2025-06-16"}, {"channel": "pos"}, {"currency": "USD"}, {"legal_entity": "ES01"}]
    assert summary_of(invoice()) == NAME
    names = {summary_of(replace(invoice(), **other)) for other in others}  # type: ignore[arg-type]
    assert len(names | {NAME}) == 5
    with pytest.raises(ValueError, match="belongs to"):
        close_summary(NAME, 1, [replace(invoice(), channel="pos")], Rules(), EVERY_KIND, connection=JOURNALS)
    with pytest.raises(ValueError, match="no entries"):
        close_summary(NAME, 1, [], Rules(), EVERY_KIND, connection=JOURNALS)


def test_a_late_entry_goes_into_the_next_number() -> None:
    first, second = _closed([invoice(1)]), _closed([invoice(2)], number=2)
    assert first.key == "5c93167b-286e-587a-b321-59119762dbfe"
    assert len({first.key, second.key, _closed([invoice(1)], rules=Rules(digest="2")).key}) == 2
    assert first.reference != second.reference


def test_a_name_is_read_from_its_text() -> None:
    odd = SummaryName(legal_entity="A|B%7C", channel="", day="2025-06-15", currency="MXN")
    assert SummaryName.parsed(odd.text) == odd
    for text in ("", "summary|a|b|c", "summary|a|b|c|d|e", "total|a|b|c|d"):
        with pytest.raises(ValueError, match="not the name"):
            SummaryName.parsed(text)


def test_names_that_join_to_the_same_text_have_keys_of_their_own() -> None:
    one = _closed([replace(invoice(), legal_entity="A|B", channel="C")])
    other = _closed([replace(invoice(), legal_entity="A", channel="B|C")])
    assert one.key != other.key


def test_the_order_of_the_entries_does_not_matter() -> None:
    entries = [capture(1), invoice(1), capture(2, amount=700), invoice(2, amount=700)]
    assert _closed(entries).lines == _closed(reversed(entries)).lines


def test_taxes_stay_apart_by_code_and_rate_but_not_by_store() -> None:
    def sold(rate: str, store: str) -> JournalEntry:
        tax = Posting(account="tax_payable:ES:VAT", side="CREDIT", amount=10, dimensions=(("store", store), ("tax_rate", rate)))
        return replace(capture(), postings=(Posting(account="accounts_receivable", side="DEBIT", amount=10), tax))

    summary = _closed([sold("0.21", "1"), sold("0.21", "2"), sold("0.10", "1")])
    assert [(line.description, line.amount) for line in summary.lines] == [
        ("accounts_receivable", 30),
        ("tax_payable:ES:VAT 0.10", -10),
        ("tax_payable:ES:VAT 0.21", -20),
    ]


def test_what_comes_to_nothing_is_no_document() -> None:
    back = replace(
        capture(),
        postings=tuple(replace(posting, side="CREDIT" if posting.side == "DEBIT" else "DEBIT") for posting in capture().postings),
    )
    assert close_summary(NAME, 1, [capture(), back], Rules(), EVERY_KIND, connection=JOURNALS) is None


def test_more_lines_than_the_ledger_takes_are_added_up_per_account() -> None:
    rules = Rules(per_role=lambda role: Target(account=role[:8]))
    entries = [entry for seed in range(10) for entry in entries_of("messy", seed)]
    named = summary_of(entries[0])
    same_day = [replace(entry, channel=named.channel, posting_date=named.day, currency=named.currency) for entry in entries]
    same = [replace(entry, legal_entity=named.legal_entity) for entry in same_day]
    many, few = _closed(same, rules=rules), _closed(same, rules=rules, lines_max=30)
    assert len(many.lines) > 30 >= len(few.lines)
    assert document_sums([many]) == document_sums([few])
    with pytest.raises(CannotTell, match="takes 2 lines"):
        _closed(same, rules=rules, lines_max=2)


def test_a_missing_rule_is_said() -> None:
    with pytest.raises(Unmapped, match="revenue:sales"):
        _closed([invoice()], rules=Rules(missing=frozenset({"revenue:sales"})))


@pytest.mark.parametrize("profile", PROFILES)
def test_summaries_come_to_the_entries(profile: str) -> None:
    """In every channel, day and currency, to the minor unit; every entry stands in one summary."""
    by_name: dict[SummaryName, list[JournalEntry]] = {}
    for seed in range(LIVES):
        for entry in entries_of(profile, seed):
            by_name.setdefault(summary_of(entry), []).append(entry)
    rules = Rules(per_role=lambda role: Target(account=role))
    drilled: Counter[str] = Counter()
    for name, entries in by_name.items():
        summary = close_summary(name, 1, entries, rules, EVERY_KIND, connection=JOURNALS)
        assert (document_sums([summary]) if summary else {}) == entry_sums(entries), name
        drilled.update(summary.entry_ids if summary else ())
    assert set(drilled.values()) == {1}


def test_a_hundred_thousand_orders_a_day_fit_under_a_thousand_calls() -> None:
    """The lives of all profiles, as many of them as make the day, each full summary closed and the rest at the end of the day."""
    lives = [entries_of(profile, seed) for profile in PROFILES for seed in range(LIVES)]
    a_day = Counter((entry.legal_entity, entry.channel, entry.currency) for entries in lives for entry in entries)
    calls = sum(-(-count * ORDERS_A_DAY // (len(lives) * SUMMARY_ENTRIES_MAX)) for count in a_day.values())
    assert calls < CALLS_A_DAY_MAX


def test_a_full_summary_fits_into_a_journal() -> None:
    """Its lines are bounded by the roles and taxes there are, not by its entries."""
    lives = [entry for profile in PROFILES for seed in range(LIVES) for entry in entries_of(profile, seed)]
    entries = (lives * (SUMMARY_ENTRIES_MAX // len(lives) + 1))[:SUMMARY_ENTRIES_MAX]
    same = [replace(entry, legal_entity="E", channel="web", posting_date="2026-01-01", currency="EUR") for entry in entries]
    full = _closed(same)
    assert len(full.entry_ids) == SUMMARY_ENTRIES_MAX
    assert len(full.lines) < EVERY_KIND.journal_lines_max // 2


def test_receivables_name_the_customer_where_the_ledger_wants_one() -> None:
    rules = Rules(per_role=lambda role: Target(account=role))
    entries = [invoice(1), invoice(2)]
    capabilities = replace(EVERY_KIND, journal_contact=True)
    summary = close_summary(summary_of(entries[0]), 1, entries, rules, capabilities, connection=JOURNALS)
    assert summary is not None
    assert {line.role: line.contact for line in summary.lines if line.contact} == {"accounts_receivable": "Customers of web"}
