"""A stand-in of Wave's money transactions, from its documentation: nothing can be read back, a repeat is another transaction."""

from typing import Any

from aiohttp import web

from tests.standins.frame import serve
from tests.standins.journals import Broken, JournalStandin, NotTaken, exact_json, exactly, unauthorized

BUSINESS = "QnVzaW5lc3M6ZTMzMzVjMDQtMDg1Mi00OTIx"
TRANSACTION = {"businessId": str, "externalId": str, "date": str, "description": str, "anchor": dict, "lineItems": list}
SIDES = {"DEBIT": "", "CREDIT": "-", "DEPOSIT": "", "WITHDRAWAL": "-"}


class WaveStandin(JournalStandin):
    """Transactions of one business and its chart, behind one path."""

    def routes(self) -> list[web.RouteDef]:
        """One path for all."""
        create = self.booked(self._create)

        async def handle(request: web.Request) -> web.StreamResponse:
            body = exact_json(await request.read())
            exactly(body, {"query": str, "variables": dict}, {}, "body")
            return await create(request) if body["query"].startswith("mutation") else self._accounts(request, body["variables"])

        return [web.post("/", handle), web.post("", handle)]

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """An error of GraphQL, said with a good status before anything is booked."""
        del request, body
        return _error("RATE_LIMITED", "Too many requests")

    async def _create(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if unauthorized(request):
            return _error("UNAUTHENTICATED", "The access token is not valid")
        try:
            journal = self._booked(exact_json(body)["variables"])
        except Broken as broken:
            return _error("GRAPHQL_VALIDATION_FAILED", self.broken(broken))
        except NotTaken as refused:
            words = {
                "account": ("NOT_FOUND", "Account not found"),
                "period": ("INVALID", "The period is closed"),
                "balance": ("UNKNOWN", "This value is invalid."),
            }
            code, message = words[refused.why]
            return _made({"didSucceed": False, "inputErrors": [{"path": ["input"], "message": message, "code": code}], "transaction": None})
        return _made({"didSucceed": True, "inputErrors": None, "transaction": {"id": f"T{journal['id']}"}})

    def _booked(self, values: Any) -> dict[str, Any]:
        exactly(values, {"input": dict}, {}, "variables")
        given = values["input"]
        exactly(given, TRANSACTION, {"notes": str}, "input")
        exactly(given["anchor"], {"accountId": str, "amount": str, "direction": str}, {}, "anchor")
        lines = [(given["anchor"]["accountId"], _signed(given["anchor"]["direction"], given["anchor"]["amount"]))]
        for line in given["lineItems"]:
            exactly(line, {"accountId": str, "amount": str, "balance": str}, {"description": str, "customerId": str}, "lineItems")
            if line["accountId"] == given["anchor"]["accountId"]:
                raise Broken("MULTIPLE_POSSIBLE_ANCHORS")
            lines.append((line["accountId"], _signed(line["balance"], line["amount"])))
        if given["businessId"] != BUSINESS:
            raise Broken("input: businessId")
        return self.books.book(key=given["externalId"], date=given["date"], currency="EUR", exponent=2, lines=lines)

    def _accounts(self, request: web.Request, variables: dict[str, Any]) -> web.StreamResponse:
        """Two pages, to be read to the end."""
        if unauthorized(request):
            return _error("UNAUTHENTICATED", "The access token is not valid")
        page, chart = int(variables["page"]), sorted(self.books.chart.items())
        nodes = [
            {"id": code, "name": code, "isArchived": False, "currency": {"code": "EUR"}, "subtype": {"value": kind.upper()}}
            for code, kind in (chart[:2] if page == 1 else chart[2:])
        ]
        listed = {"pageInfo": {"currentPage": page, "totalPages": 2}, "edges": [{"node": node} for node in nodes]}
        return web.json_response({"data": {"business": {"id": BUSINESS, "accounts": listed}}})


def _signed(side: str, amount: str) -> str:
    if amount.startswith("-"):
        raise Broken("amounts are unsigned")
    return SIDES[side] + amount


def _made(outcome: dict[str, Any]) -> web.Response:
    return web.json_response({"data": {"moneyTransactionCreate": outcome}})


def _error(code: str, message: str) -> web.Response:
    return web.json_response({"errors": [{"message": message, "extensions": {"id": "e1", "code": code}}], "data": None})


if __name__ == "__main__":
    serve(WaveStandin())
