"""The kinds of ledgers that are known; each one's module is imported when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from sinks.external.access import Access, OAuth
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.port import Connector


class MakeConnector(Protocol):
    """Makes a connector; no call goes out yet. Raises `SettingsError` for options that the kind does not know or needs."""

    def __call__(self, connection: Connection, access: Access | None) -> Connector:
        """`access` None: for rendering only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorKind:
    """One kind of ledger.

    options, secrets: name -> what it is for, of the connection file; `needed` are those without a default. oauth: how tokens are had;
    None = the secret `api_key` as it is, where there is one. sandbox: a connection for rendering without an account. base_url: where calls
    go unless the connection says otherwise. names_accounts_itself: accounts are called as asiento calls them, so that its example
    mapping is right for everybody.
    """

    capabilities: Capabilities
    make: MakeConnector
    options: Mapping[str, str]
    needed: frozenset[str]
    secrets: Mapping[str, str]
    sandbox: Callable[[], Connection]
    oauth: OAuth | None = None
    base_url: str | None = None
    names_accounts_itself: bool = False


def _beancount() -> ConnectorKind:
    from sinks.connectors.beancount.ledger import KIND

    return KIND


def _freshbooks() -> ConnectorKind:
    from sinks.connectors.freshbooks.ledger import KIND

    return KIND


def _hledger() -> ConnectorKind:
    from sinks.connectors.hledger.ledger import KIND

    return KIND


def _netsuite() -> ConnectorKind:
    from sinks.connectors.netsuite.ledger import KIND

    return KIND


def _odoo() -> ConnectorKind:
    from sinks.connectors.odoo.ledger import KIND

    return KIND


def _oracle_fusion() -> ConnectorKind:
    from sinks.connectors.oracle_fusion.ledger import KIND

    return KIND


def _quickbooks() -> ConnectorKind:
    from sinks.connectors.quickbooks.ledger import KIND

    return KIND


def _sage() -> ConnectorKind:
    from sinks.connectors.sage.ledger import KIND

    return KIND


def _sap_s4hana() -> ConnectorKind:
    from sinks.connectors.sap_s4hana.ledger import KIND

    return KIND


def _tryton() -> ConnectorKind:
    from sinks.connectors.tryton.ledger import KIND

    return KIND


def _wave() -> ConnectorKind:
    from sinks.connectors.wave.ledger import KIND

    return KIND


def _xero() -> ConnectorKind:
    from sinks.connectors.xero.ledger import KIND

    return KIND


def _zoho_books() -> ConnectorKind:
    from sinks.connectors.zoho_books.ledger import KIND

    return KIND


_KINDS: Mapping[str, Callable[[], ConnectorKind]] = {
    "beancount": _beancount,
    "freshbooks": _freshbooks,
    "hledger": _hledger,
    "netsuite": _netsuite,
    "odoo": _odoo,
    "oracle_fusion": _oracle_fusion,
    "quickbooks": _quickbooks,
    "sage": _sage,
    "sap_s4hana": _sap_s4hana,
    "tryton": _tryton,
    "wave": _wave,
    "xero": _xero,
    "zoho_books": _zoho_books,
}
"""Name -> how its kind is had; a new ledger is a folder in this package and one line here."""


def kinds() -> tuple[str, ...]:
    """The names of all kinds."""
    return tuple(sorted(_KINDS))


def kind_of(name: str) -> ConnectorKind | None:
    """The kind of this name; None where there is none."""
    have = _KINDS.get(name)
    return None if have is None else have()
