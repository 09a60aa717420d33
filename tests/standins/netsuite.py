"""A stand-in of NetSuite's journal entries over REST, from its documentation: a PUT to an external id rewrites what stands there."""

from typing import Any

from aiohttp import web

from tests.standins.frame import serve
from tests.standins.journals import Broken, JournalStandin, NotTaken, exact_json, exactly, shown, two_sides, unauthorized

PATH = "/services/rest/record/v1/journalentry/eid:{key}"
CURRENCIES = {None: ("EUR", 2), "7": ("JPY", 0)}
ABSENT = "The record instance does not exist. Provide a valid record instance ID."


class NetSuiteStandin(JournalStandin):
    """Journal entries of one subsidiary and its chart."""

    def routes(self) -> list[web.RouteDef]:
        """The paths that are used."""
        return [
            web.put(PATH, self.booked(self._upsert)),
            web.get(PATH, self._get),
            web.post("/services/rest/query/v1/suiteql", self._query),
        ]

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Too many calls at once, said as a bad request."""
        del request, body
        return web.json_response({"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "Request Limit Exceeded"}}, status=400)

    async def _upsert(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if unauthorized(request):
            return _problem(401, "INVALID_LOGIN", "Invalid login attempt.")
        try:
            journal = self._booked(request.match_info["key"], exact_json(body))
        except Broken as broken:
            return _problem(400, "INVALID_CONTENT", self.broken(broken))
        except NotTaken as refused:
            code, words = {
                "account": ("INVALID_KEY_OR_REF", f"Invalid account reference key: {refused}"),
                "period": ("USER_ERROR", "The transaction date you specified is not within the date range of your accounting period."),
                "balance": ("USER_ERROR", "The amounts in a journal entry must balance."),
            }[refused.why]
            return _problem(400, code, words)
        return web.Response(
            status=204, headers={"Location": f"https://1234567.example/services/rest/record/v1/journalentry/{journal['id']}"}
        )

    def _booked(self, key: str, values: Any) -> dict[str, Any]:
        exactly(values, {"tranDate": str, "line": dict}, {"subsidiary": dict, "currency": dict, "memo": str}, "journalentry")
        if values.get("subsidiary") != {"id": "1"} or len(values.get("memo", "")) > 999:
            raise Broken("journalentry: subsidiary or memo")
        exactly(values["line"], {"items": list}, {}, "line")
        currency, exponent = CURRENCIES[values.get("currency", {}).get("id")]
        lines: list[tuple[str, str]] = []
        for line in values["line"]["items"]:
            exactly(line, {"account": dict}, {"debit": str, "credit": str, "memo": str, "entity": dict}, "line.items")
            exactly(line["account"], {"id": str}, {}, "line.items.account")
            if ("debit" in line) == ("credit" in line):
                raise Broken("line.items: a debit or a credit")
            lines.append((line["account"]["id"], line["debit"] if "debit" in line else f"-{line['credit']}"))
        made = self.books.book(key=key, date=values["tranDate"], currency=currency, exponent=exponent, lines=lines)
        earlier = self.books.under(key)[:-1]
        if not earlier:
            return made
        self.books.journals.remove(made)
        earlier[0].update(made, id=earlier[0]["id"])
        return earlier[0]

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if unauthorized(request):
            return _problem(401, "INVALID_LOGIN", "Invalid login attempt.")
        for journal in self.books.under(request.match_info["key"]):
            lines = [
                {"account": {"id": account, "refName": account}, **({"debit": debit} if debit is not None else {"credit": credit})}
                for account, debit, credit in two_sides(journal["lines"], journal["exponent"])
            ]
            number = f"JE{journal['id']}"
            found = {
                "id": journal["id"],
                "externalId": journal["key"],
                "tranId": number,
                "tranDate": journal["date"],
                "line": {"items": lines},
            }
            return shown(found)
        return _problem(404, "NONEXISTENT_ID", ABSENT)

    async def _query(self, request: web.Request) -> web.StreamResponse:
        """Two pages, to be read to the end."""
        if request.headers.get("Prefer") != "transient":
            return _problem(400, "INVALID_HEADER", "Prefer: transient")
        accounts = sorted(self.books.chart.items())
        first = int(request.query["offset"]) == 0
        rows = [
            {"id": code, "acctnumber": code, "fullname": f"Account {code}", "accttype": kind, "isinactive": "F"}
            for code, kind in (accounts[:2] if first else accounts[2:])
        ]
        return web.json_response({"items": rows, "hasMore": first})


def _problem(status: int, code: str, words: str) -> web.Response:
    details = [{"detail": words, "o:errorCode": code}]
    return web.json_response({"title": "problem", "status": status, "o:errorDetails": details}, status=status)


if __name__ == "__main__":
    serve(NetSuiteStandin())
