"""Documents of ledgers outside: their values, their digests, the amounts on the wire."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.external.amounts import json_number, minor_units
from sinks.external.documents import (
    DocumentKind,
    LedgerDocument,
    LedgerLine,
    LineTax,
    Settlement,
    document_from_values,
    document_values,
)

LINE = LedgerLine(account="4000", role="revenue:sales", amount=1000, description="Mug", dimensions=(("channel", "web"),))
TAX = LineTax(code="S21", rate="0.21", amount=210, account="2200", role="tax_payable:ES:VAT")
INVOICE = LedgerDocument(
    key="6f3f5d0e-6f0b-5c39-9d55-7e3f5c8f2f4a",
    kind=DocumentKind.INVOICE,
    entry_ids=("e1",),
    legal_entity="ACME-ES",
    group="acme:shop:1",
    sequence=1,
    reference="invoice-acme-shop-1-1",
    date="2026-03-02",
    currency="EUR",
    currency_exponent=2,
    memo="Invoice",
    lines=(replace(LINE, tax=TAX, quantity=1_000_000, unit_price="10.00"), replace(LINE, amount=-100)),
    contact="Web",
    receivable="1200",
)
PAYMENT = replace(
    INVOICE, kind=DocumentKind.PAYMENT, lines=(), account="1000", settles=Settlement(key=INVOICE.key, reference="i", amount=700)
)


def test_an_invoice_comes_to_its_lines_and_their_tax() -> None:
    assert (INVOICE.net, INVOICE.total) == (900, 1110)


def test_a_journal_comes_to_its_debits() -> None:
    journal = replace(INVOICE, kind=DocumentKind.JOURNAL, lines=(LINE, replace(LINE, amount=-600), replace(LINE, amount=-400)))
    assert (journal.net, journal.total) == (1000, 1000)


def test_a_journal_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="add up to 0"):
        replace(INVOICE, kind=DocumentKind.JOURNAL)


@pytest.mark.parametrize("wrong", [{"lines": ()}, {"settles": PAYMENT.settles}, {"kind": DocumentKind.PAYMENT}])
def test_lines_and_what_is_settled_exclude_each_other(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="only"):
        replace(INVOICE, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("document", [INVOICE, PAYMENT])
def test_a_stored_document_is_the_same_again(document: LedgerDocument) -> None:
    again = document_from_values(orjson.loads(orjson.dumps(document_values(document))))
    assert again == document
    assert again.digest == document.digest


def test_any_change_shows_in_the_digest() -> None:
    changed = [replace(INVOICE, memo="x"), replace(INVOICE, date="2026-03-03"), replace(INVOICE, lines=INVOICE.lines[::-1])]
    assert len({INVOICE.digest, *(one.digest for one in changed)}) == 4


@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_amounts_go_out_and_come_back_exactly(amount: int, exponent: int) -> None:
    text = orjson.dumps(json_number(amount, exponent)).decode()
    assert minor_units(text, exponent) == amount


@pytest.mark.parametrize(
    ("told", "exponent", "amount"), [("10.5", 2, 1050), (3, 2, 300), ("7.000", 0, 7), ("-0.05", 2, -5), ("+1.10", 3, 1100)]
)
def test_amounts_are_read_as_ledgers_write_them(told: str | int, exponent: int, amount: int) -> None:
    assert minor_units(told, exponent) == amount


@pytest.mark.parametrize("told", ["10.501", "1e3", "", "NaN", "1,50", True, "٣"])
def test_what_is_no_exact_amount_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        minor_units(told, 2)
