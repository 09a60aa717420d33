"""A stand-in of SAP S/4HANA: the synchronous journal entry service and two OData services that read, from their documentation."""

from base64 import b64encode
from datetime import date
from json import dumps
from re import findall, fullmatch
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape

from aiohttp import web

from asiento.accounting.money import CURRENCY_EXPONENTS, major_units_text
from tests.standins.frame import Standin, serve
from tests.standins.journals import Broken, JournalBooks, NotTaken

TOKEN = "good-token"
SOAP, SFIN = "{http://schemas.xmlsoap.org/soap/envelope/}", "{http://sap.com/xi/SAPSCORE/SFIN}"
ODATA = "/sap/opu/odata/sap"
HEADER = ["ID", "CreationDateTime"]
ENTRY = [
    ("OriginalReferenceDocumentType", r"BKPFF"),
    ("OriginalReferenceDocument", r".{0,20}"),
    ("OriginalReferenceDocumentLogicalSystem", r".{0,10}"),
    ("BusinessTransactionType", r"RFBU"),
    ("AccountingDocumentType", r"\w{2}"),
    ("DocumentReferenceID", r".{1,16}"),
    ("DocumentHeaderText", r".{1,25}"),
    ("CreatedByUser", r".{1,12}"),
    ("CompanyCode", r"1010"),
    ("DocumentDate", r"\d{4}-\d\d-\d\d"),
    ("PostingDate", r"\d{4}-\d\d-\d\d"),
    ("Reference1InDocumentHeader", r".{1,20}"),
    ("Reference2InDocumentHeader", r".{1,20}"),
]
ITEM = [
    ("ReferenceDocumentItem", r"\d{1,10}"),
    ("CompanyCode", r"1010"),
    ("GLAccount", r".{1,10}"),
    ("AmountInTransactionCurrency", r"-?\d+(\.\d+)?"),
    ("DebitCreditCode", r"[SH]"),
    ("DocumentItemText", r".{0,50}"),
]
REFUSALS = {
    "account": ("506(F5)", "G/L account {} is not defined in chart of accounts YCOA"),
    "period": ("201(F5)", "Posting period {} is not open"),
    "balance": ("702(F5)", "Balance in transaction currency {}"),
}


class SapS4HanaStandin(Standin):
    """Documents with two references in their headers, which need not be unique."""

    def __init__(self) -> None:
        super().__init__()
        self.books = JournalBooks()
        self.body: str | None = None

    def routes(self) -> list[web.RouteDef]:
        """The paths that are used."""
        return [
            web.post("/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi", self.booked(self._create)),
            web.get(f"{ODATA}/API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube", self._items),
            web.get(f"{ODATA}/API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountInChartOfAccounts", self._accounts),
        ]

    def held(self) -> list[dict[str, Any]]:
        """All documents."""
        return self.books.journals

    def set_up(self, values: dict[str, Any]) -> None:
        """`closed_until`; `body`: what the next posting is answered, whatever it was."""
        self.books.closed_until = values.get("closed_until", self.books.closed_until)
        self.body = values.get("body")

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """A refusal that is over in a moment."""
        del request, body
        return _confirmed("", "", [("301(F5)", "3", "Company code 1010 is currently locked by user FI_CLERK")])

    async def _create(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if not _authorized(request):
            return web.Response(status=401)
        try:
            journal = self._posted(body.decode(), request.headers)
        except Broken as broken:
            self.refusals.append(str(broken))
            return _confirmed("", "", [("001(XX)", "3", str(broken))])
        except NotTaken as refused:
            code, words = REFUSALS[refused.why]
            return _confirmed("", "", [("609(RW)", "3", "Error in document: BKPFF $ 0M32TI1"), (code, "3", words.format(refused))])
        if self.body is not None:
            answer, self.body = self.body, None
            return web.Response(text=answer, content_type="text/xml")
        return _confirmed(f"{int(journal['id']):010}", journal["date"][:4], [("605(RW)", "1", "Document posted successfully")])

    def _posted(self, text: str, headers: Any) -> dict[str, Any]:
        if "JournalEntryCreateRequestConfirmation_In" not in headers.get("SOAPAction", "") or not headers["Content-Type"].startswith(
            "text/xml"
        ):
            raise Broken("headers of the message")
        root = fromstring(text)  # noqa: S314
        bulk = root.find(f"{SOAP}Body/{SFIN}JournalEntryBulkCreateRequest")
        if root.tag != f"{SOAP}Envelope" or bulk is None or [child.tag for child in bulk] != ["MessageHeader", "JournalEntryCreateRequest"]:
            raise Broken("JournalEntryBulkCreateRequest")
        (header, request) = bulk
        for one in (header, request[0]):
            if [child.tag for child in one] != HEADER or len(one[0].text or "") > 35:
                raise Broken("MessageHeader")
        entry = request[1]
        items = entry.findall("Item")
        values = _values(list(entry)[: len(ENTRY)], ENTRY)
        if len(entry) != len(ENTRY) + len(items) or len(items) > 999:
            raise Broken("JournalEntry: unknown elements")
        date.fromisoformat(values["PostingDate"])
        lines = [_line(item) for item in items]
        currencies = {currency for _, _, currency in lines}
        if len(currencies) != 1:
            raise Broken("Item: currencies")
        (currency,) = currencies
        return self.books.book(
            key=str(UUID(values["Reference1InDocumentHeader"] + values["Reference2InDocumentHeader"])),
            date=values["PostingDate"],
            currency=currency,
            exponent=CURRENCY_EXPONENTS[currency],
            lines=[(account, amount) for account, amount, _ in lines],
            text=values["DocumentHeaderText"],
        )

    async def _items(self, request: web.Request) -> web.StreamResponse:
        if not _authorized(request):
            return web.Response(status=401)
        asked = dict(findall(r"(\w+) eq '([^']*)'", request.query["$filter"]))
        key = str(UUID(asked["Reference1InDocumentHeader"] + asked["Reference2InDocumentHeader"]))
        fields = request.query["$select"].split(",")
        found = [item for journal in self.books.under(key) for item in _cube(journal)]
        return _results([{field: item[field] for field in fields} for item in found])

    async def _accounts(self, request: web.Request) -> web.StreamResponse:
        if not _authorized(request):
            return web.Response(status=401)
        blocked = {"AccountIsBlockedForPosting": False, "AccountIsMarkedForDeletion": False}
        return _results([{"GLAccount": code, "GLAccountType": "X", **blocked} for code in sorted(self.books.chart)])


def _line(item: Element) -> tuple[str, str, str]:
    values = _values(list(item)[: len(ITEM)], ITEM)
    currency, amount = item[3].attrib["currencyCode"], values["AmountInTransactionCurrency"]
    if amount.startswith("-") != (values["DebitCreditCode"] == "H"):
        raise Broken("Item: debits are positive, credits negative")
    more = [child.tag for child in list(item)[len(ITEM) :]]
    if more not in ([], ["AccountAssignment"]):
        raise Broken(f"Item: {more}")
    return values["GLAccount"], amount, currency


def _values(elements: list[Element], expected: list[tuple[str, str]]) -> dict[str, str]:
    if [element.tag for element in elements] != [name for name, _ in expected]:
        raise Broken(f"{[element.tag for element in elements]}: another order is expected")
    for element, (name, pattern) in zip(elements, expected, strict=True):
        if not fullmatch(pattern, element.text or ""):
            raise Broken(f"{name}: {element.text!r}")
    return {element.tag: element.text or "" for element in elements}


def _cube(journal: dict[str, Any]) -> list[dict[str, Any]]:
    milliseconds = (date.fromisoformat(journal["date"]) - date(1970, 1, 1)).days * 86_400_000
    return [
        {
            "AccountingDocument": f"{int(journal['id']):010}",
            "FiscalYear": journal["date"][:4],
            "PostingDate": f"/Date({milliseconds})/",
            "TransactionCurrency": journal["currency"],
            "AmountInTransactionCurrency": major_units_text(amount, journal["exponent"]),
            "IsReversal": False,
        }
        for _, amount in journal["lines"]
    ]


def _results(records: list[dict[str, Any]]) -> web.Response:
    return web.Response(text=dumps({"d": {"results": records}}), content_type="application/json")


def _authorized(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Basic {b64encode(TOKEN.encode()).decode()}"


def _confirmed(number: str, year: str, log: list[tuple[str, str, str]]) -> web.Response:
    items = "".join(
        f"<Item><TypeID>{code}</TypeID><SeverityCode>{severity}</SeverityCode><Note>{escape(note)}</Note></Item>"
        for code, severity, note in log
    )
    told = f"<AccountingDocument>{number}</AccountingDocument><CompanyCode>1010</CompanyCode><FiscalYear>{year or '0000'}</FiscalYear>"
    text = (
        '<soap-env:Envelope xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Header/><soap-env:Body>'
        '<n0:JournalEntryBulkCreateConfirmation xmlns:n0="http://sap.com/xi/SAPSCORE/SFIN"><MessageHeader/><JournalEntryCreateConfirmation>'
        f"<MessageHeader/><JournalEntryCreateConfirmation>{told}</JournalEntryCreateConfirmation>"
        f"<Log><MaximumLogItemSeverityCode>{max(severity for _, severity, _ in log)}</MaximumLogItemSeverityCode>{items}</Log>"
        "</JournalEntryCreateConfirmation><Log/></n0:JournalEntryBulkCreateConfirmation></soap-env:Body></soap-env:Envelope>"
    )
    return web.Response(text=text, content_type="text/xml")


if __name__ == "__main__":
    serve(SapS4HanaStandin())
