"""Zoho Books v3: journals. Built to the vendor's documentation, not verified against a live account.

The key stands in `reference_number`, by which journals are looked up: Zoho has no idempotency of its own. A second call with the
same reference makes a second journal, so that what is uncertain is always looked up first.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.journals_only import Currencies, JournalsOnly, checked_options, currencies_of, refusal_in
from sinks.connectors.rest_ledger import RestLedger
from sinks.external.access import Access, OAuth
from sinks.external.amounts import json_number, minor_units
from sinks.external.capabilities import AccountUse, CallLimits, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteAccount, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, Posted, PostResult, QuotaSpent, Refusal, Refused, Throttled

BASE_URL: Final = "https://www.zohoapis.com/books/v3"
NOTES_LENGTH_MAX: Final = 500
PAGE_ENTRIES: Final = 200
CAPABILITIES: Final = Capabilities(
    kind="zoho_books",
    name="Zoho Books",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.BOOKS_AGAIN,
    journal_lines_max=200,
    limits=CallLimits(per_minute=90, per_day=1_000),
)
_ACCESS_CODES: Final = frozenset({14, 57})
_MINUTE_CODES: Final = frozenset({43, 44, 1070})
_DAY_CODES: Final = frozenset({45})


class ZohoBooks(JournalsOnly):
    """The words of Zoho Books; `organization_id` as in the web address of the books."""

    capabilities = CAPABILITIES

    def __init__(self, organization_id: str, currencies: Currencies) -> None:
        self._organization = f"organization_id={quote(organization_id, safe='')}"
        self._currencies = currencies

    def authorization(self, token: str) -> Mapping[str, str]:
        """See `Dialect`."""
        return {"Authorization": f"Zoho-oauthtoken {token}"}

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """Zoho says limits and missing rights by a `code` in the body as well."""
        del writes
        if answer.status < 400:
            return None
        code = _code(answer)
        words = f"Zoho Books answers {answer.status}: {answer.words()}"
        if code in _DAY_CODES:
            return QuotaSpent(words, answer.retry_after_seconds)
        if code in _MINUTE_CODES:
            return Throttled(words, answer.retry_after_seconds)
        return AuthRefused(words) if code in _ACCESS_CODES else None

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        exponent = document.currency_exponent
        body: dict[str, Any] = {
            "journal_date": document.date,
            "reference_number": document.key,
            "notes": f"{document.reference} {document.memo}"[:NOTES_LENGTH_MAX],
            "status": "published",
            "line_items": [
                {
                    "account_id": line.account,
                    "description": line.description[:NOTES_LENGTH_MAX],
                    "amount": json_number(abs(line.amount), exponent),
                    "debit_or_credit": "debit" if line.amount > 0 else "credit",
                    **({"customer_id": line.contact} if line.contact else {}),
                }
                for line in document.lines
            ],
        }
        currency_id = self._currencies.id_of(document.currency)
        if currency_id is not None:
            body["currency_id"] = currency_id
        return Request(method="POST", path=f"/journals?{self._organization}", body=body, headers={})

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """See `Dialect`."""
        del document
        if answer.status < 400:
            body = answer.json()
            if body.get("code") == 0:
                journal = body["journal"]
                return Posted(remote_id=str(journal["journal_id"]), number=_text(journal.get("entry_number")))
        return _refused(answer)

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        return Request(
            method="GET",
            path=f"/journals?{self._organization}&reference_number={document.key}&per_page={PAGE_ENTRIES}",
            body=None,
            headers={},
        )

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """Only what has exactly our reference counts: the filter of the list may find more."""
        if answer.status >= 400:
            return _refused(answer)
        for journal in answer.json().get("journals", []):
            if journal.get("reference_number") != document.key:
                continue
            total, date = minor_units(journal["total"], document.currency_exponent), journal["journal_date"]
            if (total, date) != (document.total, document.date):
                message = f"journal {journal['journal_id']} has our reference, but comes to {journal['total']} on {date}"
                return Refused(refusal=Refusal.CONFLICT, code="other_content", message=message)
            return Posted(remote_id=str(journal["journal_id"]), number=_text(journal.get("entry_number")), earlier=True)
        return None

    def listing_accounts(self, page: int) -> Request:
        """See `Dialect`."""
        path = f"/chartofaccounts?{self._organization}&page={page}&per_page={PAGE_ENTRIES}"
        return Request(method="GET", path=path, body=None, headers={})

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """See `Dialect`."""
        body = answer.json()
        accounts = [
            RemoteAccount(
                code=str(account["account_id"]),
                name=account["account_name"],
                kind=account["account_type"],
                active=bool(account.get("is_active", True)),
            )
            for account in body.get("chartofaccounts", [])
        ]
        return accounts, bool(body.get("page_context", {}).get("has_more_page"))

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Journals take every account but those of the vendor's own subledgers without a contact."""
        if use is AccountUse.JOURNAL_LINE and account.kind in ("accounts_receivable", "accounts_payable"):
            return f"{account.name} is {account.kind}: its lines need a contact (`contact` of the rule, the customer's id)"
        return None


def _refused(answer: Answer) -> Refused:
    return Refused(refusal=refusal_in(answer.words()), code=str(_code(answer)), message=answer.words())


def _code(answer: Answer) -> int | None:
    try:
        body = answer.json()
    except CallFailed:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def make(connection: Connection, access: Access | None) -> RestLedger:
    """See `MakeConnector`."""
    options = checked_options(connection, KIND.options, KIND.needed, currency_ids=True)
    dialect = ZohoBooks(options["organization_id"], currencies_of(options))
    return RestLedger(dialect, connection.base_url or BASE_URL, access)


_SANDBOX_OPTIONS: Final = {
    "organization_id": "10234695",
    "base_currency": "EUR",
    **{f"currency_id_{code.lower()}": f"id of {code}" for code in CURRENCY_EXPONENTS if code != "EUR"},
}
"""An organization that has every currency, for rendering."""
KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "organization_id": "the organization in the web address of the books",
        "base_currency": "currency of the books (USD)",
        "currency_id_eur": "Zoho's id of another currency, one option for each",
    },
    needed=frozenset({"organization_id"}),
    secrets={
        "client_id": "of the API console",
        "client_secret": "likewise",
        "refresh_token": "of the self client",
        "token_key": "own key file",
    },
    sandbox=lambda: Connection(name="zoho-books", kind="zoho_books", options=_SANDBOX_OPTIONS),
    oauth=OAuth(token_url="https://accounts.zoho.com/oauth/v2/token", rotates=False, client_in_body=True),
    base_url=BASE_URL,
)
