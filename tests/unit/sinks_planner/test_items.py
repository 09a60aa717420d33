"""Ledgers that book lines of documents through items."""

from dataclasses import replace

import pytest

from sinks.external.documents import DocumentKind
from sinks.external.targets import Target, Unmapped
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from tests.unit.sinks.journal import hashed, invoice
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND
from tests.unit.sinks_planner.rules import Rules

WITH_ITEMS = replace(EVERY_KIND, lines_need_items=True)


def test_a_line_without_an_item_waits_for_the_mapping() -> None:
    entry = hashed(invoice())
    with_items = Rules(per_role=lambda role: Target(account=role, item=f"item of {role}"))
    (document,) = plan_entry(entry, OrderPicture(), with_items, WITH_ITEMS, DOCUMENTS).documents
    assert [line.item for line in document.lines] == ["item of revenue:sales", "item of tax_payable:MX:VAT"]
    half = Rules(per_role=lambda role: Target(account=role, item="1" if role == "revenue:sales" else None))
    with pytest.raises(Unmapped, match="say `item` beside the account in the rule for tax_payable:MX:VAT") as caught:
        plan_entry(entry, OrderPicture(), half, WITH_ITEMS, DOCUMENTS)
    assert caught.value.about == "item/tax_payable:MX:VAT/MX01/MXN"
    assert plan_entry(entry, OrderPicture(), half, EVERY_KIND, DOCUMENTS).documents


def test_what_finds_nothing_open_is_a_journal_where_its_account_has_no_item() -> None:
    told = invoice()
    receivable, *_ = told.postings
    other = replace(receivable, account="bad_debt", side="DEBIT")
    entry = hashed(replace(told, document=None, entry_kind="receivable_adjusted", postings=(other, replace(receivable, side="CREDIT"))))
    for item, kind in (("9", DocumentKind.CREDIT_NOTE), (None, DocumentKind.JOURNAL)):
        rules = Rules(targets={"bad_debt": Target(account="6900", item=item)})
        (document,) = plan_entry(entry, OrderPicture(), rules, WITH_ITEMS, DOCUMENTS).documents
        assert document.kind is kind
        assert document.lines[0].item == item
