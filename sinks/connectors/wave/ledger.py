"""Wave: money transactions. Built to the vendor's documentation, not verified against a live account.

Wave's public API has no journals: a transaction is money that goes into or out of one *anchor* account, and lines that say why. It cannot
be read back, and what a second one with the same `externalId` becomes is not documented: what is uncertain waits for a person.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.journals_only import JournalsOnly, checked_options, only_currency, refusal_in, two_decimals
from sinks.connectors.rest_ledger import RestLedger
from sinks.external.access import Access, OAuth
from sinks.external.amounts import json_number
from sinks.external.capabilities import Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteAccount, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, Refusal, Refused, Throttled, Uncertain

BASE_URL: Final = "https://gql.waveapps.com/graphql/public"
DESCRIPTION_LENGTH_MAX: Final = 200
PAGE_ENTRIES: Final = 200
CREATE: Final = (
    "mutation ($input: MoneyTransactionCreateInput!) { moneyTransactionCreate(input: $input) "
    "{ didSucceed inputErrors { path message code } transaction { id } } }"
)
ACCOUNTS: Final = (
    "query ($businessId: ID!, $page: Int!, $pageSize: Int!) { business(id: $businessId) { id accounts(page: $page, pageSize: $pageSize) "
    "{ pageInfo { currentPage totalPages } edges { node { id name isArchived currency { code } subtype { value } } } } } }"
)
CAPABILITIES: Final = Capabilities(
    kind="wave",
    name="Wave",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset(),
    repeat=Repeat.BOOKS_AGAIN,
)
_ACCESS_CODES: Final = frozenset({"UNAUTHENTICATED", "FORBIDDEN"})
_THROTTLED_CODES: Final = frozenset({"RATE_LIMITED", "TOO_MANY_REQUESTS", "THROTTLED"})
_REFUSED_CODES: Final = frozenset({"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "NOT_FOUND"})
"""Said before anything is booked; every other error leaves it open."""


class Wave(JournalsOnly):
    """The words of Wave; `anchor_accounts`: ids of the accounts that may be anchors, empty = a transaction's first is taken for one."""

    capabilities = CAPABILITIES

    def __init__(self, business_id: str, base_currency: str, anchor_accounts: frozenset[str]) -> None:
        self._business_id = business_id
        self._base_currency = base_currency
        self._anchor_accounts = anchor_accounts

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """Wave says nearly everything with a good status."""
        if answer.status == 403:
            return AuthRefused(f"Wave answers 403: {answer.words()}")
        if answer.status >= 400:
            return None
        errors = _errors(answer)
        codes = [code for code, _ in errors]
        message = "Wave answers: " + "; ".join(f"{code} {words}" for code, words in errors)
        if any(code in _ACCESS_CODES for code in codes):
            return AuthRefused(message)
        if any(code in _THROTTLED_CODES for code in codes):
            return Throttled(message, answer.retry_after_seconds)
        if not errors or (writes and all(code in _REFUSED_CODES for code in codes)):
            return None
        return Uncertain(message) if writes else NotSent(message)

    def posting(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """See `Dialect`."""
        del remote_ids
        only_currency(document, self._base_currency, CAPABILITIES.name)
        two_decimals(document, CAPABILITIES.name)
        exponent = document.currency_exponent
        account, amount = self._anchor(document)
        transaction: dict[str, Any] = {
            "businessId": self._business_id,
            "externalId": document.key,
            "date": document.date,
            "description": document.reference[:DESCRIPTION_LENGTH_MAX],
            "notes": document.memo[:DESCRIPTION_LENGTH_MAX],
            "anchor": {
                "accountId": account,
                "amount": json_number(abs(amount), exponent),
                "direction": "DEPOSIT" if amount > 0 else "WITHDRAWAL",
            },
            "lineItems": [_line(line, exponent) for line in document.lines if line.account != account and line.amount != 0],
        }
        return _asking(CREATE, {"input": transaction})

    def _anchor(self, document: LedgerDocument) -> tuple[str, int]:
        """The anchor's account and all that goes into it; raises ValueError where there is none, or several."""
        sums: dict[str, int] = {}
        for line in document.lines:
            sums[line.account] = sums.get(line.account, 0) + line.amount
        anchors = [(account, amount) for account, amount in sums.items() if account in self._anchor_accounts]
        if len(anchors) > 1:
            raise ValueError(f"Wave takes one anchor account in a transaction, and the lines name {len(anchors)} of anchor_accounts")
        if not self._anchor_accounts:
            anchors = list(sums.items())[:1]
        if not anchors or anchors[0][1] == 0:
            raise ValueError("Wave takes transactions of money only: the lines move no account of anchor_accounts")
        return anchors[0]

    def posted(self, document: LedgerDocument, answer: Answer) -> PostResult:
        """See `Dialect`."""
        del document
        if answer.status >= 400:
            return Refused(refusal=Refusal.INVALID, code=str(answer.status), message=answer.words())
        errors = _errors(answer)
        if not errors:
            made = answer.json()["data"]["moneyTransactionCreate"]
            if made["didSucceed"]:
                return Posted(remote_id=str(made["transaction"]["id"]))
            errors = [(str(error["code"]), f"{'.'.join(error['path'] or [])} {error['message']}".strip()) for error in made["inputErrors"]]
        words = "; ".join(text for _, text in errors)
        refusal = refusal_in(words)
        if refusal is Refusal.INVALID and any(code == "NOT_FOUND" for code, _ in errors):
            refusal = Refusal.MAPPING
        return Refused(refusal=refusal, code=errors[0][0] if errors else "none", message=words)

    def looking_up(self, document: LedgerDocument, remote_ids: RemoteIds) -> Request:
        """Transactions cannot be read."""
        raise NotImplementedError(f"Wave finds no transactions ({document.key}, {len(remote_ids)})")

    def found(self, document: LedgerDocument, answer: Answer) -> Posted | Refused | None:
        """Likewise."""
        raise NotImplementedError(f"Wave finds no transactions ({document.key}, {answer.status})")

    def listing_accounts(self, page: int) -> Request:
        """See `Dialect`."""
        return _asking(ACCOUNTS, {"businessId": self._business_id, "page": page, "pageSize": PAGE_ENTRIES})

    def accounts_in(self, answer: Answer) -> tuple[Sequence[RemoteAccount], bool]:
        """See `Dialect`."""
        listed = answer.json()["data"]["business"]["accounts"]
        nodes = [edge["node"] for edge in listed["edges"]]
        accounts = [
            RemoteAccount(
                code=node["id"],
                name=node["name"],
                kind=node["subtype"]["value"],
                active=not node["isArchived"],
                currency=node["currency"]["code"],
            )
            for node in nodes
        ]
        return accounts, listed["pageInfo"]["currentPage"] < listed["pageInfo"]["totalPages"]


def _asking(query: str, variables: Mapping[str, Any]) -> Request:
    return Request(method="POST", path="", body={"query": query, "variables": variables}, headers={})


def _line(line: LedgerLine, exponent: int) -> dict[str, Any]:
    return {
        "accountId": line.account,
        "amount": json_number(abs(line.amount), exponent),
        "balance": "DEBIT" if line.amount > 0 else "CREDIT",
        "description": line.description[:DESCRIPTION_LENGTH_MAX],
        **({"customerId": line.contact} if line.contact else {}),
    }


def _errors(answer: Answer) -> list[tuple[str, str]]:
    """(code, words) of what GraphQL calls errors."""
    body = answer.json()
    listed = body.get("errors") if isinstance(body, dict) else None
    return [((error.get("extensions") or {}).get("code") or "none", str(error.get("message"))) for error in listed or ()]


def make(connection: Connection, access: Access | None) -> RestLedger:
    """See `MakeConnector`."""
    options = checked_options(connection, KIND.options, KIND.needed)
    anchors = frozenset(name.strip() for name in options.get("anchor_accounts", "").split(",") if name.strip())
    dialect = Wave(options["business_id"], options.get("base_currency", "USD"), anchors)
    return RestLedger(dialect, connection.base_url or BASE_URL, access)


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "business_id": "the id that the API gives to the business",
        "base_currency": "currency of the business (USD)",
        "anchor_accounts": "ids of the accounts that Wave takes for anchors, with commas between them; unset: the first account of each",
    },
    needed=frozenset({"business_id"}),
    secrets={
        "api_key": "the full access token; or those of OAuth:",
        "client_id": "of the application",
        "client_secret": "likewise",
        "refresh_token": "of the consent",
        "token_key": "own key file",
    },
    sandbox=lambda: Connection(
        name="wave", kind="wave", options={"business_id": "QnVzaW5lc3M6ZTMzMzVjMDQtMDg1Mi00OTIx", "base_currency": "EUR"}
    ),
    oauth=OAuth(token_url="https://api.waveapps.com/oauth2/token/", rotates=True, client_in_body=True, sends=("redirect_uri",)),
    base_url=BASE_URL,
)
