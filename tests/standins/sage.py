"""A stand-in of Sage Accounting's journals, from its documentation: an `idempotency_id` is answered with what it made before."""

from typing import Any

from aiohttp import web

from sinks.external.amounts import minor_units
from tests.standins.frame import serve
from tests.standins.journals import Broken, JournalStandin, NotTaken, exact_json, exactly, shown, two_sides, unauthorized

LINE = {"ledger_account_id": str, "debit": str, "credit": str}
BUSINESS = "0d40342d0287cd6b13555c54afca6c90"
PAGE = 50
"""Shorter pages than are asked for, as a vendor may have them."""


class SageStandin(JournalStandin):
    """Journals of one business, the transactions that they make, its chart."""

    def routes(self) -> list[web.RouteDef]:
        """The paths that are used."""
        return [
            web.post("/journals", self.booked(self._create)),
            web.get("/journals/{id}", self._get),
            web.get("/transactions", self._transactions),
            web.get("/ledger_accounts", self._accounts),
        ]

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Sage has none of these: its throttling with a body stands in for it."""
        del request, body
        return _problem(429, "ThrottlingError", "Too many requests", "")

    async def _create(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if _refused(request):
            return _problem(401, "AuthorizationFailure", "No active subscription. (MSE)", "")
        try:
            journal = self._booked(exact_json(body))
        except Broken as broken:
            return _problem(422, "ValidationError", self.broken(broken), "journal")
        except NotTaken as refused:
            return _problem(422, *REFUSED[refused.why])
        answer = shown(_journal(journal))
        answer.set_status(201)
        return answer

    def _booked(self, values: Any) -> dict[str, Any]:
        exactly(values, {"journal": dict}, {}, "body")
        known = {"date": str, "reference": str, "journal_lines": list, "idempotency_id": str}
        exactly(values["journal"], known, {"description": str}, "journal")
        journal = values["journal"]
        key = journal["idempotency_id"]
        if len(key) != 32 or not key.isalnum() or journal["reference"] != key:
            raise Broken("journal: idempotency_id is a GUID without hyphens")
        lines: list[tuple[str, str]] = []
        for line in journal["journal_lines"]:
            exactly(line, LINE, {"details": str, "include_on_tax_return": bool}, "journal_lines")
            debit, credit = minor_units(line["debit"], 2), minor_units(line["credit"], 2)
            if min(debit, credit) != 0 or max(debit, credit) == 0:
                raise Broken("journal_lines: a debit or a credit")
            lines.append((line["ledger_account_id"], line["debit"] if debit else f"-{line['credit']}"))
        hyphened = "-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:]))
        earlier = self.books.under(hyphened)
        return earlier[0] if earlier else self.books.book(key=hyphened, date=journal["date"], currency="EUR", exponent=2, lines=lines)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        found = [journal for journal in self.books.journals if f"j{journal['id']}" == request.match_info["id"]]
        return shown(_journal(found[0])) if found else _problem(404, "RecordNotFound", "Record not found.", "")

    async def _transactions(self, request: web.Request) -> web.StreamResponse:
        """Oldest first; those that were deleted are listed too."""
        if _refused(request):
            return _problem(401, "AuthorizationFailure", "Authorization failed", "")
        first, last = request.query["from_date"], request.query["to_date"]
        if request.query["transaction_type_id"] != "JOURNAL":
            return _problem(422, "ValidationError", "transaction_type_id", "")
        days = [journal for journal in self.books.journals if first <= journal["date"] <= last]
        items = [
            {"id": f"t{one['id']}", "date": one["date"], "reference": one["key"].replace("-", ""), "origin": {"id": f"j{one['id']}"}}
            for one in days
        ]
        items = [{**items[0], "deleted": True, "origin": {"id": "deleted"}}, *items] if items else []
        return _paged(request, items, PAGE)

    async def _accounts(self, request: web.Request) -> web.StreamResponse:
        """Two pages, to be read to the end."""
        chart = [
            {"id": code, "displayed_as": code, "ledger_account_type": {"id": kind}, "visible_in_journals": True}
            for code, kind in sorted(self.books.chart.items())
        ]
        return _paged(request, chart, 3)


REFUSED = {
    "account": ("RecordNotFound", "Record not found.", "journal_lines.0.ledger_account_id"),
    "period": ("ValidationError", "Date must be after the year end lock date", "date"),
    "balance": ("ValidationError", "Total debits must equal total credits", "journal_lines"),
}


def _journal(journal: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {"id": f"l{number}", "ledger_account": {"id": account}, "debit": debit or 0, "credit": credit or 0}
        for number, (account, debit, credit) in enumerate(two_sides(journal["lines"], journal["exponent"]))
    ]
    number = f"J-{journal['id']}"
    return {"id": f"j{journal['id']}", "displayed_as": number, "date": journal["date"], "journal_lines": lines}


def _paged(request: web.Request, items: list[dict[str, Any]], length: int) -> web.Response:
    page = int(request.query["page"])
    following = f"/x?page={page + 1}" if page * length < len(items) else None
    return web.json_response(
        {"$total": len(items), "$page": page, "$next": following, "$items": items[(page - 1) * length : page * length]}
    )


def _refused(request: web.Request) -> bool:
    return unauthorized(request) or request.headers.get("X-Business") != BUSINESS


def _problem(status: int, code: str, words: str, source: str) -> web.Response:
    return web.json_response([{"$severity": "error", "$dataCode": code, "$message": words, "$source": source}], status=status)


if __name__ == "__main__":
    serve(SageStandin())
