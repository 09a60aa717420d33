"""A stand-in of FreshBooks' adjusting journal entries, from its documentation: a list without filters, nothing that keeps from repeats."""

import re
from typing import Any

from aiohttp import web

from tests.standins.frame import serve
from tests.standins.journals import Broken, JournalStandin, NotTaken, exact_json, exactly, shown, two_sides, unauthorized

BUSINESS = "/accounting/businesses/8f0c1a4e-0d4f-4c0b-9d0e-6f2b7f0a1c2d"
MARK = re.compile(r"^\[([0-9a-f-]{36})\]")
PAGE = 40
"""Shorter pages than are asked for, as a vendor may have them."""


class FreshBooksStandin(JournalStandin):
    """Adjusting entries of one business and its chart."""

    def routes(self) -> list[web.RouteDef]:
        """The paths that are used."""
        return [
            web.post(f"{BUSINESS}/journal_entries", self.booked(self._create)),
            web.get(f"{BUSINESS}/journal_entries", self._list),
            web.get(f"{BUSINESS}/reports/chart_of_accounts", self._chart),
        ]

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """FreshBooks has none of these: its limit with a body stands in for it."""
        del request, body
        return web.json_response({"message": "Rate limit exceeded"}, status=429)

    async def _create(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if _refused(request):
            return web.json_response({"message": "This action requires authentication to continue."}, status=401)
        try:
            journal = self._booked(exact_json(body))
        except Broken as broken:
            return _problem(1004, self.broken(broken), "manualJournalEntry")
        except NotTaken as refused:
            errno, words = {
                "account": (1012, "Account not found."),
                "period": (1004, "The books are closed for this date."),
                "balance": (1004, "Debits and credits must be equal."),
            }[refused.why]
            return _problem(errno, words, "details")
        return shown({"manualJournalEntry": _entry(journal)})

    def _booked(self, values: Any) -> dict[str, Any]:
        exactly(values, {"manualJournalEntry": dict}, {}, "body")
        entry = values["manualJournalEntry"]
        exactly(entry, {"name": str, "description": str, "userEnteredDate": dict, "details": list}, {}, "manualJournalEntry")
        mark = MARK.search(entry["description"])
        exactly(entry["userEnteredDate"], {"year": str, "month": str, "day": str}, {}, "userEnteredDate")
        lines: list[tuple[str, str]] = []
        for detail in entry["details"]:
            exactly(detail, {"accountId": str, "amount": dict, "type": str}, {}, "details")
            exactly(detail["amount"], {"amount": str, "code": str}, {}, "amount")
            if detail["amount"]["code"] != "EUR" or detail["amount"]["amount"].startswith("-"):
                raise Broken("details: amounts are positive, in the currency of the books")
            sign = {"TYPE_DEBIT": "", "TYPE_CREDIT": "-"}[detail["type"]]
            lines.append((detail["accountId"], sign + detail["amount"]["amount"]))
        date = "{year:0>4}-{month:0>2}-{day:0>2}".format(**entry["userEnteredDate"])
        key = mark[1] if mark else ""
        return self.books.book(key=key, date=date, currency="EUR", exponent=2, lines=lines, text=entry["description"])

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if _refused(request):
            return web.json_response({"message": "unauthorized"}, status=401)
        first = (int(request.query["page_number"]) - 1) * PAGE
        return shown({"manualJournalEntries": [_entry(journal) for journal in self.books.journals[first : first + PAGE]]})

    async def _chart(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("use_ledger_entries") != "true":
            return _problem(1001, "use_ledger_entries is required", "use_ledger_entries")
        accounts = [
            {"account_uuid": code, "account_name": f"Account {code}", "account_number": code, "account_type": kind, "state": "active"}
            for code, kind in sorted(self.books.chart.items())
        ]
        top = [{**accounts[0], "currency_code": "EUR", "sub_accounts": [accounts[0], accounts[1]]}, *accounts[2:]]
        return web.json_response({"response": {"result": {"journal_entry_accounts": top}}})


def _entry(journal: dict[str, Any]) -> dict[str, Any]:
    year, month, day = (int(part) for part in journal["date"].split("-"))
    details = [
        {
            "accountId": account,
            "amount": {"amount": debit if debit is not None else credit, "code": journal["currency"]},
            "type": "TYPE_DEBIT" if debit is not None else "TYPE_CREDIT",
        }
        for account, debit, credit in two_sides(journal["lines"], journal["exponent"])
    ]
    entered = {"year": year, "month": month, "day": day}
    return {"uuid": f"u{journal['id']}", "description": journal["text"], "userEnteredDate": entered, "details": details}


def _refused(request: web.Request) -> bool:
    return unauthorized(request) or request.headers.get("x-api-version") != "2023-09-25"


def _problem(errno: int, words: str, field: str) -> web.Response:
    errors = [{"errno": errno, "field": field, "message": words}]
    return web.json_response({"response": {"errors": errors}}, status=422)


if __name__ == "__main__":
    serve(FreshBooksStandin())
