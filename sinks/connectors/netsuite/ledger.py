"""NetSuite, SuiteTalk REST: journal entries. Built to the vendor's documentation, not verified against a live account.

The key is the external id. A PUT to an external id makes the journal, or silently rewrites the one that stands there: it is looked up
before every posting, and another content under our key is a conflict.
"""

from collections.abc import Sequence
from typing import Any, Final

from asiento.runtime.settings import SettingsError
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.journals_only import (
    Currencies,
    JournalsOnly,
    checked_options,
    currencies_of,
    refusal_in,
    standing,
    text_of,
    two_decimals,
    two_sides,
)
from sinks.connectors.looking_up import LookingFirst
from sinks.external.access import Access, OAuth
from sinks.external.amounts import json_number
from sinks.external.capabilities import AccountUse, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteAccount, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, Refusal, Refused, Throttled, Uncertain

TOKENS: Final = "/services/rest/auth/oauth2/v1/token"
JOURNALS: Final = "/services/rest/record/v1/journalentry"
QUERY: Final = "/services/rest/query/v1/suiteql"
TEXT_LENGTH_MAX: Final = 999
PAGE_ROWS: Final = 1_000
CAPABILITIES: Final = Capabilities(
    kind="netsuite",
    name="NetSuite",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.ANSWERS_FIRST,
    journal_contact=True,
)
_THROTTLED: Final = frozenset(
    {
        "SSS_REQUEST_LIMIT_EXCEEDED",
        "CONCURRENCY_LIMIT_EXCEEDED",
        "REQUEST_LIMIT_EXCEEDED",
        "WS_REQUEST_BLOCKED",
        "WS_CONCUR_SESSION_DISALLWD",
    }
)
"""Too many calls at once: told with status 400 as well as 429."""
_ACCESS: Final = frozenset({"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INSUFFICIENT_PERMISSION"})
_ABSENT: Final = "NONEXISTENT_ID"


class NetSuite(JournalsOnly):
    """The words of NetSuite; `subsidiary_id` in accounts with several subsidiaries, None elsewhere."""

    capabilities = CAPABILITIES

    def __init__(self, subsidiary_id: str | None, currencies: Currencies) -> None:
        self._subsidiary_id = subsidiary_id
        self._currencies = currencies

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """NetSuite says limits with status 400, and what is not reachable at all with 404."""
        del writes
        if answer.status < 400:
            return None
        code, words = _problem(answer)
        message = f"NetSuite answers {answer.status} {code}: {words}"
        if code in _THROTTLED:
            return Throttled(message, answer.retry_after_seconds)
        if code in _ACCESS or answer.status == 403:
            return AuthRefused(message)
        if answer.status == 404 and code != _ABSENT:
            return NotSent(f"{message}; is base_url https://<account id>.suitetalk.api.netsuite.com, and are REST web services enabled?")
        return None

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        two_decimals(document, CAPABILITIES.name)
        currency_id = self._currencies.id_of(document.currency)
        body: dict[str, Any] = {
            **({"subsidiary": {"id": self._subsidiary_id}} if self._subsidiary_id else {}),
            **({"currency": {"id": currency_id}} if currency_id else {}),
            "tranDate": document.date,
            "memo": text_of(document, TEXT_LENGTH_MAX),
            "line": {"items": [_line(line, document.currency_exponent) for line in document.lines]},
        }
        return Request(method="PUT", path=f"{JOURNALS}/eid:{document.key}", body=body, headers={})

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """The id stands in the address of the new record."""
        del document
        if answer.status >= 400:
            return _refused(answer)
        remote_id = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
        if not remote_id.isdecimal():
            raise Uncertain(f"NetSuite answers {answer.status} without the address of the journal")
        return Posted(remote_id=remote_id)

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        return Request(method="GET", path=f"{JOURNALS}/eid:{document.key}?expandSubResources=true", body=None, headers={})

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """See `Dialect`."""
        if answer.status == 404:
            return None
        if answer.status >= 400:
            return _refused(answer)
        journal = answer.json()
        number = journal.get("tranId")
        here = Posted(remote_id=str(journal["id"]), number=None if number is None else str(number), earlier=True)
        return standing(document, here, journal["tranDate"], two_sides(journal["line"]["items"], "account", document.currency_exponent))

    def listing_accounts(self, page: int) -> Request:
        """See `Dialect`."""
        query = "SELECT id, acctnumber, fullname, accttype, isinactive FROM account ORDER BY id"
        path = f"{QUERY}?limit={PAGE_ROWS}&offset={(page - 1) * PAGE_ROWS}"
        return Request(method="POST", path=path, body={"q": query}, headers={"Prefer": "transient"})

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """See `Dialect`."""
        body = answer.json()
        accounts = [
            RemoteAccount(
                code=str(row["id"]),
                name=f"{row.get('acctnumber') or ''} {row.get('fullname') or ''}".strip(),
                kind=row["accttype"],
                active=row.get("isinactive") != "T",
            )
            for row in body["items"]
        ]
        return accounts, bool(body["hasMore"])

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Payables are kept by vendor, which journals do not name; statistical and non-posting accounts take no amounts."""
        if use is AccountUse.JOURNAL_LINE and account.kind == "AcctPay":
            return f"{account.name} is {account.kind}: its lines need a vendor; take an account of another type"
        return f"{account.name} is {account.kind}: nothing is posted to it" if account.kind in ("NonPosting", "Stat") else None


def _line(line: LedgerLine, exponent: int) -> dict[str, Any]:
    return {
        "account": {"id": line.account},
        "debit" if line.amount > 0 else "credit": json_number(abs(line.amount), exponent),
        "memo": line.description[:TEXT_LENGTH_MAX],
        **({"entity": {"id": line.contact}} if line.contact else {}),
    }


def _refused(answer: Answer) -> Refused:
    code, words = _problem(answer)
    refusal = refusal_in(words)
    if refusal is Refusal.INVALID and code == "INVALID_KEY_OR_REF":
        refusal = Refusal.MAPPING
    return Refused(refusal=refusal, code=code, message=words)


def _problem(answer: Answer) -> tuple[str, str]:
    """Code and words of an error: of record services, or of what stands before them."""
    try:
        body = answer.json()
    except CallFailed:
        body = None
    if isinstance(body, dict) and isinstance(body.get("o:errorDetails"), list):
        details = [detail for detail in body["o:errorDetails"] if isinstance(detail, dict)]
        codes = [str(detail["o:errorCode"]) for detail in details if detail.get("o:errorCode")]
        return (codes or ["none"])[0], "; ".join(str(detail.get("detail", "")) for detail in details) or answer.words()
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("code", "none")), str(body["error"].get("message", "")) or answer.words()
    return "none", answer.words()


def make(connection: Connection, access: Access | None) -> LookingFirst:
    """See `MakeConnector`."""
    options = checked_options(connection, KIND.options, KIND.needed, currency_ids=True)
    if connection.base_url is None:
        raise SettingsError(f"connection {connection.name}: base_url is missing: https://<account id>.suitetalk.api.netsuite.com")
    return LookingFirst(NetSuite(options.get("subsidiary_id"), currencies_of(options)), connection.base_url, access)


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "subsidiary_id": "internal id of the subsidiary, in accounts that have several",
        "base_currency": "currency of the subsidiary (USD)",
        "currency_id_eur": "internal id of another currency, one option for each",
    },
    needed=frozenset(),
    secrets={
        "client_id": "of the integration record",
        "certificate_id": "of the mapping for client credentials",
        "private_key": "PEM, of the certificate that was uploaded there",
    },
    sandbox=lambda: Connection(
        name="netsuite",
        kind="netsuite",
        base_url="https://1234567.suitetalk.api.netsuite.com",
        options={"subsidiary_id": "1", "base_currency": "EUR"},
    ),
    oauth=OAuth(token_url=TOKENS, rotates=False, assertion_scope="rest_webservices"),
)
