"""What a document becomes in QuickBooks, field by field."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from sinks.connectors.catalogue import kind_of
from sinks.connectors.quickbooks.company import Company, SalesTax
from sinks.connectors.quickbooks.ledger import KIND
from sinks.connectors.quickbooks.marks import number_of
from sinks.connectors.quickbooks.rendering import finer_than_kept, resource_of
from sinks.external.documents import DocumentKind, LedgerDocument, LineTax
from tests.unit.sinks_quickbooks.documents import KEY, document, line

US = Company(realm_id="1", home_currency="USD", multicurrency=False, sales_tax=SalesTax.US, no_tax_code="NON")
UK = Company(realm_id="1", home_currency="GBP", multicurrency=True, sales_tax=SalesTax.GLOBAL, no_tax_code="10")
NUMBER = number_of(KEY)
HEAD = {"TxnDate": "2026-03-15", "PrivateNote": f"invoice-1: Order 1 [asiento {KEY}]"}


def rendered(one: LedgerDocument, company: Company = US, remote_ids: Mapping[str, str] | None = None) -> Any:
    """As it goes over the wire, numbers as they are written."""
    return orjson.loads(orjson.dumps(resource_of(one, company, remote_ids or {})))


def vat(amount: int, code: str = "5/9", rate: str = "0.2") -> LineTax:
    """A tax that QuickBooks books."""
    return LineTax(code=code, rate=rate, amount=amount, account="88", role="tax_payable:GB:VAT")


def test_a_journal() -> None:
    lines = (line(1050, "35", description="card"), line(-1000), line(-50, "84", contact="58", description=""), line(0, "36"))
    assert rendered(document(lines=lines)) == {
        "DocNumber": NUMBER,
        **HEAD,
        "Line": [
            {
                "Description": "card",
                "Amount": 10.5,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": "Debit", "AccountRef": {"value": "35"}},
            },
            {
                "Description": "2 mugs",
                "Amount": 10,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": "Credit", "AccountRef": {"value": "79"}},
            },
            {
                "Amount": 0.5,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {
                    "PostingType": "Credit",
                    "AccountRef": {"value": "84"},
                    "Entity": {"Type": "Customer", "EntityRef": {"value": "58"}},
                },
            },
        ],
    }


def test_an_invoice_of_items() -> None:
    lines = (line(5000, quantity=2_500_000, unit_price="20.00"), line(-333, item="2", quantity=1_000_000, unit_price="-3.3333"))
    assert rendered(document(DocumentKind.INVOICE, lines=lines, due_date="2026-04-14")) == {
        "DocNumber": NUMBER,
        **HEAD,
        "CustomerRef": {"value": "58"},
        "DueDate": "2026-04-14",
        "Line": [
            {
                "Description": "2 mugs",
                "Amount": 50,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "UnitPrice": 20, "Qty": 2.5, "TaxCodeRef": {"value": "NON"}},
            },
            {
                "Description": "2 mugs (1 at -3.3333)",
                "Amount": -3.33,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "2"}, "TaxCodeRef": {"value": "NON"}},
            },
        ],
    }


def test_a_credit_memo_has_no_due_date() -> None:
    found = rendered(document(DocumentKind.CREDIT_NOTE, due_date="2026-04-14"))
    assert set(found) == {"DocNumber", "TxnDate", "PrivateNote", "CustomerRef", "Line"}


def test_a_payment_is_linked_to_the_invoice_by_its_id_or_shows_its_key() -> None:
    one = document(DocumentKind.PAYMENT)
    expected = {
        "PaymentRefNum": NUMBER,
        **HEAD,
        "CustomerRef": {"value": "58"},
        "TotalAmt": 10.5,
        "DepositToAccountRef": {"value": "35"},
        "Line": [{"Amount": 10.5, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]}],
    }
    assert rendered(one, remote_ids={"key of the invoice": "130"}) == expected
    assert rendered(one)["Line"][0]["LinkedTxn"][0]["TxnId"] == "key of the invoice"


def test_an_allocation_is_a_payment_of_nothing() -> None:
    found = rendered(document(DocumentKind.ALLOCATION), remote_ids={"key of the invoice": "130", "key of the note": "131"})
    assert found["TotalAmt"] == 0
    assert found["Line"] == [
        {"Amount": 10.5, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]},
        {"Amount": 10.5, "LinkedTxn": [{"TxnId": "131", "TxnType": "CreditMemo"}]},
    ]
    assert "DepositToAccountRef" not in found


def test_the_us_have_one_tax_a_document() -> None:
    lines = (line(1000, tax=vat(80, "7", "0.08")), line(50))
    found = rendered(document(DocumentKind.INVOICE, lines=lines))
    assert found["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "7"}, "TotalTax": 0.8}
    assert [one["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in found["Line"]] == ["TAX", "NON"]
    with pytest.raises(ValueError, match="taxes of 7, 8"):
        rendered(document(DocumentKind.INVOICE, lines=(lines[0], line(50, tax=vat(4, "8")))))


def test_elsewhere_taxes_are_told_one_line_a_rate() -> None:
    lines = (line(1000, tax=vat(200)), line(505, tax=vat(101)), line(100, tax=vat(5, "6/11", "0.055")), line(70))
    found = rendered(document(DocumentKind.INVOICE, lines=lines, currency="GBP"), UK)
    assert found["GlobalTaxCalculation"] == "TaxExcluded"
    assert [one["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in found["Line"]] == ["5", "5", "6", "10"]
    assert found["TxnTaxDetail"] == {
        "TotalTax": 3.06,
        "TaxLine": [
            {
                "Amount": 3.01,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {"TaxRateRef": {"value": "9"}, "PercentBased": True, "TaxPercent": 20, "NetAmountTaxable": 15.05},
            },
            {
                "Amount": 0.05,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {"TaxRateRef": {"value": "11"}, "PercentBased": True, "TaxPercent": 5.5, "NetAmountTaxable": 1},
            },
        ],
    }


def test_elsewhere_lines_without_any_tax_are_out_of_its_scope() -> None:
    found = rendered(document(DocumentKind.INVOICE, currency="GBP"), UK)
    assert found["GlobalTaxCalculation"] == "NotApplicable"
    assert "TaxCodeRef" not in found["Line"][0]["SalesItemLineDetail"]
    assert "TxnTaxDetail" not in found


def test_currencies_are_named_where_there_are_several() -> None:
    yen = document(currency="JPY", currency_exponent=0)
    found = rendered(yen, UK)
    assert found["CurrencyRef"] == {"value": "JPY"}
    assert found["Line"][0]["Amount"] == 1050
    with pytest.raises(ValueError, match=r"in JPY, the company books in USD only"):
        rendered(yen)


@pytest.mark.parametrize(("amount", "shown", "kept"), [(1_230, b"1.230", True), (1_234, b"1.234", False)])
def test_a_third_decimal_is_shown_and_not_sent(amount: int, shown: bytes, kept: bool) -> None:
    dinars = document(currency="KWD", currency_exponent=3, lines=(line(amount, "35"), line(-amount)))
    assert orjson.dumps(resource_of(dinars, UK, {})).count(b'"Amount":' + shown) == 2
    assert (finer_than_kept(dinars) is None) is kept
    assert finer_than_kept(document(currency="JPY", currency_exponent=0)) is None


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (document(DocumentKind.REFUND), "goes as a journal"),
        (document(DocumentKind.INVOICE, lines=(line(1050, item=None),)), "names no item"),
        (document(DocumentKind.INVOICE, lines=(line(-1050),)), "less than 0"),
        (document(DocumentKind.INVOICE, contact=None), "names no customer"),
        (document(lines=(line(0), line(0))), "no journal of nothing"),
    ],
)
def test_what_has_no_form_says_why(one: LedgerDocument, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rendered(one)


def test_tax_codes_that_are_half_a_code_say_so() -> None:
    with pytest.raises(ValueError, match="like 5/9"):
        rendered(document(DocumentKind.INVOICE, currency="GBP", lines=(line(100, tax=vat(20, "5")),)), UK)


def test_texts_keep_what_can_be_sent() -> None:
    one = document(memo="a\x00b ñ 日本 \U0001f600\ud800" + "x" * 5000, lines=(line(1, "35", description="\x0c" + "y" * 5000), line(-1)))
    found = rendered(one)
    assert found["PrivateNote"].startswith("invoice-1: a b ñ 日本 \U0001f600 xxx")
    assert found["PrivateNote"].endswith(f"x [asiento {KEY}]")
    assert len(found["PrivateNote"]) == 4000
    assert len(found["Line"][0]["Description"]) == 4000


def test_calls_are_single_or_batches_of_ten() -> None:
    connector = KIND.make(KIND.sandbox(), None)
    journals = [document(key=f"{number:08x}-0000-5000-8000-000000000000") for number in range(12)]
    requests = connector.render([*journals, document(DocumentKind.PAYMENT)], {})
    assert [len(request.body.get("BatchItemRequest", "1")) for request in requests] == [10, 2, 1]
    base = "/v3/company/4620816365000000000"
    assert [request.path.partition("?")[0] for request in requests] == [f"{base}/batch", f"{base}/batch", f"{base}/payment"]
    assert [item["bId"] for item in requests[1].body["BatchItemRequest"]] == ["1", "2"]
    request_ids = [request.path.partition("requestid=")[2] for request in requests]
    assert [len(request_id) for request_id in request_ids] == [36, 36, 49]
    assert request_ids[2].startswith(f"{KEY}-")
    assert all("minorversion=75" in request.path for request in requests)


def test_a_corrected_document_is_another_request_under_the_same_number() -> None:
    connector = KIND.make(KIND.sandbox(), None)
    first, second = (connector.render([document(lines=(line(1, account), line(-1)))], {})[0] for account in ("35", "36"))
    assert first.path != second.path
    assert first.body["DocNumber"] == second.body["DocNumber"] == NUMBER
    assert len(NUMBER) == 21


def test_the_kind_is_known_by_name() -> None:
    assert kind_of("quickbooks") is KIND
