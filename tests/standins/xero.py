"""Xero's stand-in: the paths that the connector calls, every request checked against Xero's own models, books in memory."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from tests.standins.frame import Standin, serve
from tests.standins.xero_books import Books, Held, account, shown
from tests.standins.xero_contract import element_problems, request_problems, rounded

TENANT: Final = "7d05a53d-613d-4eb2-a2fc-dcb6adb80b80"
TENANTS: Final = frozenset({TENANT, "00000000-0000-0000-0000-000000000000"})
"""Organizations that may be named, that of renderings without an account among them; all have the same books."""
PAGE_DOCUMENTS_MAX: Final = 1000
_BY_KEY: Final = re.compile(r'Reference=="([0-9a-f-]{36})"')
_ON_DAY: Final = re.compile(r"Date==DateTime\((\d{4}), (\d\d), (\d\d)\)")
_IN_DAYS: Final = re.compile(r"Date>=DateTime\((\d{4}), (\d\d), (\d\d)\) AND Date<=DateTime\((\d{4}), (\d\d), (\d\d)\)")


class Xero(Standin):
    """One organization behind Xero's API."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self._answered: dict[str, tuple[bytes, int, bytes]] = {}
        self._remembers = True
        self._day_spent_seconds: int | None = None
        self._unreadable = ""
        self._renewed = 0
        self._refused_tokens: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """Xero's paths."""
        collections = ("ManualJournals", "Invoices", "CreditNotes", "Payments")
        put = [web.put(f"/{name}", self.booked(self._put)) for name in collections]
        get = [web.get(f"/{name}", self._list) for name in collections]
        return [
            *put,
            *get,
            web.put("/CreditNotes/{id}/Allocations", self.booked(self._put)),
            web.post("/connect/token", self._token),
            web.get("/Accounts", self._accounts),
            web.get("/Organisation", self._organization),
            web.get("/Reports/TrialBalance", self._trial_balance),
        ]

    def held(self) -> list[dict[str, Any]]:
        """What counts in the books; the key of an allocation is that of its credit note, `>`, that of its invoice."""
        return [
            {"key": one.key, "kind": one.kind, "date": one.day, "currency": one.currency, "total": one.minor_units, "id": _id(one)}
            for one in self.books.held
            if one.counts
        ]

    def set_up(self, values: dict[str, Any]) -> None:
        """The lock dates, `accounts`, `tax_types`; what was done to one: `void`; and failures: `day_spent_seconds`, `refused_tokens`.

        remembers: keys of calls answer their first answer. unreadable: a text that Xero cannot read in any document.
        """
        self.books.period_lock = values.pop("period_lock", self.books.period_lock)
        self.books.year_end_lock = values.pop("year_end_lock", self.books.year_end_lock)
        self.books.accounts |= {
            row["code"]: account(row.pop("code"), row.pop("name"), row.pop("type"), **row) for row in values.pop("accounts", ())
        }
        self.books.tax_types |= set(values.pop("tax_types", ()))
        self._remembers = values.pop("remembers", self._remembers)
        self._day_spent_seconds = values.pop("day_spent_seconds", self._day_spent_seconds)
        self._refused_tokens |= set(values.pop("refused_tokens", ()))
        self._unreadable = values.pop("unreadable", self._unreadable)
        voided = self.books.by_id(values.pop("void", ""))
        if voided is not None:
            voided.element |= {"Status": "VOIDED", "UpdatedDateUTC": self.books.changed()}
        if values:
            raise ValueError(f"unknown: {sorted(values)}")

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Every element with an error that asks to come again; nothing booked."""
        collection = request.path.rsplit("/", 1)[-1]
        errors = [{"Message": "The organisation is temporarily unavailable, please try again"}]
        elements = json.loads(body).get(collection, [])
        return _answer({collection: [one | {"StatusAttributeString": "ERROR", "ValidationErrors": errors} for one in elements]})

    async def _put(self, request: web.Request, raw: bytes) -> web.StreamResponse:
        barred = self._barred(request)
        if barred is not None:
            return barred
        key = request.headers.get("Idempotency-Key", "")
        if self._remembers and key in self._answered:
            first, status, answer = self._answered[key]
            if first == raw:
                return web.Response(status=status, body=answer, content_type="application/json")
            return _fault(400, "The idempotency key was used with another request")
        response = self._book(request, raw)
        if isinstance(response.body, bytes):
            self._answered[key] = (raw, response.status, response.body)
        return response

    def _book(self, request: web.Request, raw: bytes) -> web.Response:
        collection = request.path.rsplit("/", 1)[-1]
        body = json.loads(raw, parse_float=Decimal)
        path = request.path_qs
        if any(self._unreadable and self._unreadable in json.dumps(element, default=str) for element in body.get(collection, ())):
            return _fault(400, "PostDataInvalidException: the data cannot be read")
        broken = request_problems(request.method, path, request.headers, body)
        if broken:
            self.refusals += broken
            return _fault(400, f"PostDataInvalidException: {broken[0]}")
        answered = [self._one(collection, element, request.match_info.get("id")) for element in body[collection]]
        failed = [element for element in answered if element["StatusAttributeString"] == "ERROR"]
        if failed and "summarizeErrors=false" not in request.query_string:
            return _answer(
                {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred", "Elements": failed}, 400
            )
        return _answer({"Id": str(uuid4()), "Status": "OK", "ProviderName": "stand-in", collection: answered})

    def _one(self, collection: str, element: dict[str, Any], credit_note_id: str | None) -> dict[str, Any]:
        broken = element_problems(collection, element) or rounded(element)
        booked = broken or self.books.book(collection, element, credit_note_id)
        if isinstance(booked, Held):
            return shown(booked) | {"StatusAttributeString": "OK", "ValidationErrors": []}
        return element | {"StatusAttributeString": "ERROR", "HasErrors": True, "ValidationErrors": [{"Message": text} for text in booked]}

    async def _list(self, request: web.Request) -> web.StreamResponse:
        barred = self._barred(request)
        if barred is not None:
            return barred
        collection = request.path.rsplit("/", 1)[-1]
        found = _matching(request.query.get("where", ""), [one for one in self.books.held if one.collection == collection])
        if found is None or set(request.query) - {"where", "order", "page", "pageSize"}:
            self.refusals.append(f"GET {request.path_qs}")
            return _fault(400, "QueryParseException: the filter is not known here")
        if request.query.get("order") == "UpdatedDateUTC DESC":
            found.sort(key=lambda one: str(one.element["UpdatedDateUTC"]), reverse=True)
        size = min(int(request.query.get("pageSize", 100)), PAGE_DOCUMENTS_MAX)
        first = (int(request.query.get("page", 1)) - 1) * size
        return _answer({"Status": "OK", collection: [shown(one) for one in found[first : first + size]]})

    async def _token(self, request: web.Request) -> web.StreamResponse:
        """Renewal of tokens: `refresh-0` first, each one good once, the client as Basic authorization."""
        form = await request.post()
        if request.headers.get("Authorization") != f"Basic {b64encode(b'client:secret').decode()}":
            return _answer({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != f"refresh-{self._renewed}":
            return _answer({"error": "invalid_grant"}, 400)
        self._renewed += 1
        tokens = {"access_token": f"access-{self._renewed}", "refresh_token": f"refresh-{self._renewed}"}
        return _answer(tokens | {"expires_in": 1800, "token_type": "Bearer"})

    async def _accounts(self, request: web.Request) -> web.StreamResponse:
        return self._barred(request) or _answer({"Accounts": list(self.books.accounts.values())})

    async def _organization(self, request: web.Request) -> web.StreamResponse:
        locks = {"PeriodLockDate": self.books.period_lock, "EndOfYearLockDate": self.books.year_end_lock}
        dates = {name: shown(_dated(day))["Date"] for name, day in locks.items() if day is not None}
        row = {"Name": "Stand-in", "BaseCurrency": self.books.currency, "FinancialYearEndDay": 31, "FinancialYearEndMonth": 12}
        return self._barred(request) or _answer({"Organisations": [row | dates]})

    async def _trial_balance(self, request: web.Request) -> web.StreamResponse:
        names = ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")
        rows: list[Any] = [{"RowType": "Header", "Cells": [{"Value": name} for name in names]}]
        for code, value in self.books.balances(request.query["date"]).items():
            held = self.books.accounts[code]
            attributes = [{"Id": "account", "Value": held["AccountID"]}]
            sides = [str(value) if value > 0 else "", str(-value) if value < 0 else ""]
            cells = [{"Value": f"{held['Name']} ({code})", "Attributes": attributes}, *({"Value": side} for side in [*sides, *sides])]
            rows.append({"RowType": "Section", "Title": held["Class"], "Rows": [{"RowType": "Row", "Cells": cells}]})
        return self._barred(request) or _answer({"Reports": [{"ReportID": "TrialBalance", "Rows": rows}]})

    def _barred(self, request: web.Request) -> web.Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token or token in self._refused_tokens:
            return _problem(401, "Unauthorized", "TokenExpired: the token expired")
        if request.headers.get("xero-tenant-id") not in TENANTS:
            return _problem(403, "Forbidden", "AuthenticationUnsuccessful")
        if self._day_spent_seconds is not None:
            headers = {"X-Rate-Limit-Problem": "day", "Retry-After": str(self._day_spent_seconds)}
            return web.Response(status=429, headers=headers)
        return None


def _matching(where: str, held: list[Held]) -> list[Held] | None:
    if found := _BY_KEY.fullmatch(where):
        return [one for one in held if one.element.get("Reference") == found[1]]
    if found := _ON_DAY.fullmatch(where):
        return [one for one in held if one.day == "-".join(found.groups())]
    if found := _IN_DAYS.fullmatch(where):
        return [one for one in held if "-".join(found.groups()[:3]) <= one.day <= "-".join(found.groups()[3:])]
    return None


def _dated(day: str) -> Held:
    return Held("", {"Date": day}, day, None, "", "EUR", Decimal(0), [])


def _id(held: Held) -> str:
    names = ("AllocationID", "ManualJournalID", "PaymentID", "InvoiceID", "CreditNoteID")
    return next(str(held.element[name]) for name in names if name in held.element)


def _answer(body: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(body, default=float).encode(), content_type="application/json")


def _fault(status: int, message: str) -> web.Response:
    return _answer({"ErrorNumber": 17, "Type": message.partition(":")[0], "Message": message}, status)


def _problem(status: int, title: str, detail: str) -> web.Response:
    return _answer({"Type": None, "Title": title, "Status": status, "Detail": detail}, status)


if __name__ == "__main__":
    serve(Xero())
