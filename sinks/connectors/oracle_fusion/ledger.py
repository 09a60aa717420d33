"""Oracle Fusion General Ledger: journals by import files. Built to the vendor's documentation, not verified against a live account.

An import is a job: a journal that was handed over is not there yet, and `post` says so. The look-up asks for the batch by its name; a
journal is believed to be missing only where its file never arrived, or its job has ended without it.
"""

from base64 import b64encode
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from asiento.runtime.settings import SettingsError
from sinks.connectors.authorized_calls import AuthorizedCalls
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.oracle_fusion.import_file import ACCOUNT, SEGMENTS_MAX, Ledger, file_prefix, group_of, zipped
from sinks.connectors.oracle_fusion.jobs import ENDED, job_of, reason_in, report_in
from sinks.external.access import Access
from sinks.external.amounts import minor_units
from sinks.external.capabilities import AccountUse, Capabilities, Grade, Repeat
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import ClosedPeriod, RemoteAccount, RemoteDocument, RemoteIds, Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Posted, PostResult, Refusal, Refused, Uncertain, Unknown

RESOURCES: Final = "/fscmRestApi/resources/11.13.18.05"
DOCUMENT_ACCOUNT: Final = "fin$/generalLedger$/import$"
IMPORT_JOB: Final = "oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher"
NOTHING: Final = "#NULL"
PAGE_RECORDS: Final = 500
PAGES_MAX: Final = 1_000
JOBS_REMEMBERED_MAX: Final = 10_000
CAPABILITIES: Final = Capabilities(
    kind="oracle_fusion",
    name="Oracle Fusion General Ledger",
    grade=Grade.C,
    documents=frozenset({DocumentKind.JOURNAL}),
    findable=frozenset({DocumentKind.JOURNAL}),
    repeat=Repeat.BOOKS_AGAIN,
    journal_lines_max=2_000,
)


class FusionWords:
    """How Fusion is asked, and how it says that a call failed."""

    def authorization(self, token: str) -> Mapping[str, str]:
        """User and password of the integration's user."""
        return {"Authorization": f"Basic {b64encode(token.encode()).decode()}"}

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """Missing rights are 403; everything else is as the status says."""
        del writes
        if answer.status in (401, 403):
            return AuthRefused(f"Fusion answers {answer.status}: {answer.words()}; the user needs to import and to read journals")
        return None


class FusionLedger:
    """One ledger of Fusion. It remembers the jobs of this process only: they say why a journal was refused."""

    capabilities = CAPABILITIES

    def __init__(self, calls: AuthorizedCalls, ledger: Ledger, account_value_set: str) -> None:
        self._calls = calls
        self._ledger = ledger
        self._account_value_set = account_value_set
        self._jobs: OrderedDict[str, str] = OrderedDict()

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        """The import of each journal, as if no file of it had arrived yet."""
        del remote_ids
        return [_import(document, self._ledger, 0) for document in documents]

    def account_problem(self, account: RemoteAccount, use: AccountUse) -> str | None:
        """Parents of others take no journals."""
        del use
        return f"{account.code} adds others up: Fusion takes no journal on it" if account.kind == "summary" else None

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """Hand over the file of a journal, in a group of its own. What becomes of it, the look-up says."""
        del remote_ids
        (document,) = documents
        tries = await self._files(document.key)
        if tries and (batches := await self._batches(document.key)):
            return [_standing(document, batches)]
        try:
            request = _import(document, self._ledger, tries)
        except ValueError as problem:
            return [Refused(refusal=Refusal.INVALID, code="too_many_files", message=str(problem))]
        answer = await self._calls.send(request, writes=True)
        if answer.status >= 400:
            return [Refused(refusal=Refusal.INVALID, code=str(answer.status), message=answer.words())]
        job = job_of(_mapping(answer.json()))
        if job is None:
            return [Unknown(reason=f"Fusion has given the import no job: {answer.words()}")]
        self._jobs[document.key] = job
        if len(self._jobs) > JOBS_REMEMBERED_MAX:
            self._jobs.popitem(last=False)
        return [Unknown(reason=f"handed over: job {job} imports it")]

    async def find(self, document: LedgerDocument) -> Posted | Refused | None:
        """The batch that begins with the key; None where its file never arrived. A job that goes on is a failed look-up."""
        job = self._jobs.get(document.key)
        state = None if job is None else await self._state(job)
        if batches := await self._batches(document.key):
            self._jobs.pop(document.key, None)
            return _standing(document, batches)
        if job is not None and state in ENDED:
            del self._jobs[document.key]
            return await self._refused(job)
        if job is not None:
            raise NotSent(f"job {job} of Fusion is {state or 'not known yet'}: its journal is asked for again later")
        if await self._files(document.key) == 0:
            return None
        raise NotSent(
            "the file of the journal is in Fusion and no journal yet: its job goes on, or has refused it; look at Scheduled Processes"
        )

    async def accounts(self) -> Sequence[RemoteAccount]:
        """The values of the segment of natural accounts."""
        path = f"/valueSets/{quote(self._account_value_set, safe='')}/child/values"
        accounts: list[RemoteAccount] = []
        for page in range(PAGES_MAX):
            answer = await self._read(f"{path}?onlyData=true&limit={PAGE_RECORDS}&offset={page * PAGE_RECORDS}")
            accounts += [_account(item) for item in answer["items"]]
            if not answer.get("hasMore"):
                return accounts
        raise NotSent(f"the value set {self._account_value_set} of Fusion does not end within {PAGES_MAX} pages")

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """Not read: the import says which day is closed."""
        return []

    async def balances(self, as_of: str) -> Mapping[tuple[str, str], int]:
        """Not read."""
        raise NotImplementedError(f"{CAPABILITIES.kind} reads no balances ({as_of})")

    async def documents(self, first: str, last: str) -> AsyncIterator[RemoteDocument]:
        """Not listed: journals are compared one by one by their keys."""
        del first, last
        nothing: tuple[RemoteDocument, ...] = ()
        for document in nothing:
            yield document

    async def close(self) -> None:
        """Let go of the connection."""
        await self._calls.close()

    async def _files(self, key: str) -> int:
        """How many files of a document have arrived."""
        values = f"filePrefix={file_prefix(key)},docAccount={quote(DOCUMENT_ACCOUNT, safe='')},comment={quote(NOTHING, safe='')}"
        answer = await self._read(f"/erpintegrations?finder=DocumentIdsByFilePrefixRF;{values}&onlyData=true")
        return sum(1 for item in answer["items"] if item.get("DocumentId"))

    async def _state(self, job: str) -> str | None:
        answer = await self._read(f"/erpintegrations?finder=ESSJobStatusRF;requestId={job}&onlyData=true")
        items = answer["items"]
        return str(items[0].get("RequestStatus") or "").upper() or None if items else None

    async def _batches(self, key: str) -> list[Mapping[str, Any]]:
        query = quote(f"BatchName LIKE '{key}%'", safe="")
        answer = await self._read(f"/journalBatches?q={query}&expand=journalHeaders&onlyData=true&limit=25")
        return [batch for batch in answer["items"] if str(batch["BatchName"]).startswith(key)]

    async def _refused(self, job: str) -> Refused:
        report = report_in(await self._read(f"/erpintegrations?finder=ESSJobExecutionDetailsRF;requestId={job},fileType=ALL&onlyData=true"))
        refusal, code, words = reason_in(report)
        return Refused(refusal=refusal, code=code, message=f"job {job} of Fusion: {words}")

    async def _read(self, path: str) -> Mapping[str, Any]:
        answer = await self._calls.send(Request(method="GET", path=f"{RESOURCES}{path}", body=None, headers={}), writes=False)
        try:
            body = _mapping(answer.json())
        except Uncertain as problem:
            raise NotSent(str(problem)) from None
        if answer.status >= 400 or not isinstance(body.get("items"), list):
            raise NotSent(f"Fusion answers {answer.status} to {path.partition('?')[0]}: {answer.words()}")
        return body


def _import(document: LedgerDocument, ledger: Ledger, tries: int) -> Request:
    """The call that hands a file over. Raises ValueError where there were too many of them."""
    group = group_of(document.key, tries)
    parameters = (ledger.data_access_set, ledger.source, ledger.number, str(group), "N", "N", "N")
    body = {
        "OperationName": "importBulkData",
        "DocumentContent": b64encode(zipped(document, ledger, tries)).decode(),
        "ContentType": "zip",
        "FileName": f"{file_prefix(document.key)}_{tries}.zip",
        "DocumentAccount": DOCUMENT_ACCOUNT,
        "JobName": IMPORT_JOB,
        "ParameterList": ",".join(parameters),
        "CallbackURL": NOTHING,
        "NotificationCode": "10",
        "JobOptions": "ExtractFileType=ALL",
    }
    return Request(method="POST", path=f"{RESOURCES}/erpintegrations", body=body, headers={})


def _standing(document: LedgerDocument, batches: Sequence[Mapping[str, Any]]) -> Posted | Refused:
    """The batch under the key of a document, if it is the document."""
    named = ", ".join(str(batch["BatchName"]) for batch in batches)
    headers = [header for batch in batches for header in batch.get("journalHeaders") or ()]
    if len(batches) > 1 or len(headers) != 1:
        return _conflict(f"{len(batches)} batches with {len(headers)} journals of Fusion begin with the key: {named}")
    (header,) = headers
    total = minor_units(header["RunningTotalDr"], document.currency_exponent)
    stands = (str(header["DefaultEffectiveDate"])[:10], str(header["CurrencyCode"]), total)
    if stands != (document.date, document.currency, document.total):
        return _conflict(
            f"batch {named} of Fusion begins with the key, but is of {stands[0]} and comes to {total} minor units of {stands[1]}"
        )
    return Posted(remote_id=str(batches[0]["JeBatchId"]), number=str(batches[0]["BatchName"]), earlier=True)


def _account(item: Mapping[str, Any]) -> RemoteAccount:
    return RemoteAccount(
        code=str(item["Value"]),
        name=str(item.get("Description") or item["Value"]),
        kind="summary" if item.get("SummaryFlag") == "Y" else "detail",
        active=item.get("EnabledFlag") == "Y",
    )


def _conflict(message: str) -> Refused:
    return Refused(refusal=Refusal.CONFLICT, code="other_content", message=message)


def _mapping(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise Uncertain("Fusion answers with something that is no object")
    return body


def make(connection: Connection, access: Access | None) -> FusionLedger:
    """See `MakeConnector`."""
    options = connection.options
    unknown = [name for name in options if name not in KIND.options]
    if unknown or not KIND.needed <= options.keys():
        needed = ", ".join(sorted(KIND.needed))
        raise SettingsError(f"connection {connection.name}: options of oracle_fusion are {', '.join(KIND.options)}; {needed} are needed")
    segments = tuple(options["segments"].split(options.get("separator", "-")))
    if ACCOUNT not in segments or len(segments) > SEGMENTS_MAX:
        raise SettingsError(
            f"connection {connection.name}: segments is a combination with {ACCOUNT} as one of its segments: 01-000-{ACCOUNT}-0000"
        )
    if connection.base_url is None:
        raise SettingsError(f"connections.{connection.name}.base_url is missing: the address of Fusion, https://company.fa.oraclecloud.com")
    ledger = Ledger(
        number=options["ledger_id"],
        data_access_set=options["data_access_set_id"],
        source=options.get("source", "asiento"),
        category=options.get("category", "Adjustment"),
        segments=segments,
    )
    return FusionLedger(AuthorizedCalls(connection.base_url, access, FusionWords()), ledger, options["account_value_set"])


KIND: Final = ConnectorKind(
    capabilities=CAPABILITIES,
    make=make,
    options={
        "ledger_id": "number of the ledger",
        "data_access_set_id": "number of the data access set of the user",
        "segments": f"the combination of a line, with {ACCOUNT} where the mapping's account stands",
        "separator": "what stands between segments (-)",
        "account_value_set": "code of the value set of natural accounts",
        "source": "journal source (asiento)",
        "category": "journal category (Adjustment)",
    },
    needed=frozenset({"ledger_id", "data_access_set_id", "segments", "account_value_set"}),
    secrets={"api_key": "user and password of the integration's user, with a colon between"},
    sandbox=lambda: Connection(
        name="oracle-fusion",
        kind="oracle_fusion",
        base_url="https://company.fa.oraclecloud.com",
        options={
            "ledger_id": "300000046975971",
            "data_access_set_id": "300000046975980",
            "segments": "01-000-{account}-0000",
            "account_value_set": "ACCOUNT",
        },
    ),
)
