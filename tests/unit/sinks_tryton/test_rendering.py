"""Documents as records of Tryton: exact amounts, keys that are found again, names where numbers would stand."""

from decimal import Decimal
from typing import Any

import pytest

from sinks.connectors.tryton.ledger import KIND
from sinks.connectors.tryton.rendering import AccountName, Names, PartyName, key_in, key_pattern, record_for, text_with_key
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import encoded
from tests.tryton_chart import ACCOUNT_OF_ROLE, CONTACT
from tests.unit.sinks_tryton.documents import invoice, journal, key_of, line, settling, taxed

RECEIVABLE = ACCOUNT_OF_ROLE["accounts_receivable"]
REVENUE = frozenset({ACCOUNT_OF_ROLE["revenue"], ACCOUNT_OF_ROLE["sales_discounts"], ACCOUNT_OF_ROLE["sales_returns"]})


def names_for(document: LedgerDocument, **more: Any) -> Names:
    codes = {one.account for one in document.lines} | {one.tax.account for one in document.lines if one.tax is not None}
    codes |= {code for code in (document.receivable, document.account) if code is not None}
    return Names(
        company=1,
        currency=2,
        journal=3,
        period=4,
        accounts={code: AccountName(record=f"#{code}", needs_party=code == RECEIVABLE, is_revenue=code in REVENUE) for code in codes},
        parties={CONTACT: PartyName(record=7, address=8)},
        taxes={"VAT 21%": 9},
        **more,
    )


def value(amount: dict[str, str]) -> Decimal:
    assert amount["__class__"] == "Decimal"
    return Decimal(amount["decimal"])


def sums(record: dict[str, Any]) -> dict[str, Decimal]:
    """What an invoice comes to by account, as Tryton computes it: quantity times price, and manual taxes."""
    found: dict[str, Decimal] = {}
    for one in record["lines"][0][1]:
        found[one["account"]] = found.get(one["account"], Decimal()) + Decimal(one["quantity"]) * value(one["unit_price"])
    for one in record["taxes"][0][1]:
        assert one["manual"] is True
        found[one["account"]] = found.get(one["account"], Decimal()) + value(one["amount"])
    return found


def test_a_journal_is_a_move_with_a_debit_or_a_credit_per_line() -> None:
    document = journal("a", line("psp_clearing", 1005), line("accounts_receivable", -1000, contact=CONTACT), line("rounding", -5))
    record = record_for(document, names_for(document))
    assert (record["company"], record["journal"], record["period"]) == (1, 3, 4)
    assert record["date"] == {"__class__": "date", "year": 2026, "month": 3, "day": 2}
    ((verb, lines),) = record["lines"]
    assert verb == "create"
    assert [(one["account"], value(one["debit"]), value(one["credit"])) for one in lines] == [
        ("#1160", Decimal("10.05"), 0),
        (f"#{RECEIVABLE}", 0, Decimal("10.00")),
        ("#5160", 0, Decimal("0.05")),
    ]
    assert ["party" in one for one in lines] == [False, True, False]
    assert lines[1]["party"] == 7


@pytest.mark.parametrize(("exponent", "text"), [(0, "1005"), (2, "10.05"), (3, "1.005")])
def test_amounts_have_the_digits_of_their_currency(exponent: int, text: str) -> None:
    document = journal("b", line("psp_clearing", 1005), line("revenue", -1005), currency="XXX", currency_exponent=exponent)
    assert record_for(document, names_for(document))["lines"][0][1][0]["debit"] == {"__class__": "Decimal", "decimal": text}


def test_the_description_holds_key_and_kind_after_the_words() -> None:
    document = journal("c", memo="Envío\nnº 7  «ñ»", reference="ship/7")
    text = text_with_key(document)
    assert text == f"ship/7 · Envío nº 7 «ñ» [journal {key_of('c')}]"
    assert key_in(text) == ("journal", key_of("c"), "ship/7 · Envío nº 7 «ñ»")
    assert text.endswith(key_pattern(document.key).removeprefix("%"))
    assert len(text_with_key(journal("d", memo="x" * 5_000))) < 1_100
    for foreign in (None, "", "Rent March", f"[{key_of('c')}]", f"[journal {key_of('c')}] and more", "[journal 12345678]"):
        assert key_in(foreign) == (None, None, foreign or "")


def test_an_invoice_books_every_line_exactly() -> None:
    document = invoice(
        "e",
        line("revenue", 2997, quantity=3_000_000),
        line("revenue", 1000, quantity=3_000_000),
        line("sales_discounts", -197),
        line("gift_card_liability", 500),
        line("tax_payable", 421),
    )
    record = record_for(document, names_for(document))
    assert sums(record) == {
        "#4000": Decimal("39.97"),
        "#4100": Decimal("-1.97"),
        "#2240": Decimal("5.00"),
        "#2280": Decimal("4.21"),
    }
    shown = [(one["quantity"], value(one["unit_price"])) for one in record["lines"][0][1]]
    assert shown == [(3, Decimal("9.99")), (1, Decimal("10.00")), (1, Decimal("-1.97"))]
    assert (record["type"], record["party"], record["invoice_address"], record["account"]) == ("out", 7, 8, f"#{RECEIVABLE}")
    assert "invoice_date" not in record, "numbers follow the days on which invoices are posted"
    assert record["accounting_date"]["month"] == 3


def test_a_credit_note_turns_every_sign() -> None:
    lines = (line("sales_returns", 2000, quantity=2_000_000), line("tax_payable", 420), line("sales_discounts", -20))
    document = invoice("f", *lines, kind=DocumentKind.CREDIT_NOTE)
    record = record_for(document, names_for(document))
    assert sums(record) == {"#4110": Decimal("-20.00"), "#2280": Decimal("-4.20"), "#4100": Decimal("0.20")}
    assert [one["quantity"] for one in record["lines"][0][1]] == [-2, -1]


def test_taxes_with_a_code_are_one_tax_each_with_its_base() -> None:
    document = invoice("g", taxed("revenue", 1000, 210), taxed("revenue", 101, 21), line("revenue", 7))
    taxes = record_for(document, names_for(document))["taxes"][0][1]
    assert [(one["tax"], value(one["base"]), value(one["amount"])) for one in taxes] == [(9, Decimal("11.01"), Decimal("2.31"))]
    credit = invoice("h", taxed("revenue", 1000, 210), kind=DocumentKind.CREDIT_NOTE)
    (tax,) = record_for(credit, names_for(credit))["taxes"][0][1]
    assert (value(tax["base"]), value(tax["amount"])) == (Decimal("-10.00"), Decimal("-2.10"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DocumentKind.PAYMENT, [("#1160", 700, None), (f"#{RECEIVABLE}", -700, 41)]),
        (DocumentKind.REFUND, [(f"#{RECEIVABLE}", 700, 41), ("#1160", -700, None)]),
        (DocumentKind.ALLOCATION, [(f"#{RECEIVABLE}", 700, 42), (f"#{RECEIVABLE}", -700, 41)]),
    ],
)
def test_what_settles_names_the_invoice_on_the_line_of_receivables(kind: DocumentKind, expected: list[Any]) -> None:
    document = settling("i", kind, invoice("owed"), 700, source=invoice("note") if kind is DocumentKind.ALLOCATION else None)
    lines = record_for(document, names_for(document, pays=41, source=42))["lines"][0][1]
    told = [(one["account"], int((value(one["debit"]) - value(one["credit"])) * 100), one.get("invoice_payment")) for one in lines]
    assert told == expected
    assert all(one["party"] == 7 for one in lines if one["account"] == f"#{RECEIVABLE}")


def test_render_shows_all_calls_without_looking_anything_up() -> None:
    connector = KIND.make(KIND.sandbox(), None)
    payment = settling("k", DocumentKind.PAYMENT, invoice("j"), 2000)
    for document in (journal("l"), invoice("j", taxed("revenue", 100, 21)), payment):
        made, posted = connector.render([document], {})
        assert made.path.startswith("/rest/model/account.")
        assert document.key.encode() in encoded(made.body)
        assert posted.path.endswith("/post?f=number&f=state")
    shown = encoded(connector.render([payment], {})[0].body)
    assert key_of("j").encode() in shown, "what has no number yet is shown as our key"
    assert b"account.invoice,9" in encoded(connector.render([payment], {key_of("j"): "account.invoice,9"})[0].body)
