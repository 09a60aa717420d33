"""Books that hold journals only: what stand-ins of such ledgers share. Amounts are decimal texts, as they came over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from json import loads
from typing import Any

import orjson
from aiohttp import web

from sinks.external.amounts import json_number, minor_units
from tests.standins.frame import Standin

TOKEN = "good-token"

CHART = {"1000": "cash", "1100": "other_current_asset", "4000": "income", "1200": "other_current_asset", "4100": "income"}
"""Accounts that every such stand-in has, and their kinds."""
ACCOUNTS = {"cash": "1000", "clearing": "1100", "revenue": "4000", "receivable": "1200", "returns": "4100"}
"""Of these, those that the contract of connectors uses."""
OPEN_DAY = "2026-03-02"
CLOSED_UNTIL = "2025-12-31"


class Broken(Exception):
    """The request breaks the vendor's contract; the message says how."""


class NotTaken(Exception):
    """The vendor refuses the journal: `why` is account, period or balance."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(slots=True)
class JournalBooks:
    """The journals of one company."""

    chart: dict[str, str] = field(default_factory=lambda: dict(CHART))
    closed_until: str = CLOSED_UNTIL
    journals: list[dict[str, Any]] = field(default_factory=list)

    def book(self, *, key: str, date: str, currency: str, exponent: int, lines: list[tuple[str, str]], text: str = "") -> dict[str, Any]:
        """Book one journal of (account, signed amount as text) lines; raises `NotTaken`."""
        amounts = [(account, minor_units(amount, exponent)) for account, amount in lines]
        for account, _ in amounts:
            if account not in self.chart:
                raise NotTaken("account", f"account {account} does not exist")
        if date <= self.closed_until:
            raise NotTaken("period", f"the period of {date} is locked")
        if sum(amount for _, amount in amounts) != 0 or not amounts or any(amount == 0 for _, amount in amounts):
            raise NotTaken("balance", "debits and credits differ")
        journal = {
            "id": str(len(self.journals) + 1),
            "key": key,
            "kind": "journal",
            "date": date,
            "currency": currency,
            "exponent": exponent,
            "total": sum(amount for _, amount in amounts if amount > 0),
            "lines": amounts,
            "text": text,
        }
        self.journals.append(journal)
        return journal

    def under(self, key: str) -> list[dict[str, Any]]:
        """The journals with this key."""
        return [journal for journal in self.journals if journal["key"] == key]


def exactly(values: Any, required: Mapping[str, type], optional: Mapping[str, type], where: str) -> None:
    """Raises `Broken` where a mapping lacks a field, has one that is unknown, or one of another type."""
    if not isinstance(values, dict):
        raise Broken(f"{where}: an object is expected")
    for name in values:
        if name not in required and name not in optional:
            raise Broken(f"{where}: {name} is no field")
    for name, kind in required.items():
        if name not in values:
            raise Broken(f"{where}: {name} is missing")
        if not isinstance(values[name], kind):
            raise Broken(f"{where}: {name} is no {kind.__name__}")
    for name, kind in optional.items():
        if name in values and not isinstance(values[name], kind):
            raise Broken(f"{where}: {name} is no {kind.__name__}")


class JournalStandin(Standin):
    """A vendor of `JournalBooks` that wants `Authorization: Bearer good-token`."""

    def __init__(self) -> None:
        super().__init__()
        self.books = JournalBooks()

    def held(self) -> list[dict[str, Any]]:
        """All journals."""
        return self.books.journals

    def set_up(self, values: dict[str, Any]) -> None:
        """`closed_until`."""
        self.books.closed_until = values["closed_until"]

    def broken(self, problem: Broken) -> str:
        """A request that breaks the contract: noted, and said."""
        self.refusals.append(str(problem))
        return str(problem)


def unauthorized(request: web.Request) -> bool:
    """The token is not the good one."""
    return request.headers.get("Authorization") != f"Bearer {TOKEN}"


def exact_json(body: bytes) -> Any:
    """A body with its numbers as texts."""
    return loads(body, parse_float=str, parse_int=str)


def shown(values: Any) -> web.Response:
    """JSON whose amounts are `json_number`s, digit by digit."""
    return web.Response(body=orjson.dumps(values), content_type="application/json")


def two_sides(lines: list[tuple[str, int]], exponent: int) -> list[tuple[str, Any, Any]]:
    """(account, debit, credit) of each line; the other side is None."""
    return [
        (account, json_number(amount, exponent) if amount > 0 else None, json_number(-amount, exponent) if amount < 0 else None)
        for account, amount in lines
    ]
