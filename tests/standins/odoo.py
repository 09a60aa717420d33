"""A stand-in of Odoo's JSON-2 for entries of one company, from its documentation."""

from datetime import date, timedelta
from json import dumps, loads
from typing import Any

from aiohttp import web

from sinks.external.amounts import minor_units
from tests.standins.frame import Standin, serve
from tests.standins.journals import Broken, JournalBooks, exactly

TOKEN = "good-token"
COMPANY, JOURNAL, CURRENCY, EXPONENT = 1, 3, "EUR", 2
LINE = {"account_id": int, "name": str}
VALUES = {"move_type": str, "journal_id": int, "date": str, "ref": str, "line_ids": list}
SEARCH = {"domain": list, "fields": list, "limit": int, "order": str, "context": dict}
UTC_NOW = "2026-03-02 10:00:00"
CARRIED_ON = "2026-03-02"


class Undone(Exception):
    """An error of Odoo: its status, name and message."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


class OdooStandin(Standin):
    """Moves that are drafts until they are posted; one that is posted into a locked period gets another date, as in Odoo."""

    def __init__(self) -> None:
        super().__init__()
        self.books = JournalBooks()
        self.moves: dict[int, dict[str, Any]] = {}
        self.archived: list[str] = []
        self.bin: dict[int, dict[str, Any]] = {}
        self.carried: dict[str, int] = {}
        """Account code -> minor units that no move shows, as an import leaves them; on `CARRIED_ON`."""

    def routes(self) -> list[web.RouteDef]:
        """One path per model and method that is used; all but the searches change something."""
        methods = {"create": self._create, "action_post": self._post, "unlink": self._unlink}
        writes = [web.post(f"/json/2/account.move/{name}", self.booked(self._answering(work))) for name, work in methods.items()]
        return [*writes, web.post("/json/2/{model}/{method}", self._read)]

    def held(self) -> list[dict[str, Any]]:
        """All moves; a draft has no key of ours yet, so that one that is left is seen."""
        return [
            {**one, "key": one["ref"] if one["state"] != "draft" else f"draft of {one['ref']}", "kind": one["state"]}
            for one in self.moves.values()
        ]

    def set_up(self, values: dict[str, Any]) -> None:
        """`closed_until`, `archived` (codes), `carried`; `state` of all moves, as if somebody had pressed a button.

        `deleted`: references of moves that somebody deletes; all that were before come back.
        """
        self.books.closed_until = values.get("closed_until", self.books.closed_until)
        self.archived = values.get("archived", self.archived)
        self.carried = values.get("carried", self.carried)
        if "deleted" in values:
            self.moves = dict(sorted({**self.moves, **self.bin}.items()))
            self.bin = {number: self.moves.pop(number) for number, move in list(self.moves.items()) if move["ref"] in values["deleted"]}
        for move in self.moves.values():
            move["state"] = values.get("state", move["state"])

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Odoo has no fault in a good status: two transactions in each other's way stand in for it."""
        del request, body
        return _error(Undone(500, "psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update"))

    def _answering(self, work: Any) -> Any:
        async def handle(request: web.Request, body: bytes) -> web.StreamResponse:
            try:
                self._authorized(request)
                return web.Response(text=dumps(work(loads(body, parse_float=str))), content_type="application/json")
            except Broken as broken:
                self.refusals.append(str(broken))
                return _error(Undone(422, "odoo.exceptions.ValidationError", str(broken)))
            except Undone as undone:
                return _error(undone)

        return handle

    async def _read(self, request: web.Request) -> web.StreamResponse:
        model, method = request.match_info["model"], request.match_info["method"]
        work = self._sums if method == "formatted_read_group" else lambda values: self._searched(model, values)
        answered: web.StreamResponse = await self._answering(work)(request, await request.read())
        return answered

    def _authorized(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"bearer {TOKEN}":
            raise Undone(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        if request.headers.get("X-Odoo-Database") != "company":
            raise Undone(404, "werkzeug.exceptions.NotFound", "no such database")

    # What changes something.

    def _create(self, values: Any) -> list[int]:
        exactly(values, {"vals_list": list, "context": dict}, {}, "create")
        (move,) = values["vals_list"]
        exactly(move, VALUES, {}, "account.move")
        if move["move_type"] != "entry" or move["journal_id"] != JOURNAL or date.fromisoformat(move["date"]).isoformat() != move["date"]:
            raise Broken("account.move: move_type, journal_id or date")
        number = max({**self.moves, **self.bin}, default=0) + 1
        lines = [self._line(number, place, command) for place, command in enumerate(move["line_ids"])]
        if sum(line["amount"] for line in lines) != 0:
            raise Undone(422, "odoo.exceptions.UserError", "The entry is not balanced.")
        self.moves[number] = {
            "id": number,
            "name": "/",
            "ref": move["ref"],
            "state": "draft",
            "date": move["date"],
            "move_type": "entry",
            "posted_before": False,
            "write_date": UTC_NOW,
            "company_id": COMPANY,
            "lines": lines,
        }
        return [number]

    def _line(self, move: int, place: int, command: Any) -> dict[str, Any]:
        create, nothing, line = command
        if (create, nothing) != (0, 0):
            raise Broken("line_ids: [0, 0, values] is expected")
        debit, credit = line.pop("debit"), line.pop("credit")
        exactly(line, LINE, {}, "account.move.line")
        if line["account_id"] not in self._numbers().values():
            raise Undone(404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        amount = minor_units(debit, EXPONENT) - minor_units(credit, EXPONENT)
        if minor_units(debit, EXPONENT) < 0 or minor_units(credit, EXPONENT) < 0 or amount == 0:
            raise Broken("account.move.line: debit or credit")
        return {"id": move * 1000 + place, "move_id": [move, "x"], "account_id": [line["account_id"], "x"], "amount": amount}

    def _post(self, values: Any) -> bool:
        exactly(values, {"ids": list, "context": dict}, {}, "action_post")
        for number in values["ids"]:
            if number not in self.moves:
                raise Undone(404, "odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
            move = self.moves[number]
            if move["state"] != "draft":
                raise Undone(422, "odoo.exceptions.UserError", "The entry must be in draft.")
            archived = {number for code, number in self._numbers().items() if code in self.archived}
            if archived & {line["account_id"][0] for line in move["lines"]}:
                raise Undone(422, "odoo.exceptions.UserError", "A line of this move is using an archived account, you cannot post it.")
            if move["date"] <= self.books.closed_until:
                move["date"] = (date.fromisoformat(self.books.closed_until) + timedelta(days=1)).isoformat()
            move |= {"state": "posted", "posted_before": True, "name": f"MISC/2026/{number:04}"}
        return False

    def _unlink(self, values: Any) -> bool:
        exactly(values, {"ids": list, "context": dict}, {}, "unlink")
        for number in values["ids"]:
            if self.moves[number]["state"] == "posted":
                raise Undone(422, "odoo.exceptions.UserError", "You cannot delete a posted entry.")
            del self.moves[number]
        return True

    # What is read.

    def _numbers(self) -> dict[str, int]:
        return {code: 100 + place for place, code in enumerate(sorted(self.books.chart))}

    def _searched(self, model: str, values: Any) -> list[dict[str, Any]]:
        exactly(values, SEARCH, {}, f"{model}.search_read")
        if values["context"].get("allowed_company_ids") != [COMPANY] or values["order"] != "id asc":
            raise Broken(f"{model}.search_read: context or order")
        records = [one for one in self._records(model) if all(_holds(one, clause) for clause in values["domain"])]
        return [{"id": one["id"], **{field: one[field] for field in values["fields"]}} for one in records[: values["limit"]]]

    def _records(self, model: str) -> list[dict[str, Any]]:
        match model:
            case "res.company":
                lock = self.books.closed_until or False
                return [{"id": COMPANY, "currency_id": [125, CURRENCY], "fiscalyear_lock_date": lock, "hard_lock_date": False}]
            case "account.journal":
                return [{"id": JOURNAL, "code": "MISC", "company_id": COMPANY}]
            case "account.account":
                return [self._account(code, number) for code, number in self._numbers().items()]
            case "account.move":
                return list(self.moves.values())
            case "account.move.line":
                return [_shown(line) for move in self.moves.values() for line in move["lines"]]
        raise Undone(404, "werkzeug.exceptions.NotFound", f"the model {model} does not exist")

    def _account(self, code: str, number: int) -> dict[str, Any]:
        kind, active = self.books.chart[code], code not in self.archived
        return {"id": number, "code": code, "name": f"Account {code}", "account_type": kind, "active": active, "currency_id": False}

    def _sums(self, values: Any) -> list[dict[str, Any]]:
        exactly(values, {"domain": list, "groupby": list, "aggregates": list, "context": dict}, {}, "formatted_read_group")
        if (values["groupby"], values["aggregates"]) != (["account_id"], ["balance:sum"]):
            raise Broken("formatted_read_group: groupby or aggregates")
        last = next(clause[2] for clause in values["domain"] if clause[0] == "date")
        posted = [move for move in self.moves.values() if move["state"] == "posted" and move["date"] <= last]
        sums: dict[int, int] = {}
        for line in (line for move in posted for line in move["lines"]):
            sums[line["account_id"][0]] = sums.get(line["account_id"][0], 0) + line["amount"]
        for code, amount in self.carried.items():
            number = self._numbers()[code]
            sums[number] = sums.get(number, 0) + amount * (last >= CARRIED_ON)
        return [{"account_id": [number, "x"], "balance:sum": amount / 10**EXPONENT} for number, amount in sums.items()]


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    amount = line["amount"] / 10**EXPONENT
    return {**line, "debit": max(amount, 0.0), "credit": max(-amount, 0.0)}


def _holds(record: dict[str, Any], clause: list[Any]) -> bool:
    field, operator, value = clause
    if field not in record:
        raise Broken(f"{field} is no field")
    held = record[field][0] if isinstance(record[field], list) else record[field]
    match operator:
        case "=":
            return bool(held == value)
        case "!=":
            return bool(held != value)
        case "in":
            return held in value
        case ">":
            return bool(held > value)
        case ">=":
            return bool(held >= value)
        case "<=":
            return bool(held <= value)
    raise Broken(f"{operator} is no operator")


def _error(undone: Undone) -> web.Response:
    body = {"name": undone.name, "message": str(undone), "arguments": [str(undone)], "context": {}, "debug": "Traceback"}
    return web.json_response(body, status=undone.status)


if __name__ == "__main__":
    serve(OdooStandin())
