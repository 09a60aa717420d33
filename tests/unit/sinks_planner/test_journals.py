"""Mode journals: each entry is one journal with the ledger's own accounts."""

from dataclasses import replace

import pytest

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.documents import DocumentKind, LedgerLine
from sinks.external.targets import Target, Unmapped
from sinks.planner.journals import fitted
from sinks.planner.keys import document_key, shortened
from sinks.planner.picture import OrderPicture, Planned
from sinks.planner.plan import plan_entry
from sinks.planner.refusal import CannotTell
from tests.unit.sinks.journal import capture, hashed, invoice
from tests.unit.sinks_planner.ledgers import EVERY_KIND, JOURNALS
from tests.unit.sinks_planner.rules import Rules


def _planned(entry: JournalEntry, rules: Rules | None = None, lines_max: int = 500, order: OrderPicture | None = None) -> Planned:
    capabilities = replace(EVERY_KIND, journal_lines_max=lines_max)
    return plan_entry(hashed(entry), order or OrderPicture(), rules or Rules(), capabilities, JOURNALS)


def test_an_invoice_is_one_journal_with_the_ledgers_accounts() -> None:
    (journal,) = _planned(invoice()).documents
    assert [(line.account, line.amount, line.contact) for line in journal.lines] == [
        ("ACCOUNTS_RECEIVABLE", 11_600, "CUSTOMERS"),
        ("REVENUE:SALES", -10_000, None),
        ("TAX_PAYABLE:MX:VAT", -1_600, None),
    ]
    assert (journal.kind, journal.group, journal.date) == (DocumentKind.JOURNAL, "t1:shopify:mx:1", "2025-06-15")
    assert journal.reference == "invoice-t1-shopify:mx-1-1"
    assert journal.original_date is None
    assert "t1:shopify:mx:1" in journal.memo
    assert journal.entry_ids[0] in journal.memo


def test_an_entry_without_document_is_named_by_kind_order_and_number() -> None:
    (journal,) = _planned(capture()).documents
    assert journal.reference == "capture-t1:shopify:mx:1-e1"


def test_a_late_entry_keeps_the_day_it_belongs_to() -> None:
    (journal,) = _planned(replace(invoice(), posting_date="2025-07-01", late=True)).documents
    assert (journal.date, journal.original_date) == ("2025-07-01", "2025-06-15")


def test_keys_depend_on_connection_and_entry_alone() -> None:
    (first,) = _planned(invoice()).documents
    (other_rules,) = _planned(invoice(), Rules(targets={"revenue:sales": Target(account="4000")})).documents
    assert first.key == other_rules.key == document_key("books", first.entry_ids[0])
    assert first.digest != other_rules.digest
    assert first.key != document_key("other", first.entry_ids[0])


def test_keys_are_the_same_for_ever() -> None:
    assert document_key("books", "00000000-0000-0000-0000-000000000001") == "d5ee7573-7666-544d-831f-958e131a5152"
    assert document_key("books", "00000000-0000-0000-0000-000000000001", "rest") == "e96968c4-db13-559c-b369-72d20543acfb"


def test_lines_to_one_account_stay_apart_by_role() -> None:
    rules = Rules(targets={"psp_clearing:stripe": Target(account="100"), "contract_liability": Target(account="100")})
    (journal,) = _planned(capture(), rules).documents
    assert [(line.account, line.role, line.amount) for line in journal.lines] == [
        ("100", "psp_clearing:stripe", 11_600),
        ("100", "contract_liability", -11_600),
    ]


def test_what_cancels_out_within_a_role_is_nothing() -> None:
    postings = (
        Posting(account="suspense:unknown_order", side="DEBIT", amount=5),
        Posting(account="suspense:unknown_order", side="CREDIT", amount=5),
    )
    assert _planned(replace(capture(), postings=postings)).documents == ()


def test_too_many_lines_are_added_up_per_account() -> None:
    taxes = tuple(
        Posting(account="tax_payable:US:SALES", side="CREDIT", amount=1, dimensions=(("tax_code", code),)) for code in ("a", "b", "c")
    )
    entry = replace(capture(), postings=(Posting(account="accounts_receivable", side="DEBIT", amount=3), *taxes))
    (journal,) = _planned(entry, lines_max=2).documents
    assert [(line.account, line.amount) for line in journal.lines] == [("ACCOUNTS_RECEIVABLE", 3), ("TAX_PAYABLE:US:SALES", -3)]
    with pytest.raises(CannotTell, match="2 accounts"):
        _planned(entry, lines_max=1)


def test_roles_of_one_account_are_named_together() -> None:
    lines = [LedgerLine(account="1", role=role, amount=amount, description=role) for role, amount in (("b", 5), ("a", -2), ("c", -3))]
    assert fitted(lines, 3) == tuple(lines)
    assert fitted([*lines, replace(lines[0], account="2", amount=7)], 2) == (replace(lines[0], account="2", amount=7),)


def test_a_missing_rule_is_said() -> None:
    with pytest.raises(Unmapped, match="revenue:sales"):
        _planned(invoice(), Rules(missing=frozenset({"revenue:sales"})))


def test_the_picture_of_stored_documents_is_that_of_planning() -> None:
    first = _planned(capture())
    second = _planned(invoice(), order=first.order)
    assert OrderPicture.of([*second.documents, *first.documents]) == second.order
    assert second.order.receivable == 11_600
    assert [document.sequence for document in (*first.documents, *second.documents)] == [1_000, 2_000]


def test_long_references_stay_unique() -> None:
    one, other = shortened("x" * 300), shortened("x" * 301)
    assert len(one) == len(other) == 255
    assert one != other


def test_receivables_name_the_customer_where_the_ledger_wants_one() -> None:
    named = replace(EVERY_KIND, journal_contact=True)
    rules = Rules(per_role=lambda role: Target(account=role))
    for capabilities, contact in ((EVERY_KIND, None), (named, "Customers of web")):
        (document,) = plan_entry(hashed(invoice()), OrderPicture(), rules, capabilities, JOURNALS).documents
        assert [line.contact for line in document.lines] == [contact, None, None]
    own = Rules(targets={"accounts_receivable": Target(account="1100", contact="of the rule")})
    (document,) = plan_entry(hashed(invoice()), OrderPicture(), own, named, JOURNALS).documents
    assert document.lines[0].contact == "of the rule"
