"""A stand-in of Oracle Fusion's import of journals, from its documentation: files that jobs import when somebody looks."""

import csv
from base64 import b64decode, b64encode
from dataclasses import dataclass
from io import BytesIO, StringIO
from json import dumps, loads
from re import fullmatch, search
from typing import Any
from zipfile import ZipFile

from aiohttp import web

from asiento.accounting.money import CURRENCY_EXPONENTS
from tests.standins.frame import Standin, serve
from tests.standins.journals import Broken, JournalBooks, NotTaken, exactly

TOKEN = "good-token"
RESOURCES = "/fscmRestApi/resources/11.13.18.05"
IMPORT = dict.fromkeys(
    (
        "OperationName",
        "DocumentContent",
        "ContentType",
        "FileName",
        "DocumentAccount",
        "JobName",
        "ParameterList",
        "CallbackURL",
        "NotificationCode",
        "JobOptions",
    ),
    str,
)
LEDGER, DATA_ACCESS_SET, SOURCE = "300000046975971", "300000046975980", "asiento"
COLUMNS = 149
REPORTS = {
    "account": "EF04 This code combination does not exist or is disabled",
    "period": "EP01 This date is not in any open period",
    "balance": "WU01 This journal is not balanced",
}


@dataclass(slots=True)
class Job:
    """One import: its rows, how often it must be looked at before it ends, how it ended, what its report says."""

    number: int
    group: str
    rows: list[list[str]]
    looks: int
    state: str = "RUNNING"
    report: str = "nothing to say"


class OracleFusionStandin(Standin):
    """Documents, jobs, interface rows that were refused and stay, and batches whose names begin with what the file says."""

    def __init__(self) -> None:
        super().__init__()
        self.books = JournalBooks()
        self.jobs: dict[int, Job] = {}
        self.files: list[str] = []
        self.left: set[str] = set()
        self.looks = 0

    def routes(self) -> list[web.RouteDef]:
        """The paths that are used."""
        return [
            web.post(f"{RESOURCES}/erpintegrations", self.booked(self._import)),
            web.get(f"{RESOURCES}/erpintegrations", self._find),
            web.get(f"{RESOURCES}/journalBatches", self._batches),
            web.get(f"{RESOURCES}/valueSets/ACCOUNT/child/values", self._values),
        ]

    def held(self) -> list[dict[str, Any]]:
        """What was imported."""
        return self.books.journals

    def set_up(self, values: dict[str, Any]) -> None:
        """`closed_until`; `looks`: how often each later job must be looked at before it ends."""
        self.books.closed_until = values.get("closed_until", self.books.closed_until)
        self.looks = values.get("looks", self.looks)

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """An import without a job."""
        del request, body
        return web.json_response({"OperationName": "importBulkData", "ReqstId": "-1"}, status=201)

    async def _import(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if not _authorized(request):
            return web.Response(status=401)
        try:
            job = self._taken(loads(body))
        except Broken as broken:
            self.refusals.append(str(broken))
            return web.Response(status=400, text=str(broken))
        return web.json_response({"OperationName": "importBulkData", "ReqstId": str(job.number)}, status=201)

    def _taken(self, values: Any) -> Job:
        exactly(values, IMPORT, {}, "import")
        fixed = (values["OperationName"], values["ContentType"], values["DocumentAccount"], values["CallbackURL"])
        if fixed != ("importBulkData", "zip", "fin$/generalLedger$/import$", "#NULL") or not values["JobName"].endswith(
            ",JournalImportLauncher"
        ):
            raise Broken("import: OperationName, ContentType, DocumentAccount, CallbackURL or JobName")
        if values["FileName"] in self.files or not fullmatch(r"\w{1,80}\.zip", values["FileName"]):
            raise Broken(f"import: FileName {values['FileName']}")
        with ZipFile(BytesIO(b64decode(values["DocumentContent"], validate=True))) as file:
            if file.namelist() != ["GlInterface.csv"]:
                raise Broken("zip: GlInterface.csv is expected")
            rows = list(csv.reader(StringIO(file.read("GlInterface.csv").decode())))
        groups = {row[66] for row in rows if len(row) == COLUMNS}
        (group,) = groups
        if values["ParameterList"].split(",") != [DATA_ACCESS_SET, SOURCE, LEDGER, group, "N", "N", "N"] or not fullmatch(
            r"\d{1,18}", group
        ):
            raise Broken("import: ParameterList or group")
        if group in self.left:
            raise Broken("rows of an import that was refused are taken along")
        self.files.append(values["FileName"])
        job = Job(number=len(self.jobs) + 1, group=group, rows=[_checked(row) for row in rows], looks=self.looks)
        self.jobs[job.number] = job
        return job

    def _looked(self) -> None:
        for job in self.jobs.values():
            if job.state == "RUNNING":
                job.looks -= 1
                if job.looks < 0:
                    self._run(job)

    def _run(self, job: Job) -> None:
        first = job.rows[0]
        lines = [(row[10], row[38] or f"-{row[39]}") for row in job.rows]
        key, date = first[42], first[2].replace("/", "-")
        try:
            self.books.book(key=key, date=date, currency=first[5], exponent=CURRENCY_EXPONENTS[first[5]], lines=lines, text=job.group)
            job.state = "SUCCEEDED"
        except NotTaken as refused:
            self.left.add(job.group)
            job.state, job.report = "WARNING", f"Journal Import Execution Report\n{REPORTS[refused.why]}: {refused}\n"

    async def _find(self, request: web.Request) -> web.StreamResponse:
        if not _authorized(request):
            return web.Response(status=401)
        self._looked()
        name, _, given = request.query["finder"].partition(";")
        values = dict(part.split("=", 1) for part in given.split(","))
        match name:
            case "ESSJobStatusRF":
                return _items([{"RequestStatus": self.jobs[int(values["requestId"])].state}])
            case "ESSJobExecutionDetailsRF":
                packed = BytesIO()
                with ZipFile(packed, "w") as file:
                    file.writestr("1.log", self.jobs[int(values["requestId"])].report)
                return _items([{"DocumentContent": b64encode(packed.getvalue()).decode()}])
            case "DocumentIdsByFilePrefixRF" if (values["docAccount"], values["comment"]) == ("fin$/generalLedger$/import$", "#NULL"):
                found = [name for name in self.files if name.startswith(values["filePrefix"])]
                return _items([{"DocumentId": str(place), "FileName": name} for place, name in enumerate(found, 1)])
        self.refusals.append(f"finder {request.query['finder']}")
        return web.Response(status=400)

    async def _batches(self, request: web.Request) -> web.StreamResponse:
        if not _authorized(request):
            return web.Response(status=401)
        self._looked()
        asked = search(r"^BatchName LIKE '([^'%]+)%'$", request.query["q"])
        if asked is None or request.query["expand"] != "journalHeaders":
            self.refusals.append(f"journalBatches {request.query}")
            return web.Response(status=400)
        return _items([_shown(journal) for journal in self.books.under(asked[1])])

    async def _values(self, request: web.Request) -> web.StreamResponse:
        """Two pages, to be read to the end."""
        offset, codes = int(request.query["offset"]), sorted(self.books.chart)
        shown = codes[:2] if offset == 0 else codes[2:]
        values = [{"Value": code, "Description": f"Account {code}", "EnabledFlag": "Y", "SummaryFlag": "N"} for code in shown]
        return _items(values, more=offset == 0)


def _checked(row: list[str]) -> list[str]:
    if len(row) != COLUMNS or row[:2] != ["NEW", LEDGER] or row[3] != SOURCE or row[7:10] != ["A", "01", "000"] or row[11] != "0000":
        raise Broken(f"GlInterface.csv: {row[:12]}")
    if not fullmatch(r"\d{4}/\d\d/\d\d", row[2]) or row[6] != row[2] or bool(row[38]) == bool(row[39]):
        raise Broken(f"GlInterface.csv: {row[2]} {row[38:40]}")
    if any(len(row[place]) > 240 for place in (43, 46, 51)) or len(row[42]) > 100 or len(row[45]) > 100:
        raise Broken("GlInterface.csv: texts")
    return row


def _shown(journal: dict[str, Any]) -> dict[str, Any]:
    header = {
        "JeHeaderId": int(journal["id"]),
        "CurrencyCode": journal["currency"],
        "DefaultEffectiveDate": journal["date"],
        "RunningTotalDr": journal["total"] / 10 ** journal["exponent"],
    }
    name = f"{journal['key']} asiento {journal['id']}: A {journal['text']}"
    return {"JeBatchId": 3_000 + int(journal["id"]), "BatchName": name, "Status": "U", "journalHeaders": [header]}


def _items(items: list[dict[str, Any]], *, more: bool = False) -> web.Response:
    return web.Response(text=dumps({"items": items, "count": len(items), "hasMore": more}), content_type="application/json")


def _authorized(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Basic {b64encode(TOKEN.encode()).decode()}"


if __name__ == "__main__":
    serve(OracleFusionStandin())
