"""Sage Accounting API v3.1: journals. Built to the vendor's documentation, not verified against a live account.

The key without hyphens is the journal's `idempotency_id`, whose window is not documented, and its `reference`. Lists cannot be asked for
a reference: the journal transactions of the document's day are read until it is found, then the journal itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.journals_only import (
    JournalsOnly,
    checked_options,
    only_currency,
    refusal_in,
    standing,
    text_of,
    two_decimals,
    two_sides,
)
from sinks.connectors.looking_up import ListedLedger
from sinks.external.access import Access, OAuth
from sinks.external.amounts import json_number
from sinks.external.capabilities import CallLimits, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteAccount, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, Refusal, Refused

BASE_URL: Final = "https://api.accounting.sage.com/v3.1"
TEXT_LENGTH_MAX: Final = 200
PAGE_ENTRIES: Final = 200
CAPABILITIES: Final = Capabilities(
    kind="sage",
    name="Sage Accounting",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.ANSWERS_FIRST,
    limits=CallLimits(per_minute=100, per_day=2_500),
)


class Sage(JournalsOnly):
    """The words of Sage; `business_id` where the user has several businesses."""

    capabilities = CAPABILITIES

    def __init__(self, business_id: str | None, base_currency: str) -> None:
        self._headers = {"X-Business": business_id} if business_id else {}
        self._base_currency = base_currency

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """Missing rights and subscriptions are 403 as well; what is no path there is 404."""
        del writes
        if answer.status == 403:
            return AuthRefused(f"Sage answers 403: {answer.words()}")
        if answer.status == 404:
            return NotSent(f"Sage answers 404: {answer.words()}; do base_url and business_id fit, and has this country's edition journals?")
        return None

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        only_currency(document, self._base_currency, CAPABILITIES.name)
        two_decimals(document, CAPABILITIES.name)
        journal: dict[str, Any] = {
            "idempotency_id": _hex(document),
            "date": document.date,
            "reference": _hex(document),
            "description": text_of(document, TEXT_LENGTH_MAX),
            "journal_lines": [_line(line, document.currency_exponent) for line in document.lines],
        }
        return Request(method="POST", path="/journals", body={"journal": journal}, headers=self._headers)

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """A repeated id may be answered with the journal that it made before: it must be this one."""
        if answer.status >= 400:
            return _refused(answer)
        return _standing(document, answer.json(), earlier=False)

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """The first page of the journals of the document's day."""
        del remote_ids
        return self._day(document, 1)

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """See `Dialect`: of a list, nothing; of a journal, what it is."""
        if answer.status >= 400:
            return _refused(answer)
        body = answer.json()
        return None if "$items" in body else _standing(document, body, earlier=True)

    def behind(self, document: LedgerDocument, answer: Answer, page: int) -> Request | None:
        """The journal with our reference, where this page has it; else the next page."""
        body = answer.json()
        for transaction in body["$items"]:
            if transaction.get("reference") == _hex(document) and not transaction.get("deleted"):
                return self._reading(f"/journals/{transaction['origin']['id']}?attributes=all&nested_attributes=all")
        return self._day(document, page) if body.get("$next") else None

    def listing_accounts(self, page: int) -> Request:
        """See `Dialect`."""
        return self._reading(f"/ledger_accounts?attributes=all&items_per_page={PAGE_ENTRIES}&page={page}")

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """Accounts that journals may not name are not active here."""
        body = answer.json()
        accounts = [
            RemoteAccount(
                code=account["id"],
                name=account["displayed_as"],
                kind=(account.get("ledger_account_type") or {}).get("id", ""),
                active=bool(account.get("visible_in_journals", True)),
            )
            for account in body["$items"]
        ]
        return accounts, bool(body.get("$next"))

    def _day(self, document: LedgerDocument, page: int) -> Request:
        day = f"transaction_type_id=JOURNAL&from_date={document.date}&to_date={document.date}"
        return self._reading(f"/transactions?{day}&attributes=all&items_per_page={PAGE_ENTRIES}&page={page}")

    def _reading(self, path: str) -> Request:
        return Request(method="GET", path=path, body=None, headers=self._headers)


def _hex(document: LedgerDocument) -> str:
    return document.key.replace("-", "")


def _line(line: LedgerLine, exponent: int) -> dict[str, Any]:
    return {
        "ledger_account_id": line.account,
        "debit": json_number(max(line.amount, 0), exponent),
        "credit": json_number(max(-line.amount, 0), exponent),
        "details": line.description[:TEXT_LENGTH_MAX],
        "include_on_tax_return": False,
    }


def _standing(document: LedgerDocument, journal: Mapping[str, Any], *, earlier: bool) -> Posted | Refused:
    here = Posted(remote_id=str(journal["id"]), number=journal.get("displayed_as"), earlier=earlier)
    return standing(document, here, journal["date"], two_sides(journal["journal_lines"], "ledger_account", document.currency_exponent))


def _refused(answer: Answer) -> Refused:
    body = answer.json()
    errors = [error for error in (body if isinstance(body, list) else [body]) if isinstance(error, dict)]
    codes = [str(error["$dataCode"]) for error in errors if error.get("$dataCode")]
    words = "; ".join(f"{error.get('$source') or ''} {error.get('$message') or ''}".strip() for error in errors) or answer.words()
    refusal = refusal_in(words)
    if refusal is Refusal.INVALID and "RecordNotFound" in codes:
        refusal = Refusal.MAPPING
    return Refused(refusal=refusal, code=(codes or [str(answer.status)])[0], message=words)


def make(connection: Connection, access: Access | None) -> ListedLedger:
    """See `MakeConnector`."""
    options = checked_options(connection, KIND.options, KIND.needed)
    dialect = Sage(options.get("business_id"), options.get("base_currency", "GBP"))
    return ListedLedger(dialect, connection.base_url or BASE_URL, access)


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={"business_id": "the business, of users that have several", "base_currency": "currency of the business (GBP)"},
    needed=frozenset(),
    secrets={
        "client_id": "of the app in the developer portal",
        "client_secret": "likewise",
        "refresh_token": "of the consent",
        "token_key": "own key file",
    },
    sandbox=lambda: Connection(
        name="sage", kind="sage", options={"business_id": "0d40342d0287cd6b13555c54afca6c90", "base_currency": "EUR"}
    ),
    oauth=OAuth(token_url="https://oauth.accounting.sage.com/token", rotates=True, client_in_body=True),
    base_url=BASE_URL,
)
