"""SAP S/4HANA: journal entries over SOAP. Built to the vendor's documentation, not verified against a live account.

One message posts one journal (API Journal Entry - Post, synchronous). What is uncertain is looked up by OData in the operational
accounting items: a second message of the same key may make a second document.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from json import loads
from typing import Any, Final
from urllib.parse import quote

from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.rest_ledger import RestLedger
from sinks.connectors.sap_s4hana.envelope import Company, Confirmed, Denied, confirmation, fault_in, message, references
from sinks.external.access import Access
from sinks.external.amounts import minor_units
from sinks.external.capabilities import AccountUse, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, Refusal, Refused, Uncertain, Unknown

SOAP_PATH: Final = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi"
ITEMS_PATH: Final = "/sap/opu/odata/sap/API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube"
ACCOUNTS_PATH: Final = "/sap/opu/odata/sap/API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountInChartOfAccounts"
ACTION: Final = "http://sap.com/xi/SAPSCORE/SFIN/JournalEntryCreateRequestConfirmation_In/JournalEntryCreateRequestConfirmation_InRequest"
ITEM_FIELDS: Final = (
    "AccountingDocument",
    "FiscalYear",
    "PostingDate",
    "TransactionCurrency",
    "AmountInTransactionCurrency",
    "IsReversal",
)
ACCOUNT_FIELDS: Final = ("GLAccount", "GLAccountType", "AccountIsBlockedForPosting", "AccountIsMarkedForDeletion")
PAGE_RECORDS: Final = 1000
ITEMS_MAX: Final = 999
CAPABILITIES: Final = Capabilities(
    kind="sap_s4hana",
    name="SAP S/4HANA",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.BOOKS_AGAIN,
    journal_lines_max=ITEMS_MAX,
)
_SENDERS_FAULTS: Final = frozenset({"Client", "Sender"})
_SECONDARY_COSTS: Final = "S"
_EPOCH: Final = date(1970, 1, 1)
_DAY_MILLISECONDS: Final = 86_400_000


class SapS4Hana:
    """The words of SAP: SOAP to post, OData to read."""

    capabilities = CAPABILITIES

    def __init__(self, company: Company, *, soap_path: str, chart_of_accounts: str) -> None:
        self._company = company
        self._soap_path = soap_path
        self._chart = chart_of_accounts

    def authorization(self, token: str) -> Mapping[str, str]:
        """User and password of the communication user."""
        return {"Authorization": f"Basic {b64encode(token.encode()).decode()}"}

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """A fault of the sender was found before anything was done; any other fault leaves it open."""
        del writes
        if answer.status < 400:
            return None
        words = f"SAP answers {answer.status}: {answer.words()}"
        if answer.status in (401, 403):
            return AuthRefused(f"{words}; the communication user needs SAP_COM_0002 and the services that read items and accounts")
        if answer.status == 404:
            return NotSent(f"{words}; look at base_url and the option soap_path")
        fault = _fault(answer)
        return NotSent(f"SAP does not take the message: {fault[1]}") if fault is not None and fault[0] in _SENDERS_FAULTS else None

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ACTION}
        return Request(method="POST", path=self._soap_path, body=message(document, self._company), headers=headers)

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """The log decides; a lock of somebody who works there is over in a moment."""
        del document
        if answer.status >= 400:
            return Refused(refusal=Refusal.INVALID, code=str(answer.status), message=answer.words())
        if (fault := fault_in(answer.body)) is not None:
            raise Uncertain(f"SAP answers with a fault: {fault[0]}: {fault[1]}")
        match confirmation(answer.body):
            case Confirmed() as told:
                return Posted(remote_id=_name(told.company, told.number, told.year), number=told.number)
            case Denied() as told:
                if "locked by" in told.message.lower():
                    raise NotSent(f"SAP cannot post now: {told.message}")
                return Refused(refusal=_refusal(told), code=told.code, message=told.message)
            case Unknown() as unknown:
                return unknown

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        first, second = references(document.key)
        clauses = (
            f"CompanyCode eq '{self._company.code}'",
            f"Reference1InDocumentHeader eq '{first}'",
            f"Reference2InDocumentHeader eq '{second}'",
        )
        return _reading(ITEMS_PATH, " and ".join(clauses), ITEM_FIELDS, page=1)

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """The items of one document; a reversal made in SAP may carry the references of what it reverses."""
        items = [item for item in _results(answer) if not item["IsReversal"]]
        numbers = sorted({(str(item["AccountingDocument"]), str(item["FiscalYear"])) for item in items})
        if not numbers:
            return None
        if len(numbers) > 1:
            return _conflict(f"documents {', '.join(number for number, _ in numbers)} of SAP hold the key")
        amounts = [minor_units(item["AmountInTransactionCurrency"], document.currency_exponent) for item in items]
        total = sum(amount for amount in amounts if amount > 0)
        day, currency = _day(str(items[0]["PostingDate"])), str(items[0]["TransactionCurrency"])
        number, year = numbers[0]
        if (total, day, currency) != (document.total, document.date, document.currency):
            return _conflict(f"document {number} of SAP holds the key, but comes to {total} minor units of {currency} on {day}")
        return Posted(remote_id=_name(self._company.code, number, year), number=number, earlier=True)

    def listing_accounts(self, page: int) -> Request:
        """See `Dialect`."""
        return _reading(ACCOUNTS_PATH, f"ChartOfAccounts eq '{self._chart}'", ACCOUNT_FIELDS, page=page)

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """See `Dialect`; names are in texts of each language and are not read."""
        records = _results(answer)
        accounts = [
            RemoteAccount(
                code=str(record["GLAccount"]),
                name=str(record["GLAccount"]),
                kind=str(record["GLAccountType"]),
                active=not (record["AccountIsBlockedForPosting"] or record["AccountIsMarkedForDeletion"]),
            )
            for record in records
        ]
        return accounts, len(records) == PAGE_RECORDS

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Costs that SAP allocates itself cannot be posted to; whether an account is a reconciliation account, the chart does not say."""
        del use
        return f"{account.code} is of secondary costs: SAP takes no journal on it" if account.kind == _SECONDARY_COSTS else None

    def asking_periods(self) -> Request | None:
        """Posting periods cannot be read by an interface."""
        return None

    def periods_in(self, answer: Answer) -> Sequence[ClosedPeriod]:
        """See `Dialect`."""
        del answer
        return []

    def listing_documents(self, first: str, last: str, page: int) -> Request | None:
        """Items come without their documents: journals are compared one by one by their keys."""
        del first, last, page
        return None

    def documents_in(self, answer: Answer) -> tuple[Sequence[RemoteDocument], bool]:
        """See `Dialect`."""
        del answer
        return [], False


def _reading(path: str, condition: str, fields: Sequence[str], *, page: int) -> Request:
    skipped = (page - 1) * PAGE_RECORDS
    query = f"$filter={quote(condition, safe='')}&$select={','.join(fields)}&$top={PAGE_RECORDS}&$skip={skipped}&$format=json"
    return Request(method="GET", path=f"{path}?{query}", body=None, headers={"Accept": "application/json"})


def _results(answer: Answer) -> list[Mapping[str, Any]]:
    """The records of an OData answer; amounts are texts there. Raises `NotSent` where it has none: a look-up that failed says nothing."""
    try:
        found: list[Mapping[str, Any]] = loads(answer.body)["d"]["results"]
    except (ValueError, KeyError, TypeError):
        raise NotSent(f"SAP answers {answer.status} without results: {answer.words()}") from None
    return found


def _fault(answer: Answer) -> tuple[str, str] | None:
    try:
        return fault_in(answer.body)
    except Uncertain:
        return None


def _refusal(denied: Denied) -> Refusal:
    said = denied.message.lower()
    if denied.code == "201(F5)" or ("period" in said and "not open" in said):
        return Refusal.PERIOD_CLOSED
    if any(word in said for word in ("account", "cost center", "profit center", "company code")) and ("not" in said or "block" in said):
        return Refusal.MAPPING
    return Refusal.INVALID


def _conflict(words: str) -> Refused:
    return Refused(refusal=Refusal.CONFLICT, code="other_content", message=words)


def _name(company: str, number: str, year: str) -> str:
    return f"{company}-{number}-{year}"


def _day(text: str) -> str:
    """A day as OData writes it, /Date(1772409600000)/."""
    milliseconds = int(text.removeprefix("/Date(").removesuffix(")/").partition("+")[0])
    return (_EPOCH + timedelta(days=milliseconds // _DAY_MILLISECONDS)).isoformat()


def make(connection: Connection, access: Access | None) -> RestLedger:
    """See `MakeConnector`."""
    options, prefix = connection.options, "cost_center_"
    unknown = [name for name in options if name not in KIND.options and not name.startswith(prefix)]
    if unknown or not KIND.needed <= options.keys():
        needed = ", ".join(sorted(KIND.needed))
        raise SettingsError(f"connection {connection.name}: options of sap_s4hana are {', '.join(KIND.options)}; {needed} are needed")
    if not all(value.isalnum() for name, value in options.items() if name in ("company_code", "chart_of_accounts")):
        raise SettingsError(f"connection {connection.name}: company_code and chart_of_accounts are letters and digits")
    if connection.base_url is None:
        raise SettingsError(
            f"connections.{connection.name}.base_url is missing: the address of the API, https://my300000-api.s4hana.cloud.sap"
        )
    company = Company(
        code=options["company_code"],
        document_type=options.get("document_type", "SA"),
        user=options["created_by_user"],
        logical_system=options.get("logical_system", ""),
        profit_center=options.get("profit_center"),
        cost_centers={name.removeprefix(prefix): value for name, value in options.items() if name.startswith(prefix)},
    )
    dialect = SapS4Hana(company, soap_path=options.get("soap_path", SOAP_PATH), chart_of_accounts=options.get("chart_of_accounts", "YCOA"))
    return RestLedger(dialect, connection.base_url, access)


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "company_code": "company code that is booked to",
        "created_by_user": "user whom documents name, at most 12 characters",
        "document_type": "type of the documents (SA)",
        "chart_of_accounts": "chart whose accounts are compared (YCOA)",
        "logical_system": "logical system that documents come from, where one is set up",
        "soap_path": f"path of the SOAP service ({SOAP_PATH})",
        "profit_center": "profit center of all lines, where SAP wants one",
        "cost_center_65100000": "cost center of one account, one option for each",
    },
    needed=frozenset({"company_code", "created_by_user"}),
    secrets={"api_key": "user and password of the communication user, with a colon between"},
    sandbox=lambda: Connection(
        name="sap-s4hana",
        kind="sap_s4hana",
        base_url="https://my300000-api.s4hana.cloud.sap",
        options={"company_code": "1010", "created_by_user": "CC0000000001", "cost_center_4000": "10101101"},
    ),
)
