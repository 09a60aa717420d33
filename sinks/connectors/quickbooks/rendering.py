"""Documents as QuickBooks' own resources: field names and words are the vendor's, amounts exact. Pure.

JOURNAL      JournalEntry; a line that names a contact carries it as its customer
INVOICE      Invoice, CREDIT_NOTE CreditMemo: a line for each item, whose account QuickBooks takes from the item
PAYMENT      Payment of one Invoice, deposited to an account
ALLOCATION   Payment of 0 that links a CreditMemo to an Invoice
REFUND       has no form: a RefundReceipt would take the income back a second time
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from asiento.accounting.money import MICRO_UNITS_PER_UNIT, major_units_text, parse_decimal
from sinks.connectors.quickbooks.company import Company, SalesTax
from sinks.connectors.quickbooks.marks import note_of, number_of, plain
from sinks.external.amounts import json_number
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine, LineTax
from sinks.external.port import RemoteIds

RESOURCES: Final = {
    DocumentKind.JOURNAL: "JournalEntry",
    DocumentKind.INVOICE: "Invoice",
    DocumentKind.CREDIT_NOTE: "CreditMemo",
    DocumentKind.PAYMENT: "Payment",
    DocumentKind.ALLOCATION: "Payment",
}
DECIMALS_MAX: Final = 2
DESCRIPTION_CHARACTERS_MAX: Final = 4000
PRICE_DECIMALS_MAX: Final = 7
US_TAXABLE: Final = "TAX"


def resource_of(document: LedgerDocument, company: Company, remote_ids: RemoteIds) -> dict[str, Any]:
    """The resource that a document becomes; raises ValueError with a message for people where it has no form there."""
    if document.currency != company.home_currency and not company.multicurrency:
        raise ValueError(
            f"{document.reference} is in {document.currency}, the company books in {company.home_currency} only: "
            "switch Multicurrency on there and in the options of the connection"
        )
    match document.kind:
        case DocumentKind.JOURNAL:
            return _journal(document, company)
        case DocumentKind.INVOICE | DocumentKind.CREDIT_NOTE:
            return _sale(document, company)
        case DocumentKind.PAYMENT:
            return _payment(document, company, remote_ids)
        case DocumentKind.ALLOCATION:
            return _allocation(document, company, remote_ids)
        case DocumentKind.REFUND:
            raise ValueError(
                f"{document.reference}: QuickBooks has no refund of a credit memo that books nothing else; it goes as a journal"
            )


def finer_than_kept(document: LedgerDocument) -> str | None:
    """Why a document that has a form is not sent: QuickBooks keeps two decimals, and would round the others away; None = it may be."""
    more = 10 ** max(document.currency_exponent - DECIMALS_MAX, 0)
    amounts = [document.total]
    for line in document.lines:
        amounts += [line.amount, line.tax.amount if line.tax is not None else 0]
    fine = [amount for amount in amounts if amount % more]
    if not fine:
        return None
    shown = major_units_text(fine[0], document.currency_exponent)
    return f"{document.reference}: {shown} {document.currency} has more than the {DECIMALS_MAX} decimals that QuickBooks keeps"


def _journal(document: LedgerDocument, company: Company) -> dict[str, Any]:
    lines = [_journal_line(document, line) for line in document.lines if line.amount]
    if not lines:
        raise ValueError(f"{document.reference}: QuickBooks takes no journal of nothing")
    return {"DocNumber": number_of(document.key), **_head(document, company), "Line": lines}


def _journal_line(document: LedgerDocument, line: LedgerLine) -> dict[str, Any]:
    detail: dict[str, Any] = {"PostingType": "Debit" if line.amount > 0 else "Credit", "AccountRef": _reference(line.account)}
    if line.contact is not None:
        detail["Entity"] = {"Type": "Customer", "EntityRef": _reference(line.contact)}
    return {
        **_description(line.description),
        "Amount": _amount(document, abs(line.amount)),
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }


def _sale(document: LedgerDocument, company: Company) -> dict[str, Any]:
    if document.total < 0:
        raise ValueError(f"{document.reference} comes to less than 0: QuickBooks takes no such {document.kind}")
    found = {"DocNumber": number_of(document.key), **_head(document, company), "CustomerRef": _customer(document)}
    if document.due_date is not None and document.kind is DocumentKind.INVOICE:
        found["DueDate"] = document.due_date
    taxes = [line.tax for line in document.lines if line.tax is not None]
    if company.sales_tax is SalesTax.GLOBAL:
        found["GlobalTaxCalculation"] = "TaxExcluded" if taxes else "NotApplicable"
    found["Line"] = [_sale_line(document, line, company, taxed=bool(taxes)) for line in document.lines]
    if taxes:
        found["TxnTaxDetail"] = _us_tax(document, taxes) if company.sales_tax is SalesTax.US else _global_tax(document)
    return found


def _sale_line(document: LedgerDocument, line: LedgerLine, company: Company, *, taxed: bool) -> dict[str, Any]:
    if line.item is None:
        raise ValueError(
            f"{document.reference}: the line of {line.role} names no item, and QuickBooks books lines of sales to their items' accounts: "
            "say `item` in the mapping's rule for it"
        )
    detail: dict[str, Any] = {"ItemRef": _reference(line.item), **_price(document, line)}
    code = _line_tax_code(document, line, company, taxed=taxed)
    if code is not None:
        detail["TaxCodeRef"] = _reference(code)
    return {
        **_description(_with_quantity(line, priced="UnitPrice" in detail)),
        "Amount": _amount(document, line.amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _line_tax_code(document: LedgerDocument, line: LedgerLine, company: Company, *, taxed: bool) -> str | None:
    if company.sales_tax is SalesTax.US:
        return company.no_tax_code if line.tax is None else US_TAXABLE
    if not taxed:
        return None
    if line.tax is not None:
        return _global_codes(document, line.tax)[0]
    if company.no_tax_code is None:
        raise ValueError(f"{document.reference}: lines with and without tax in one document need the option no_tax_code of the connection")
    return company.no_tax_code


def _us_tax(document: LedgerDocument, taxes: Sequence[LineTax]) -> dict[str, Any]:
    codes = sorted({tax.code for tax in taxes})
    if len(codes) > 1:
        raise ValueError(
            f"{document.reference} has taxes of {', '.join(codes)}, and QuickBooks in the US has one a document: map them to items"
        )
    return {"TxnTaxCodeRef": _reference(codes[0]), "TotalTax": _amount(document, sum(tax.amount for tax in taxes))}


def _global_tax(document: LedgerDocument) -> dict[str, Any]:
    """The taxes as they are, one line a rate: QuickBooks takes them instead of its own calculation."""
    sums: dict[str, list[Any]] = {}
    for line in document.lines:
        if line.tax is not None:
            found = sums.setdefault(_global_codes(document, line.tax)[1], [line.tax.rate, 0, 0])
            found[1] += line.amount
            found[2] += line.tax.amount
    return {
        "TotalTax": _amount(document, sum(tax for _, _, tax in sums.values())),
        "TaxLine": [
            {
                "Amount": _amount(document, tax),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": _reference(rate_id),
                    "PercentBased": True,
                    "TaxPercent": orjson.Fragment(_percent(rate)),
                    "NetAmountTaxable": _amount(document, net),
                },
            }
            for rate_id, (rate, net, tax) in sums.items()
        ],
    }


def _global_codes(document: LedgerDocument, tax: LineTax) -> tuple[str, str]:
    code, slash, rate = tax.code.partition("/")
    if not (code and slash and rate):
        raise ValueError(f"{document.reference}: the tax code {tax.code!r} is expected as the Ids of code and rate, like 5/9")
    return code, rate


def _payment(document: LedgerDocument, company: Company, remote_ids: RemoteIds) -> dict[str, Any]:
    if document.settles is None or document.account is None:
        raise ValueError(f"{document.reference}: a payment names what it settles and the account it comes from")
    total = _amount(document, document.total)
    return {
        "PaymentRefNum": number_of(document.key),
        **_head(document, company),
        "CustomerRef": _customer(document),
        "TotalAmt": total,
        "DepositToAccountRef": _reference(document.account),
        "Line": [_link(total, remote_ids.get(document.settles.key, document.settles.key), "Invoice")],
    }


def _allocation(document: LedgerDocument, company: Company, remote_ids: RemoteIds) -> dict[str, Any]:
    if document.settles is None or document.source is None:
        raise ValueError(f"{document.reference}: an allocation names a credit note and an invoice")
    amount = _amount(document, document.settles.amount)
    return {
        "PaymentRefNum": number_of(document.key),
        **_head(document, company),
        "CustomerRef": _customer(document),
        "TotalAmt": 0,
        "Line": [
            _link(amount, remote_ids.get(document.settles.key, document.settles.key), "Invoice"),
            _link(amount, remote_ids.get(document.source.key, document.source.key), "CreditMemo"),
        ],
    }


def _link(amount: orjson.Fragment, remote_id: str, kind: str) -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": remote_id, "TxnType": kind}]}


def _head(document: LedgerDocument, company: Company) -> dict[str, Any]:
    found: dict[str, Any] = {"TxnDate": document.date, "PrivateNote": note_of(document)}
    if company.multicurrency:
        found["CurrencyRef"] = _reference(document.currency)
    return found


def _customer(document: LedgerDocument) -> dict[str, str]:
    if document.contact is None:
        raise ValueError(f"{document.reference} names no customer: say `contact` in the mapping")
    return _reference(document.contact)


def _reference(remote_id: str) -> dict[str, str]:
    return {"value": remote_id}


def _description(text: str) -> dict[str, str]:
    return {"Description": plain(text)[:DESCRIPTION_CHARACTERS_MAX]} if text else {}


def _price(document: LedgerDocument, line: LedgerLine) -> dict[str, Any]:
    """Quantity and price where they come to the amount exactly: QuickBooks refuses lines where they do not."""
    if line.quantity is None or line.unit_price is None or line.quantity <= 0:
        return {}
    price = parse_decimal(line.unit_price)
    exact = price.numerator * line.quantity * 10**document.currency_exponent == line.amount * price.denominator * MICRO_UNITS_PER_UNIT
    if not exact or price.denominator > 10**PRICE_DECIMALS_MAX:
        return {}
    return {"UnitPrice": orjson.Fragment(line.unit_price), "Qty": orjson.Fragment(_quantity_text(line.quantity))}


def _with_quantity(line: LedgerLine, *, priced: bool) -> str:
    if priced or line.quantity is None:
        return line.description
    each = f" at {line.unit_price}" if line.unit_price is not None else ""
    return f"{line.description} ({_quantity_text(line.quantity)}{each})"


def _quantity_text(quantity: int) -> str:
    whole, _, fraction = major_units_text(quantity, 6).partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _percent(rate: str) -> str:
    """A rate as percent: "0.16" -> "16"."""
    ratio = parse_decimal(rate)
    hundredfold, denominator = ratio.numerator * 100, ratio.denominator
    while denominator > 1 and hundredfold % 10 == 0:
        hundredfold, denominator = hundredfold // 10, denominator // 10
    return major_units_text(hundredfold, len(str(denominator)) - 1)


def _amount(document: LedgerDocument, amount: int) -> orjson.Fragment:
    return json_number(amount, document.currency_exponent)
