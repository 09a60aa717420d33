"""FreshBooks: adjusting journal entries. Built to the vendor's documentation, not verified against a live account.

There is no idempotency and no filter of any kind: the key stands at the beginning of the description, and the whole list of adjusting
entries is read until it is found.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.journals_only import JournalsOnly, checked_options, refusal_in, standing, two_decimals
from sinks.connectors.looking_up import ListedLedger
from sinks.external.access import Access, OAuth
from sinks.external.amounts import json_number, minor_units
from sinks.external.capabilities import Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteAccount, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, Refusal, Refused

BASE_URL: Final = "https://api.freshbooks.com"
API_VERSION: Final = {"x-api-version": "2023-09-25"}
NAME_LENGTH_MAX: Final = 100
MEMO_LENGTH_MAX: Final = 150
PAGE_ENTRIES: Final = 100
CAPABILITIES: Final = Capabilities(
    kind="freshbooks",
    name="FreshBooks",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.BOOKS_AGAIN,
)
_ACCESS_CODES: Final = frozenset({"1003"})
_UNMAPPED_CODES: Final = frozenset({"1011", "1012", "1042"})
"""Deleted, unknown and inactive resources."""


class FreshBooks(JournalsOnly):
    """The words of FreshBooks; `business_uuid` as the identity call of its API names the business."""

    capabilities = CAPABILITIES

    def __init__(self, business_uuid: str) -> None:
        self._business = f"/accounting/businesses/{quote(business_uuid, safe='')}"

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """Missing scopes are 403; a business without access, or without this kind of entry, is 404."""
        del writes
        code, words = _problem(answer) if answer.status >= 400 else ("", "")
        if answer.status == 403 or code in _ACCESS_CODES:
            return AuthRefused(f"FreshBooks answers {answer.status}: {words}")
        if answer.status == 404 and code not in _UNMAPPED_CODES:
            return NotSent(f"FreshBooks answers 404: {words}; is business_uuid right, and does its plan have adjusting entries?")
        return None

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        two_decimals(document, CAPABILITIES.name)
        year, month, day = (int(part) for part in document.date.split("-"))
        entry: dict[str, Any] = {
            "name": document.reference[:NAME_LENGTH_MAX],
            "description": f"{_mark(document)} {document.memo[:MEMO_LENGTH_MAX]}".strip(),
            "userEnteredDate": {"year": year, "month": month, "day": day},
            "details": [_detail(line, document) for line in document.lines],
        }
        return Request(method="POST", path=f"{self._business}/journal_entries", body={"manualJournalEntry": entry}, headers=API_VERSION)

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """See `Dialect`."""
        del document
        if answer.status >= 400:
            return _refused(answer)
        return _here(answer.json()["manualJournalEntry"], earlier=False)

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """The first page of all entries."""
        del document, remote_ids
        return self._page(1)

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """See `Dialect`."""
        if answer.status >= 400:
            return _refused(answer)
        for entry in answer.json()["manualJournalEntries"]:
            if str(entry.get("description")).startswith(_mark(document)):
                day = entry["userEnteredDate"]
                date = f"{int(day['year']):04}-{int(day['month']):02}-{int(day['day']):02}"
                return standing(document, _here(entry, earlier=True), date, _amounts(entry["details"], document))
        return None

    def behind(self, document: LedgerDocument, answer: Answer, page: int) -> Request | None:
        """The next page, until one is empty: pages may be shorter than is asked for."""
        del document
        return self._page(page) if answer.json()["manualJournalEntries"] else None

    def listing_accounts(self, page: int) -> Request:
        """All in one answer."""
        del page
        return Request(method="GET", path=f"{self._business}/reports/chart_of_accounts?use_ledger_entries=true", body=None, headers={})

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """Accounts and those below them; an account's own general part has its uuid again."""
        listed: dict[str, RemoteAccount] = {}
        for account in answer.json()["response"]["result"]["journal_entry_accounts"]:
            for one in (account, *account.get("sub_accounts", ())):
                listed.setdefault(one["account_uuid"], _account(one))
        return list(listed.values()), False

    def _page(self, page: int) -> Request:
        path = f"{self._business}/journal_entries?page_number={page}&page_size={PAGE_ENTRIES}"
        return Request(method="GET", path=path, body=None, headers=API_VERSION)


def _mark(document: LedgerDocument) -> str:
    return f"[{document.key}]"


def _detail(line: LedgerLine, document: LedgerDocument) -> dict[str, Any]:
    return {
        "accountId": line.account,
        "amount": {"amount": json_number(abs(line.amount), document.currency_exponent), "code": document.currency},
        "type": "TYPE_DEBIT" if line.amount > 0 else "TYPE_CREDIT",
    }


def _amounts(details: Sequence[Mapping[str, Any]], document: LedgerDocument) -> Iterator[tuple[str, int]]:
    for detail in details:
        if detail["amount"].get("code", document.currency) != document.currency:
            raise ValueError(f"{detail['amount']['code']}")
        amount = minor_units(detail["amount"]["amount"], document.currency_exponent)
        yield detail["accountId"], amount if detail["type"] == "TYPE_DEBIT" else -amount


def _here(entry: Mapping[str, Any], *, earlier: bool) -> Posted:
    """The documentation calls it a UUID and does not show its name."""
    remote_id = entry.get("uuid") or entry["id"]
    number = entry.get("journalEntryNumber")
    return Posted(remote_id=str(remote_id), number=str(number) if number else None, earlier=earlier)


def _account(account: Mapping[str, Any]) -> RemoteAccount:
    return RemoteAccount(
        code=account["account_uuid"],
        name=f"{account.get('account_number') or ''} {account['account_name']}".strip(),
        kind=account["account_type"],
        active=account.get("state", "active") == "active",
        currency=account.get("currency_code"),
    )


def _refused(answer: Answer) -> Refused:
    code, words = _problem(answer)
    refusal = refusal_in(words)
    if refusal is Refusal.INVALID and code in _UNMAPPED_CODES:
        refusal = Refusal.MAPPING
    return Refused(refusal=refusal, code=code or str(answer.status), message=words)


def _problem(answer: Answer) -> tuple[str, str]:
    """Code and words of an error, in the form of either generation of the API."""
    try:
        body = answer.json()
    except CallFailed:
        return "", answer.words()
    response = body.get("response") if isinstance(body, dict) else None
    errors = response.get("errors") if isinstance(response, dict) else None
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        words = "; ".join(f"{error.get('field') or ''} {error.get('message') or ''}".strip() for error in errors)
        return str(errors[0].get("errno", "")), words
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body.get("errno", "")), body["message"]
    return "", answer.words()


def make(connection: Connection, access: Access | None) -> ListedLedger:
    """See `MakeConnector`."""
    options = checked_options(connection, KIND.options, KIND.needed)
    return ListedLedger(FreshBooks(options["business_uuid"]), connection.base_url or BASE_URL, access)


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "business_uuid": "the business, as /auth/api/v1/users/me names it",
        "redirect_uri": "of the app: FreshBooks wants it with each refresh",
    },
    needed=frozenset({"business_uuid"}),
    secrets={
        "client_id": "of the app on the developer page",
        "client_secret": "likewise",
        "refresh_token": "of the consent, good once",
        "token_key": "own key file",
    },
    sandbox=lambda: Connection(
        name="freshbooks",
        kind="freshbooks",
        options={"business_uuid": "8f0c1a4e-0d4f-4c0b-9d0e-6f2b7f0a1c2d", "redirect_uri": "https://shop.example/"},
    ),
    oauth=OAuth(token_url="https://api.freshbooks.com/auth/oauth/token", rotates=True, client_in_body=True, sends=("redirect_uri",)),
    base_url=BASE_URL,
)
