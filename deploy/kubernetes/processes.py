"""Which processes an installation has, and what each needs: the one table that the manifests are made from."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from schemas.access_rights import CONNECTOR, FETCHER, GATEWAY, LAG_EXPORTER, LEDGER, NORMALIZER, PROJECTOR, READER, SWEEPER, TIE_OUT, WORKER

Kind: TypeAlias = Literal["StatefulSet", "Deployment"]
Folder: TypeAlias = Literal["base", "components/sources", "components/connection"]
ETC: Final = "/etc/asiento"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database as one process uses it: variables begin with `variable`, its URL is `key` of the ConfigMap asiento-databases.

    key: also the name of the password in the Secret.
    """

    variable: str
    key: str


LEDGER_WRITER: Final = Database(variable="ASIENTO_LEDGER", key="ledger_writer")
LEDGER_READER: Final = Database(variable="ASIENTO_LEDGER", key="ledger_reader")
OPERATIONS: Final = Database(variable="ASIENTO_OPERATIONAL", key="operations")
POSTINGS: Final = Database(variable="ASIENTO_POSTINGS", key="postings")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the installation: ConfigMap `name` has it, the variable names it. secrets: the Secret whose keys are files beside it."""

    variable: str
    name: str
    key: str
    secrets: str | None = None

    @property
    def folder(self) -> str:
        """Where it lies in the container."""
        return f"{ETC}/{self.key.removesuffix('.yaml')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One kind of process. component: its label, and the end of its Prometheus job; user: whose rights on the broker it has.

    member: the pod's name is its static member id. storage: size of what must outlive a pod, None where nothing must.
    outside: it calls hosts on the internet. memory: request and limit.
    """

    name: str
    command: tuple[str, ...]
    kind: Kind
    component: str
    user: str
    folder: Folder = "base"
    replicas: int = 1
    member: bool = False
    storage: str | None = None
    databases: tuple[Database, ...] = ()
    files: tuple[File, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    port: int | None = None
    outside: bool = False
    cpu: str = "100m"
    memory: tuple[str, str] = ("256Mi", "512Mi")


PROCESSES: Final = (
    Process(
        name="worker",
        command=("streams", "run"),
        kind="StatefulSet",
        component="worker",
        user=WORKER,
        replicas=2,
        member=True,
        storage="1Gi",
        cpu="500m",
        memory=("768Mi", "2Gi"),
    ),
    Process(
        name="ledger",
        command=("sinks", "run", "ledger"),
        kind="Deployment",
        component="ledger",
        user=LEDGER,
        databases=(LEDGER_WRITER,),
        cpu="250m",
    ),
    Process(
        name="projector",
        command=("sinks", "run", "projector"),
        kind="Deployment",
        component="projector",
        user=PROJECTOR,
        databases=(OPERATIONS,),
        cpu="250m",
    ),
    Process(
        name="sweeper",
        command=("sweeper", "run"),
        kind="Deployment",
        component="sweeper",
        user=SWEEPER,
        memory=("256Mi", "1Gi"),
    ),
    Process(
        name="tie-out",
        command=("tie-out", "run"),
        kind="Deployment",
        component="tie-out",
        user=TIE_OUT,
        databases=(LEDGER_READER,),
        memory=("256Mi", "1Gi"),
    ),
    Process(
        name="lag-exporter",
        command=("lag-exporter",),
        kind="Deployment",
        component="lag-exporter",
        user=LAG_EXPORTER,
        cpu="50m",
    ),
    Process(
        name="normalizer",
        command=("streams", "run", "normalizer"),
        kind="StatefulSet",
        component="normalizer",
        user=NORMALIZER,
        folder="components/sources",
        member=True,
        storage="1Gi",
        files=(File(variable="ASIENTO_CONNECTIONS", name="asiento-sources", key="sources.yaml"),),
        cpu="250m",
        memory=("512Mi", "1Gi"),
    ),
    Process(
        name="gateway",
        command=("gateway", "run"),
        kind="StatefulSet",
        component="gateway",
        user=GATEWAY,
        folder="components/sources",
        storage="4Gi",
        files=(File(variable="ASIENTO_GATEWAY_CONFIG", name="asiento-gateway", key="gateway.yaml", secrets="asiento-gateway-secrets"),),
        settings=(
            ("ASIENTO_GATEWAY_HOST", "0.0.0.0"),  # noqa: S104 - the NetworkPolicy says who reaches it
            ("ASIENTO_GATEWAY_PORT", "8080"),
            ("ASIENTO_GATEWAY_ALLOW_PLAINTEXT", "true"),
        ),
        port=8080,
        outside=True,
        cpu="250m",
    ),
    Process(
        name="fetcher",
        command=("fetcher", "run"),
        kind="StatefulSet",
        component="fetcher",
        user=FETCHER,
        folder="components/sources",
        member=True,
        files=(File(variable="ASIENTO_FETCHER_SOURCES", name="asiento-fetcher", key="fetcher.yaml", secrets="asiento-fetcher-secrets"),),
        outside=True,
    ),
    Process(
        name="connection-books",
        command=("sinks", "run", "books"),
        kind="Deployment",
        component="connection",
        user=CONNECTOR,
        folder="components/connection",
        databases=(LEDGER_READER, POSTINGS),
        files=(File(variable="ASIENTO_LEDGER_CONNECTIONS", name="asiento-ledgers", key="ledgers.yaml", secrets="asiento-ledger-secrets"),),
        outside=True,
    ),
)
"""In the order of the data. A second connection to a ledger outside is another such file: docs/deployment.md."""


DESK: Final = "desk"
DESK_DATABASES: Final = (LEDGER_READER, OPERATIONS, POSTINGS)
"""What commands read."""
USERS: Final = {**{process.component: (process.kind, process.user) for process in PROCESSES}, DESK: ("Deployment", READER)}
"""Component -> kind of its workload, and whose rights on the broker it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A command that runs once, before what needs it."""

    name: str
    command: tuple[str, ...]
    folder: Literal["base", "components/topics"]
    owner: Database | None = None


TASKS: Final = (
    Task(
        name="ledger-schema",
        command=("ledger", "migrate", "--writer", "asiento_writer", "--reader", "asiento_reader"),
        folder="base",
        owner=Database(variable="ASIENTO_LEDGER", key="ledger_owner"),
    ),
    Task(name="topics", command=("topics", "apply"), folder="components/topics"),
)
