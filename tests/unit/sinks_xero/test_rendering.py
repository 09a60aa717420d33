"""Documents in Xero's form, field by field."""

from dataclasses import replace
from decimal import Decimal
from json import loads
from typing import Any

import orjson
import pytest

from sinks.connectors.catalogue import kind_of
from sinks.connectors.xero.rendering import calls, element, key_in_narration, reference_in_narration, rounding
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import encoded
from tests.unit.sinks_xero.documents import INVOICE_KEY, KEY, NOTE_KEY, TENANT, document, line, taxed


def _element(one: LedgerDocument, base_currency: str | None = None) -> Any:
    return loads(orjson.dumps(element(one, {}, base_currency)), parse_float=Decimal)


def _items(one: LedgerDocument) -> list[Any]:
    found: list[Any] = _element(one)["LineItems"]
    return found


def test_a_journal() -> None:
    assert _element(document(original_date="2025-05-31")) == {
        "Narration": f"paid by card (ref-1, of 2025-05-31) [{KEY}]",
        "Date": "2025-06-15",
        "LineAmountTypes": "NoTax",
        "Status": "POSTED",
        "JournalLines": [
            {"LineAmount": Decimal("10.50"), "AccountCode": "620", "Description": "paid", "TaxType": "NONE"},
            {"LineAmount": Decimal("-10.50"), "AccountCode": "200", "Description": "role-of-200", "TaxType": "NONE"},
        ],
    }


def test_an_invoice() -> None:
    lines = (taxed("200", 1000, 200), line("210", -100, "voucher"))
    assert _element(document(DocumentKind.INVOICE, lines=lines, due_date="2025-07-15")) == {
        "Type": "ACCREC",
        "Contact": {"Name": "Web shop customers"},
        "InvoiceNumber": "ref-1",
        "Reference": KEY,
        "Date": "2025-06-15",
        "DueDate": "2025-07-15",
        "LineAmountTypes": "Exclusive",
        "CurrencyCode": "EUR",
        "Status": "AUTHORISED",
        "LineItems": [
            {
                "Description": "mug",
                "Quantity": 1,
                "UnitAmount": Decimal("10.00"),
                "AccountCode": "200",
                "TaxType": "OUTPUT2",
                "LineAmount": Decimal("10.00"),
                "TaxAmount": Decimal("2.00"),
            },
            {
                "Description": "voucher",
                "Quantity": 1,
                "UnitAmount": Decimal("-1.00"),
                "AccountCode": "210",
                "TaxType": "NONE",
                "LineAmount": Decimal("-1.00"),
            },
        ],
    }


def test_an_invoice_is_due_on_its_day_where_nothing_is_said() -> None:
    assert _element(document(DocumentKind.INVOICE))["DueDate"] == "2025-06-15"


def test_a_credit_note() -> None:
    found = _element(document(DocumentKind.CREDIT_NOTE))
    assert (found["Type"], found["CreditNoteNumber"], found["Reference"]) == ("ACCRECCREDIT", "ref-1", KEY)
    assert "DueDate" not in found


@pytest.mark.parametrize(
    ("kind", "settled"),
    [
        (DocumentKind.PAYMENT, {"Invoice": {"InvoiceID": INVOICE_KEY}}),
        (DocumentKind.REFUND, {"CreditNote": {"CreditNoteID": INVOICE_KEY}}),
    ],
)
def test_what_settles(kind: DocumentKind, settled: dict[str, Any]) -> None:
    money = {"Account": {"Code": "620"}, "Date": "2025-06-15", "Amount": Decimal("10.50"), "Reference": KEY}
    assert _element(document(kind)) == settled | money


def test_ids_of_xero_take_the_place_of_our_keys() -> None:
    ids = {INVOICE_KEY: "id-of-invoice", NOTE_KEY: "id-of-note"}
    allocation = document(DocumentKind.ALLOCATION)
    (call,) = calls([(allocation, element(allocation, ids, None))], ids, TENANT)
    assert call.request.path == "/CreditNotes/id-of-note/Allocations?summarizeErrors=false"
    body = {"Allocations": [{"Invoice": {"InvoiceID": "id-of-invoice"}, "Amount": Decimal("10.50"), "Date": "2025-06-15"}]}
    assert loads(encoded(call.request.body), parse_float=Decimal) == body


@pytest.mark.parametrize(
    ("quantity", "unit_price", "amount", "told"),
    [
        (3_000_000, "3.50", 1050, (3, "3.50")),
        (2_500_000, "4.20", 1050, ("2.5000", "4.20")),
        (3_000_000, "3.49", 1050, (1, "10.50")),
        (3_000_000, "3.50", -1050, (1, "-10.50")),
        (1_000_000, "10.5000", 1050, (1, "10.50")),
        (333_333, "31.50", 1050, (1, "10.50")),
        (None, None, 1050, (1, "10.50")),
    ],
)
def test_quantity_and_price_are_told_where_they_come_to_the_amount(
    quantity: int | None, unit_price: str | None, amount: int, told: tuple[Any, str]
) -> None:
    lines = (line("200", amount, "mug", quantity=quantity, unit_price=unit_price), line("200", 2000))
    item = _items(document(DocumentKind.INVOICE, lines=lines))[0]
    assert (item["Quantity"], item["UnitAmount"]) == (Decimal(told[0]), Decimal(told[1]))
    assert item["LineAmount"] == Decimal(amount).scaleb(-2)


@pytest.mark.parametrize(("currency", "exponent", "shown"), [("JPY", 0, "1050"), ("KWD", 3, "1.050"), ("EUR", 2, "10.50")])
def test_amounts_have_the_decimals_of_their_currency(currency: str, exponent: int, shown: str) -> None:
    one = document(currency=currency, currency_exponent=exponent)
    assert f'"LineAmount":{shown},'.encode() in orjson.dumps(element(one, {}, None))


def test_unit_amounts_with_more_decimals_are_asked_for() -> None:
    found = [document(DocumentKind.INVOICE, currency=c, currency_exponent=e) for c, e in (("EUR", 2), ("KWD", 3))]
    paths = [call.request.path for call in calls([(one, element(one, {}, None)) for one in found], {}, TENANT)]
    assert paths == ["/Invoices?summarizeErrors=false", "/Invoices?summarizeErrors=false&unitdp=4"]


def test_what_xero_would_round_is_known() -> None:
    kept = document(currency="KWD", currency_exponent=3)
    assert rounding(kept) is None
    beyond = replace(kept, lines=(line("620", 1051), line("200", -1051)))
    assert "would round 1.051 KWD" in str(rounding(beyond))


def test_accounts_and_contacts_may_be_ids() -> None:
    identity = "9012e75c-ec08-40a9-ae15-153fc1f35c4d"
    invoice = _element(document(DocumentKind.INVOICE, contact=identity, lines=(line(identity, 1050),)))
    assert invoice["Contact"] == {"ContactID": identity}
    assert invoice["LineItems"][0]["AccountID"] == identity
    assert _element(document(DocumentKind.PAYMENT, account=identity))["Account"] == {"AccountID": identity}


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (document(currency="USD"), "journals in the organization's currency EUR only"),
        (document(lines=(taxed("620", 1050, 200), line("200", -1050))), "carries tax OUTPUT2"),
        (document(DocumentKind.INVOICE, contact=None), "wants a contact"),
        (document(DocumentKind.INVOICE, lines=(line("200", -1),)), "below 0"),
        (document(DocumentKind.INVOICE, currency="UYW", currency_exponent=4), "does not know the currency UYW"),
    ],
)
def test_what_has_no_form_is_said_so(one: LedgerDocument, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        element(one, {}, "EUR")


def test_long_texts_are_cut_and_the_key_stays() -> None:
    narration = _element(document(memo="ñ" * 9000, reference="r" * 255))["Narration"]
    assert key_in_narration(narration) == KEY
    assert len(narration) < 1000
    assert len(_items(document(DocumentKind.INVOICE, lines=(line("200", 1, "x" * 9000),)))[0]["Description"]) == 4000


@pytest.mark.parametrize(("text", "key"), [("closing entry", None), (f"see [{KEY}] above", None), (f"memo (a) [{KEY.upper()}] ", KEY)])
def test_keys_in_narrations(text: str, key: str | None) -> None:
    assert key_in_narration(text) == key


def test_the_reference_is_read_back_out_of_a_narration() -> None:
    for moved in (None, "2025-05-31"):
        one = document(memo="memo (with) brackets", original_date=moved)
        assert reference_in_narration(_element(one)["Narration"]) == "ref-1"
    assert reference_in_narration("closing entry") == "closing entry"


def test_a_call_takes_fifty_of_one_kind_and_no_more_than_its_bytes() -> None:
    many = [document(key=f"00000000-0000-5000-8000-{number:012}") for number in range(60)]
    pairs = [(one, element(one, {}, None)) for one in [*many, document(DocumentKind.INVOICE)]]
    assert [len(call.documents) for call in calls(pairs, {}, TENANT)] == [50, 10, 1]
    length = len(orjson.dumps(pairs[0][1])) + 1
    assert [len(call.documents) for call in calls(pairs[:7], {}, TENANT, bytes_max=3 * length)] == [3, 3, 1]


def test_a_call_has_a_key_of_its_own_documents_and_content() -> None:
    def repeat_key(*documents: LedgerDocument) -> str:
        (call,) = calls([(one, element(one, {}, None)) for one in documents], {}, TENANT)
        return call.request.headers["Idempotency-Key"]

    one, other = document(), document(key=NOTE_KEY)
    assert repeat_key(one, other) == repeat_key(one, other)
    assert len({repeat_key(one), repeat_key(other), repeat_key(one, other), repeat_key(replace(one, date="2025-06-16"))}) == 4
    assert len(repeat_key(one)) <= 128


def test_rendering_needs_no_account_at_xero() -> None:
    kind = kind_of("xero")
    assert kind is not None
    (request,) = kind.make(kind.sandbox(), None).render([document()], {})
    assert (request.method, request.path) == ("PUT", "/ManualJournals?summarizeErrors=false")
    assert "Authorization" not in request.headers
