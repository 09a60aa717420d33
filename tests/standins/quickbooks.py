"""A stand-in of QuickBooks Online: one company's API over a real socket, its books in memory, as strict as the vendor and a little more.

It remembers `requestid`, keeps to its chart of accounts, items and customers, knows what is open of invoices and credit memos,
answers the query language as far as the connector speaks it, and faults in the vendor's words.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
from aiohttp import web

from tests.standins.frame import Standin, serve
from tests.standins.quickbooks_contract import RESOURCES, problems, total_of

REALM = "1234567890"
BATCH_ITEMS_MAX = 30
_KEY = re.compile(r"\[asiento ([0-9a-f-]{36})\]")
_CONDITION = re.compile(r"(?P<field>\w+) (?P<how>=|>=|<=) '(?P<value>(?:[^'\\]|\\.)*)'")
_QUERY = re.compile(
    r"select \* from (?P<name>\w+)(?: where (?P<where>.+?))?(?: orderby Id)? startposition (?P<start>\d+) maxresults (?P<size>\d+)",
    re.DOTALL,
)
Resource = dict[str, Any]


class Refusal(Exception):
    """A fault about what was sent."""

    def __init__(self, code: str, message: str, detail: str, element: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.detail, self.element = code, message, detail, element

    def fault(self) -> Resource:
        """In the vendor's form."""
        error = {"Message": self.message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-01-01T00:00:00.000-08:00"}


def _account(remote_id: str, name: str, kind: str, subtype: str, *, active: bool = True) -> Resource:
    found = {"Id": remote_id, "Name": name, "FullyQualifiedName": name, "AccountType": kind, "AccountSubType": subtype}
    return {**found, "Active": active, "CurrencyRef": {"value": "USD"}}


class QuickBooks(Standin):
    """One company.

    `set` knows: reset, accounts, items, customers (added), closed (a day), currencies, refuse_tokens, refuse_duplicates,
    queries_fail (so many), page_max,
    custom_numbers, edit.
    """

    retry_after_seconds = 60

    def __init__(self) -> None:
        super().__init__()
        self._accounts = {
            one["Id"]: one
            for one in (
                _account("35", "Checking", "Bank", "Checking"),
                _account("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
                _account("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
                _account("91", "Customer prepayments", "Other Current Liability", "OtherCurrentLiabilities"),
                _account("79", "Sales", "Income", "SalesOfProductIncome"),
                _account("80", "Returns", "Income", "DiscountsRefundsGiven"),
                _account("10", "Retained Earnings", "Equity", "RetainedEarnings"),
                _account("99", "Old bank", "Bank", "Checking", active=False),
            )
        }
        self._items: dict[str, str] = {"1": "79", "2": "80"}
        self._customers = {"1"}
        self._closed: str | None = None
        self._home, self._several = "USD", False
        self._refused_tokens: set[str] = set()
        self._refuses_duplicates = False
        self._queries_fail = 0
        self._page_max = 1000
        self._custom_numbers = True
        self._books: dict[str, dict[str, Resource]] = {name: {} for name in RESOURCES}
        self._answers: dict[str, Resource] = {}
        self._id = 100

    def routes(self) -> list[web.RouteDef]:
        """The API of one company."""
        base = f"/v3/company/{REALM}"
        writes = [web.post(f"{base}/{name.lower()}", self.booked(self._create)) for name in RESOURCES]
        return [
            *writes,
            web.post(f"{base}/batch", self.booked(self._batch)),
            web.get(f"{base}/query", self._query),
            web.get(f"{base}/reports/TrialBalance", self._trial_balance),
        ]

    def set_up(self, values: Resource) -> None:
        """Change the company."""
        if values.get("reset"):
            self.__dict__.update(QuickBooks().__dict__)
        for remote_id, (name, kind, subtype) in values.get("accounts", {}).items():
            self._accounts[remote_id] = _account(remote_id, name, kind, subtype)
        self._items.update(values.get("items", {}))
        self._customers.update(values.get("customers", ()))
        self._closed = values.get("closed", self._closed)
        self._home, self._several = values.get("currencies", (self._home, self._several))
        self._refused_tokens.update(values.get("refuse_tokens", ()))
        self._refuses_duplicates = values.get("refuse_duplicates", self._refuses_duplicates)
        self._custom_numbers = values.get("custom_numbers", self._custom_numbers)
        self._page_max = values.get("page_max", self._page_max)
        self._queries_fail = values.get("queries_fail", self._queries_fail)
        for remote_id, changes in values.get("edit", {}).items():
            held = next(books[remote_id] for books in self._books.values() if remote_id in books)
            held.update(changes, SyncToken="1", MetaData={**held["MetaData"], "LastUpdatedTime": "2026-01-02T00:00:00-08:00"})

    def held(self) -> list[Resource]:
        """All that stands there, by the keys in the notes."""
        found = []
        for name, books in self._books.items():
            for one in books.values():
                key = _KEY.search(one["PrivateNote"])
                total = total_of(name, one)
                found.append(
                    {
                        "key": key[1] if key else None,
                        "kind": name,
                        "date": one["TxnDate"],
                        "currency": one["CurrencyRef"]["value"],
                        "total": str(total),
                    }
                )
        return found

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Of a batch the first half is booked and the rest meets a broken system; a single call is throttled."""
        if request.path.endswith("/batch"):
            items = _read(body)["BatchItemRequest"]
            return self._batched(request, items, len(items) // 2)
        error = {"Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429", "Detail": "", "code": "3001", "element": None}
        return _json({"fault": {"error": [error], "type": "THROTTLE"}})

    def _unauthorized(self, request: web.Request) -> web.Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer" and token and token not in self._refused_tokens:
            return None
        error = {"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "detail": "Token expired", "code": "3200"}
        return _json({"fault": {"error": [error], "type": "AUTHENTICATION"}}, 401)

    # Writing.

    async def _create(self, request: web.Request, body: bytes) -> web.StreamResponse:
        refused = self._unauthorized(request)
        if refused is not None:
            return refused
        name = next(name for name in RESOURCES if request.path.endswith(f"/{name.lower()}"))
        request_id = request.query.get("requestid", "")
        if not 0 < len(request_id) <= 50 or request.query.get("minorversion") != "75":
            self.refusals.append(f"requestid {request_id!r}, minorversion {request.query.get('minorversion')}")
        answer = self._once(request_id, name, _read(body))
        return _json(answer, 400 if "Fault" in answer else 200)

    async def _batch(self, request: web.Request, body: bytes) -> web.StreamResponse:
        refused = self._unauthorized(request)
        items = _read(body).get("BatchItemRequest", ())
        return refused if refused is not None else self._batched(request, items, len(items))

    def _batched(self, request: web.Request, items: list[Resource], good: int) -> web.Response:
        request_id = request.query.get("requestid", "")
        ids = [item.get("bId", "") for item in items]
        wrong = not 0 < len(items) <= BATCH_ITEMS_MAX or len(set(ids)) != len(ids) or any(not 0 < len(one) <= 10 for one in ids)
        if wrong or not 0 < len(request_id) <= 36:
            self.refusals.append(f"batch {request_id} of {len(items)}: {ids}")
        answers = []
        for number, item in enumerate(items):
            name = next(iter(set(item) - {"bId", "operation"}))
            if item.get("operation") != "create" or len(item) != 3:
                self.refusals.append(f"batch item {sorted(item)}")
            broken = {"Message": "An application error has occurred while processing your request", "Detail": "", "code": "10000"}
            answer = (
                self._once(f"{request_id}{item['bId']}", name, item[name])
                if number < good
                else {"Fault": {"Error": [broken], "type": "SystemFault"}}
            )
            answer = {key: value for key, value in answer.items() if key != "time"}
            answers.append({"bId": item["bId"], **answer})
        return _json({"BatchItemResponse": answers, "time": "2026-01-01T00:00:00.000-08:00"})

    def _once(self, request_id: str, name: str, resource: Resource) -> Resource:
        """What a request with this id is answered, booked the first time."""
        if request_id not in self._answers:
            try:
                self._answers[request_id] = {name: self._book(name, resource), "time": "2026-01-01T00:00:00.000-08:00"}
            except Refusal as refusal:
                return refusal.fault()
        return self._answers[request_id]

    def _book(self, name: str, resource: Resource) -> Resource:
        wrong = problems(name, resource)
        if wrong:
            self.refusals += wrong
            raise Refusal("2010", "Request has invalid or unsupported property", "; ".join(wrong))
        self._check(name, resource)
        self._id += 1
        settled = list(self._applied(name, resource))
        now = "2026-01-01T00:00:00-08:00"
        total = total_of(name, resource)
        booked = {
            **resource,
            "Id": str(self._id),
            "SyncToken": "0",
            "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
            "CurrencyRef": resource.get("CurrencyRef", {"value": self._home}),
            "domain": "QBO",
            "sparse": False,
        }
        if name != "JournalEntry":
            booked["TotalAmt"] = total
        if name in ("Invoice", "CreditMemo"):
            booked["Balance"] = total
            booked["LinkedTxn"] = []
        for held, amount in settled:
            held["Balance"] -= amount
            held["LinkedTxn"] = [*held["LinkedTxn"], {"TxnId": booked["Id"], "TxnType": "Payment"}]
            held["SyncToken"] = str(int(held["SyncToken"]) + 1)
            held["MetaData"] = {**held["MetaData"], "LastUpdatedTime": "2026-01-03T00:00:00-08:00"}
        self._books[name][booked["Id"]] = booked
        return booked

    def _check(self, name: str, resource: Resource) -> None:
        if self._closed is not None and resource["TxnDate"] <= self._closed:
            detail = "Account Period Closed, Cannot Update Through Services API"
            raise Refusal("6210", "Account Period Closed, Cannot Update Through Services", f"Business Validation Error: {detail}")
        if any(round(line["Amount"], 2) != line["Amount"] for line in resource.get("Line", ())):
            raise Refusal("6000", "A business validation error has occurred", "Amounts have two decimals", "Amount")
        number_field = "PaymentRefNum" if name == "Payment" else "DocNumber"
        number = resource.get(number_field)
        if self._refuses_duplicates and any(one.get(number_field) == number for one in self._books[name].values()):
            raise Refusal("6140", "Duplicate Document Number Error", f"You must specify a different number. DocNumber={number} is assigned")
        currency = resource.get("CurrencyRef", {}).get("value")
        if self._several is not (currency is not None):
            raise Refusal("6000", "A business validation error has occurred", "CurrencyRef goes with Multicurrency", "CurrencyRef")
        for account in _values(resource, "AccountRef", "DepositToAccountRef"):
            self._check_account(account)
        if any(item not in self._items for item in _values(resource, "ItemRef")):
            raise Refusal("2500", "Invalid Reference Id", "Invalid Reference Id : Something you're trying to use is not there", "ItemRef")
        for customer in set(_values(resource, "CustomerRef", "EntityRef")) - self._customers:
            raise Refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : Names element id {customer} not found", "CustomerRef")
        if name == "JournalEntry":
            self._check_receivables(resource)
        deposit = resource.get("DepositToAccountRef", {"value": "4"})["value"]
        if name == "Payment" and self._accounts[deposit]["AccountType"] not in ("Bank", "Other Current Asset"):
            raise Refusal(
                "6000", "A business validation error has occurred", "Select a bank or other current asset account", "DepositToAccountRef"
            )

    def _check_account(self, account: str) -> None:
        found = self._accounts.get(account)
        if found is None:
            raise Refusal("2500", "Invalid Reference Id", f"Invalid Reference Id : Accounts element id {account} not found", "AccountRef")
        if not found["Active"]:
            raise Refusal(
                "610", "Object Not Found", "Something you're trying to use has been made inactive. Check the fields with accounts"
            )

    def _check_receivables(self, resource: Resource) -> None:
        for line in resource["Line"]:
            detail = line["JournalEntryLineDetail"]
            if self._accounts[detail["AccountRef"]["value"]]["AccountType"] == "Accounts Receivable" and "Entity" not in detail:
                detail_words = "When you use Accounts Receivable, you must choose a customer in the Name field"
                raise Refusal("6000", "A business validation error has occurred", detail_words)

    def _applied(self, name: str, resource: Resource) -> Iterator[tuple[Resource, Decimal]]:
        """The invoices and credit memos that a payment settles, with how much of each."""
        for line in resource.get("Line", ()) if name == "Payment" else ():
            link = line["LinkedTxn"][0]
            held = self._books.get(link["TxnType"], {}).get(link["TxnId"])
            if held is None:
                raise Refusal("610", "Object Not Found", "A transaction you're linked to has been deleted")
            if held["CustomerRef"] != resource["CustomerRef"] or held["Balance"] < line["Amount"]:
                raise Refusal("6000", "A business validation error has occurred", "The amount is more than the open balance")
            yield held, Decimal(line["Amount"])

    # Reading.

    async def _query(self, request: web.Request) -> web.StreamResponse:
        refused = self._unauthorized(request)
        if refused is not None:
            return refused
        if self._queries_fail:
            self._queries_fail -= 1
            return web.Response(status=503)
        found = _QUERY.fullmatch(request.query.get("query", ""))
        if found is None:
            self.refusals.append(f"query {request.query.get('query')}")
            return _json(Refusal("4000", "Error parsing query", "QueryParserError").fault(), 400)
        resources = [one for one in self._all(found["name"]) if _holds(one, found["where"])]
        start, size = int(found["start"]), int(found["size"])
        if size > self._page_max and request.transport is not None:
            request.transport.abort()
        page = resources[start - 1 : start - 1 + size]
        answer = {found["name"]: page, "startPosition": start, "maxResults": len(page)} if page else {}
        return _json({"QueryResponse": answer, "time": "2026-01-01T00:00:00.000-08:00"})

    def _all(self, name: str) -> list[Resource]:
        match name:
            case "Account":
                return list(self._accounts.values())
            case "Item":
                return [{"Id": item, "IncomeAccountRef": {"value": account}, "Active": True} for item, account in self._items.items()]
            case "CompanyInfo":
                return [{"CompanyName": "Try", "CompanyStartDate": "2024-05-05", "FiscalYearStartMonth": "January"}]
            case "Preferences":
                closed = {"BookCloseDate": self._closed} if self._closed else {}
                currencies = {"HomeCurrency": {"value": self._home}, "MultiCurrencyEnabled": self._several}
                sales = {"CustomTxnNumbers": self._custom_numbers}
                return [{"AccountingInfoPrefs": closed, "CurrencyPrefs": currencies, "SalesFormsPrefs": sales}]
        return list(self._books[name].values())

    async def _trial_balance(self, request: web.Request) -> web.StreamResponse:
        refused = self._unauthorized(request)
        if refused is not None:
            return refused
        sums: dict[str, Decimal] = {}
        year, end = request.query["end_date"][:4], request.query["end_date"]
        for name, books in self._books.items():
            for one in (one for one in books.values() if one["TxnDate"] <= end):
                for account, amount in self._postings(name, one):
                    of_the_year = self._accounts[account]["AccountType"] in ("Income", "Expense")
                    place = "10" if of_the_year and one["TxnDate"][:4] < year else account
                    sums[place] = sums.get(place, Decimal(0)) + amount
        rows: list[Resource] = [
            {
                "ColData": [
                    {"value": self._accounts[account]["Name"], "id": account},
                    {"value": f"{amount:.2f}" if amount > 0 else ""},
                    {"value": f"{-amount:.2f}" if amount < 0 else ""},
                ]
            }
            for account, amount in sums.items()
        ]
        total = f"{sum((amount for amount in sums.values() if amount > 0), Decimal(0)):.2f}"
        rows.append(
            {"Summary": {"ColData": [{"value": "TOTAL"}, {"value": total}, {"value": total}]}, "type": "Section", "group": "GrandTotal"}
        )
        return _json({"Header": {"ReportName": "TrialBalance", "Currency": self._home}, "Rows": {"Row": rows}})

    def _postings(self, name: str, one: Resource) -> Iterator[tuple[str, Decimal]]:
        receivable = next(account for account, held in self._accounts.items() if held["AccountType"] == "Accounts Receivable")
        side = -1 if name == "CreditMemo" else 1
        match name:
            case "JournalEntry":
                for line in one["Line"]:
                    detail = line["JournalEntryLineDetail"]
                    yield detail["AccountRef"]["value"], line["Amount"] if detail["PostingType"] == "Debit" else -line["Amount"]
            case "Payment":
                yield one.get("DepositToAccountRef", {"value": "4"})["value"], one["TotalAmt"]
                yield receivable, -Decimal(one["TotalAmt"])
            case _:
                yield receivable, side * Decimal(one["TotalAmt"])
                for line in one["Line"]:
                    yield self._items[line["SalesItemLineDetail"]["ItemRef"]["value"]], -side * line["Amount"]


def _values(thing: Any, *names: str) -> Iterator[str]:
    """The Ids of all references of these names, wherever they are."""
    if isinstance(thing, list):
        for one in thing:
            yield from _values(one, *names)
    elif isinstance(thing, dict):
        for name, value in thing.items():
            if name in names:
                yield value["value"]
            else:
                yield from _values(value, *names)


def _holds(resource: Resource, where: str | None) -> bool:
    for condition in where.split(" and ") if where else ():
        found = _CONDITION.fullmatch(condition)
        if found is None:
            if condition != "Active in (true, false)":
                return False
            continue
        value, there = re.sub(r"\\(.)", r"\1", found["value"]), str(resource.get(found["field"], ""))
        if not (there == value if found["how"] == "=" else there >= value if found["how"] == ">=" else there <= value):
            return False
    return True


def _read(body: bytes) -> Resource:
    found: Resource = json.loads(body, parse_float=Decimal)
    return found


def _exact(value: object) -> orjson.Fragment:
    """A decimal as JSON writes it, digit by digit."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(value)


def _json(content: Resource, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content, default=_exact), status=status, content_type="application/json")


if __name__ == "__main__":
    serve(QuickBooks())
