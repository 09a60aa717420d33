"""A vendor whose journals take neither bank accounts nor the receivable, and whose payments take accounts of money only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sinks.connectors.catalogue import ConnectorKind
from sinks.external.access import Access, OAuth
from sinks.external.capabilities import AccountUse, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind
from sinks.external.port import RemoteAccount
from sinks.external.results import AuthRefused, NotSent

TOKENS = "https://vendor.example/token"
CHART = (
    RemoteAccount(code="610", name="Accounts Receivable", kind="RECEIVABLE", active=True),
    RemoteAccount(code="090", name="Business Bank Account", kind="BANK", active=True, currency="EUR"),
    RemoteAccount(code="855", name="Payment Clearing", kind="CURRENT", active=True),
    RemoteAccount(code="856", name="Adyen Clearing", kind="CURRENT", active=True),
    RemoteAccount(code="200", name="Sales", kind="REVENUE", active=True),
    RemoteAccount(code="201", name="Old Sales", kind="REVENUE", active=False),
    RemoteAccount(code="820", name="Sales Tax", kind="CURRLIAB", active=True),
)


def capabilities(*, journal_receivable: bool, needs_items: bool) -> Capabilities:
    return Capabilities(
        kind="xero",
        name="Fake",
        grade=Grade.C,
        documents=frozenset(DocumentKind),
        findable=frozenset(DocumentKind),
        repeat=Repeat.ANSWERS_FIRST,
        journal_receivable=journal_receivable,
        lines_need_items=needs_items,
    )


@dataclass
class FakeConnector:
    """As much of a connector as mappings ask."""

    capabilities: Capabilities
    access: Access | None = None

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        if use is AccountUse.JOURNAL_LINE and account.kind in ("BANK", "RECEIVABLE"):
            return f"journals take no account of the kind {account.kind}"
        if use is AccountUse.RECEIVABLE and account.kind != "RECEIVABLE":
            return "invoices are booked on the receivable only"
        if use is AccountUse.PAYMENT and account.kind not in ("BANK", "CURRENT"):
            return "payments take accounts of money only"
        return None

    async def accounts(self) -> Sequence[RemoteAccount]:
        if self.access is None:
            raise NotSent("the ledger cannot be reached")
        if await self.access.token() != "right":
            raise AuthRefused("the ledger refuses the key")
        return CHART

    async def close(self) -> None:
        """Nothing is open."""


def fake_kind(*, journal_receivable: bool = False, oauth: bool = False, needs_items: bool = False) -> ConnectorKind:
    """The kind of that vendor."""

    able = capabilities(journal_receivable=journal_receivable, needs_items=needs_items)

    def make(connection: Connection, access: Access | None) -> Any:
        return FakeConnector(able, access)

    return ConnectorKind(
        capabilities=able,
        make=make,
        options={},
        needed=frozenset(),
        secrets={"api_key": "key"},
        sandbox=lambda: Connection(name="sandbox", kind="xero"),
        oauth=OAuth(token_url=TOKENS, rotates=True) if oauth else None,
    )
