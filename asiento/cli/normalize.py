"""`asiento normalize`: raw payloads of a platform -> canonical events, one JSON object per line."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message, print_json
from asiento.runtime.yaml_files import load_yaml
from sources.platforms.adapter import Adapter
from sources.platforms.catalogue import MAPPERS, PLATFORMS, adapter_of
from sources.platforms.connection import Connection, InvalidConnection, connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.mapped.mappers import MAPPED, adapter_from
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.payload import PAYLOAD_BYTES_MAX
from sources.platforms.snapshot import UnreadableSnapshot
from sources.platforms.snapshot_files import SnapshotDirectory
from sources.platforms.source_files import SOURCE, TENANT

_SOURCE_HELP = (
    f"Platform and connection, for example shopify:main. Platforms: {', '.join(PLATFORMS)}. "
    f"Mappers from documentation (grade C, previews): {', '.join(MAPPERS)}. Any mapper file: its name, or {MAPPED}."
)


def normalize_command(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Payload files; - reads standard input.")],
    tenant: Annotated[str, typer.Option(help="Tenant of the events; no colon.")],
    source: Annotated[str, typer.Option(help=_SOURCE_HELP)],
    topic: Annotated[str, typer.Option(help="Topic of all files in the platform's words, for example orders/create (docs/normalize.md).")],
    mapper: Annotated[Path | None, typer.Option(help="Mapper file of a source that no platform is built in for (docs/mapper.md).")] = None,
    connection: Annotated[Path | None, typer.Option(help="YAML file with what payloads do not say (docs/normalize.md).")] = None,
    received_at: Annotated[str | None, typer.Option(help="Arrival time with offset; unset: the latest time in the payload.")] = None,
    state: Annotated[Path | None, typer.Option(help="Directory that remembers orders between calls, for refunds and shipments.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print events, write nothing to --state.")] = False,
) -> None:
    """Turn raw payloads into canonical order events, ready for `simulate` and `events send`.

    Events go to standard output, one JSON object per line, in the order of the files. A payload with nothing to
    book prints nothing. One that cannot be judged prints {"problem": {"code", "message", "pointer"}} and makes the
    exit code 1. What people should know goes to standard error.
    """
    platform = _platform_of(tenant, source)
    context = Context(tenant=tenant, source=source, connection=read_connection(connection), received_at=_moment(received_at))
    memory = SnapshotDirectory(state, tenant, source) if state is not None else None
    problems = _all(files, _adapter(platform, mapper), topic, context, memory, dry_run=dry_run)
    if problems:
        raise CommandError(f"{problems} of {len(files)} payloads could not be judged")


def _adapter(platform: str, mapper: Path | None) -> Adapter:
    """The adapter of a platform, or of a mapper file whose name the source has."""
    if mapper is not None:
        own = adapter_from(mapper)
        if platform not in {own.name, MAPPED}:
            raise UsageError(f"--source: the mapper in {mapper} is for sources {own.name}:<connection> (or {MAPPED}:<connection>)")
        return own
    adapter = adapter_of(platform)
    if adapter is None:
        known = f"{', '.join(PLATFORMS)}; mappers: {', '.join(MAPPERS)}; others need --mapper FILE"
        raise UsageError(f"--source: platform {platform} is not available in this version; available: {known}")
    return adapter


def _all(files: list[Path], adapter: Adapter, topic: str, context: Context, memory: SnapshotDirectory | None, *, dry_run: bool) -> int:
    """Judge and print every file; how many of them hold a problem."""
    problems = 0
    try:
        for file in files:
            answers = normalize(adapter, payload_content(file), topic, context, memory.recall if memory is not None else None)
            problems += max([_show(file, answer) for answer in answers], default=0)
            for answer in answers:
                if isinstance(answer, Judged) and memory is not None and not dry_run:
                    memory.remember(answer.resource, answer.snapshot)
    except UnreadableSnapshot as error:
        raise CommandError(str(error)) from None
    return problems


def _show(file: Path, answer: Judged | Nothing | Problem) -> int:
    """Print what came of one object; 1 if it is a problem."""
    match answer:
        case Judged():
            for event in answer.events:
                print_json(event)
            for notice in answer.notices:
                message(f"{file}: {notice}")
            for fetch in answer.fetches:
                message(f"{file}: to fetch: {fetch.resource}, to be read as {fetch.topic}: {fetch.reason}")
            if _is_pointer(answer):
                fetch = answer.fetches[0]
                _print_problem("refetch", f"a pointer: {fetch.reason}; fetch {fetch.resource} and normalize it as {fetch.topic}", "")
                return 1
            if answer.snapshot.waiting:
                message(f"{file}: {len(answer.snapshot.waiting)} facts of {answer.resource} wait for their order")
            return 0
        case Nothing():
            message(f"{file}: nothing to book: {answer.reason}")
            return 0
        case Problem():
            _print_problem(answer.code, answer.message, answer.pointer)
            message(f"{file}: {answer.code}: {answer.message}")
            return 1


def _is_pointer(answer: Judged) -> bool:
    """Whether nothing is known of the object but that it must be fetched."""
    snapshot = answer.snapshot
    return bool(answer.fetches) and not (answer.events or snapshot.told or snapshot.order or snapshot.waiting)


def _print_problem(code: str, words: str, pointer: str) -> None:
    print_json({"problem": {"code": code, "message": words, "pointer": pointer}})


def _platform_of(tenant: str, source: str) -> str:
    if not TENANT.fullmatch(tenant):
        raise UsageError("--tenant: a name of at most 64 characters without colons, bars, slashes and blanks is expected")
    found = SOURCE.fullmatch(source)
    if found is None:
        raise UsageError("--source: <platform>:<connection> is expected, for example shopify:main")
    return found["platform"]


def read_connection(path: Path | None) -> Connection:
    """The connection of a file, or the default one; raises `UsageError`."""
    try:
        return connection_from_mapping(load_yaml(path) if path is not None else {})
    except InvalidConnection as error:
        raise UsageError(f"{path}: {error}") from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("--received-at: a time like 2026-01-05T22:07:55+00:00 is expected") from None
    if moment.tzinfo is None:
        raise UsageError("--received-at: the time has no offset; write for example 2026-01-05T22:07:55+00:00")
    return moment.astimezone(UTC)


def payload_content(file: Path) -> bytes:
    """At most one byte more than is read: the adapter says what is wrong with a longer one."""
    if str(file) == "-":
        return sys.stdin.buffer.read(PAYLOAD_BYTES_MAX + 1)
    try:
        with file.open("rb") as stream:
            return stream.read(PAYLOAD_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
