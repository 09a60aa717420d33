"""A stand-in of Zoho Books' journals, from its documentation."""

from json import dumps, loads
from typing import Any

from aiohttp import web

from tests.standins.frame import Standin, serve
from tests.standins.journals import Broken, JournalBooks, NotTaken, exactly

TOKEN = "good-token"
LINE = {"account_id": str, "amount": str, "debit_or_credit": str}
CURRENCIES = {None: ("EUR", 2), "460000000000097": ("USD", 2)}


class ZohoBooksStandin(Standin):
    """Journals with a reference that need not be unique, a chart of accounts, answers with a code of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.books = JournalBooks()

    def routes(self) -> list[web.RouteDef]:
        """The paths that are used."""
        return [
            web.post("/journals", self.booked(self._create)),
            web.get("/journals", self._list),
            web.get("/chartofaccounts", self._chart),
        ]

    def held(self) -> list[dict[str, Any]]:
        """All journals."""
        return self.books.journals

    def set_up(self, values: dict[str, Any]) -> None:
        """`closed_until`."""
        self.books.closed_until = values["closed_until"]

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Zoho has none of these: its limit of a minute stands in for it."""
        del request, body
        return _answer(429, 44, "You have exceeded the maximum number of requests per minute")

    async def _create(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if _refused(request):
            return _answer(401, 57, "You are not authorized to perform this operation")
        try:
            journal = self._booked(loads(body, parse_float=str, parse_int=str))
        except Broken as broken:
            self.refusals.append(str(broken))
            return _answer(400, 4, f"Invalid value passed: {broken}")
        except NotTaken as refused:
            return _answer(400, {"account": 1002, "period": 12045, "balance": 11021}[refused.why], str(refused))
        return web.json_response({"code": 0, "message": "The journal entry has been created", "journal": _shown(journal)}, status=201)

    def _booked(self, values: Any) -> dict[str, Any]:
        required = {"journal_date": str, "line_items": list, "reference_number": str}
        exactly(values, required, {"notes": str, "status": str, "currency_id": str}, "journal")
        if values.get("status") != "published" or len(values.get("notes", "")) > 500 or len(values["reference_number"]) > 100:
            raise Broken("journal: status, notes or reference_number")
        lines: list[tuple[str, str]] = []
        for line in values["line_items"]:
            exactly(line, LINE, {"description": str, "customer_id": str}, "line_items")
            if line["debit_or_credit"] not in ("debit", "credit") or line["amount"].startswith("-"):
                raise Broken("line_items: amounts are positive, the side is debit or credit")
            lines.append((line["account_id"], ("" if line["debit_or_credit"] == "debit" else "-") + line["amount"]))
        if values.get("currency_id") not in CURRENCIES:
            raise Broken("journal: currency_id is unknown")
        currency, exponent = CURRENCIES[values.get("currency_id")]
        key, text = values["reference_number"], values.get("notes", "")
        return self.books.book(key=key, date=values["journal_date"], currency=currency, exponent=exponent, lines=lines, text=text)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if _refused(request):
            return _answer(401, 57, "You are not authorized to perform this operation")
        found = [_shown(journal) for journal in self.books.under(request.query["reference_number"])]
        text = dumps({"code": 0, "journals": found, "page_context": {"has_more_page": False}})
        return web.Response(text=text, content_type="application/json")

    async def _chart(self, request: web.Request) -> web.StreamResponse:
        """Two pages, to be read to the end."""
        page, accounts = int(request.query["page"]), sorted(self.books.chart.items())
        shown = accounts[:2] if page == 1 else accounts[2:]
        listed = [{"account_id": code, "account_name": code, "account_type": kind, "is_active": True} for code, kind in shown]
        return web.json_response({"code": 0, "chartofaccounts": listed, "page_context": {"has_more_page": page == 1}})


def _shown(journal: dict[str, Any]) -> dict[str, Any]:
    total = journal["total"] / 10 ** journal["exponent"]
    return {
        "journal_id": journal["id"],
        "entry_number": journal["id"],
        "reference_number": journal["key"],
        "journal_date": journal["date"],
        "total": round(total, journal["exponent"]),
    }


def _refused(request: web.Request) -> bool:
    return request.headers.get("Authorization") != f"Zoho-oauthtoken {TOKEN}" or request.query.get("organization_id") != "10234695"


def _answer(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


if __name__ == "__main__":
    serve(ZohoBooksStandin())
