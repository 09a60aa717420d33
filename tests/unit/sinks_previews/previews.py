"""A journal of three lines, and answers, for tests of ledgers that are previews."""

from collections.abc import Mapping
from dataclasses import replace
from json import loads
from typing import Any

import orjson

from sinks.connectors.catalogue import ConnectorKind, kind_of
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument
from sinks.external.http_calls import Answer, encoded
from sinks.external.port import Connector, Request
from tests.unit.sinks_xero.documents import KEY, document, line

__all__ = ["KEY", "answer", "body", "connector", "journal", "kind", "rendered"]


def kind(name: str) -> ConnectorKind:
    """The kind of this name."""
    found = kind_of(name)
    assert found is not None
    return found


def connector(name: str, **options: str) -> Connector:
    """A connector for rendering; options of the sandbox, and these."""
    sandbox = kind(name).sandbox()
    return kind(name).make(replace(sandbox, options={**sandbox.options, **options}), None)


def journal(**changes: Any) -> LedgerDocument:
    """10.50 EUR received, of it 10.00 income and 0.50 tax, with the key `KEY`."""
    lines = (line("a1", 1050, "paid"), line("a2", -1000, "mug"), line("a3", -50, "tax"))
    return replace(document(lines=lines, date="2026-03-02", memo="Order 7", reference="ref-1"), **changes)


def rendered(name: str, one: LedgerDocument, **options: str) -> Request:
    """The call that posts it."""
    (request,) = connector(name, **options).render([one], {})
    return request


def body(request: Request) -> Any:
    """Its body, numbers as the texts that stand there."""
    return loads(encoded(request.body), parse_float=str, parse_int=str)


def answer(status: int, values: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of JSON."""
    return Answer(status=status, headers=headers or {}, body=orjson.dumps(values))


def connection(name: str, **options: str) -> Connection:
    """A connection with these options only."""
    return Connection(name="books", kind=name, options=options)
