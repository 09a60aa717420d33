"""The machine and what it must reach: one check each; none changes anything."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from asiento.cli.diagnosing.findings import Finding, Mending, MendingFailed
from asiento.cli.run_directory import RunDirectory, on_local_broker
from asiento.cli.topics import catalogue_of
from asiento.runtime import topic_admin
from asiento.runtime.database_urls import POSTGRESQL_PREFIX
from asiento.runtime.java import JavaNotFound, find_java
from asiento.runtime.kafka_jars import JarsError, check_jars, jars_directory, pinned_jars
from asiento.runtime.ports import are_free
from asiento.runtime.secret_files import read_secret, readable_by_all, secret_files
from asiento.runtime.settings import Settings, SettingsError

FREE_BYTES_MIN = 2 * 1024**3
PYTHON_MIN = (3, 11)


def check_machine(settings: Settings) -> list[Finding]:
    """Run all checks that concern these settings, in the order in which they are best mended."""
    local = settings.kafka_bootstrap_servers is None
    checks: list[Callable[[Settings], Finding]] = [check_python, check_settings, check_secrets, check_data_directory, check_disk]
    checks += [check_java, check_jar_cache, check_local_broker] if local else [check_broker]
    return [check(settings) for check in [*checks, check_ports, check_ledger, check_operational]]


def check_python(_: Settings) -> Finding:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON_MIN:
        return Finding("python", "problem", f"this is {version}", "run asiento with Python 3.11 or newer")
    return Finding("python", "ok", version)


def check_settings(settings: Settings) -> Finding:
    """Files that the settings name can be read."""
    named = {"ASIENTO_POLICY": settings.policy, "ASIENTO_MAPPING": settings.mapping, "ASIENTO_KAFKA_CA_FILE": settings.kafka_ca_file}
    for variable, path in named.items():
        if path is not None and not os.access(path, os.R_OK):
            return Finding("settings", "problem", f"{variable} names {path}, which cannot be read", "correct the path or its permissions")
    return Finding("settings", "ok", os.environ.get("ASIENTO_CONFIG", "from defaults and environment"))


def check_secrets(settings: Settings) -> Finding:
    """Files of secrets hold one; that every user can read one is said, no more: orchestrators mount them like that."""
    files = {variable: path for variable, path in secret_files(settings).items() if path is not None}
    for variable, path in files.items():
        try:
            read_secret(path, variable)
        except SettingsError as error:
            return Finding("secrets", "problem", str(error), "correct the path, the file or its permissions")
    open_to_all = readable_by_all(settings)
    return Finding("secrets", "ok", f"{len(files)} files of passwords", "; ".join(open_to_all))


def check_data_directory(settings: Settings) -> Finding:
    """The data directory, or the folder it will be made in, can be written."""
    path = settings.data_dir.absolute()
    nearest = _nearest_existing(path)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("data directory", "problem", f"{nearest} cannot be written", "set ASIENTO_DATA_DIR to a folder of yours")
    running = RunDirectory(path).running()
    return Finding("data directory", "ok", f"{path}" + "".join(f"; {process.name} runs (pid {process.pid})" for process in running))


def check_disk(settings: Settings) -> Finding:
    """Room for the broker's log and the ledger."""
    free = shutil.disk_usage(_nearest_existing(settings.data_dir.absolute())).free
    detail = f"{free // 1024**2} MiB free"
    if free < FREE_BYTES_MIN:
        return Finding("disk", "problem", detail, f"free {FREE_BYTES_MIN // 1024**2} MiB, or set ASIENTO_DATA_DIR to another disk")
    return Finding("disk", "ok", detail)


def check_java(_: Settings) -> Finding:
    """A Java for the local broker."""
    try:
        java = find_java()
    except JavaNotFound as error:
        return Finding("java", "problem", str(error), "install Java 17 or newer, or the extra asiento[local-kafka]")
    return Finding("java", "ok", f"{java.version} at {java.program}")


def check_jar_cache(_: Settings) -> Finding:
    """The broker's jars, if they were downloaded already."""
    directory = jars_directory()
    try:
        missing = check_jars(directory, pinned_jars())
    except JarsError as error:
        return Finding("kafka jars", "problem", str(error), "delete the file; `asiento up` downloads it again")
    if missing:
        return Finding("kafka jars", "ok", f"{len(missing)} of {len(pinned_jars())} not in {directory} yet: `asiento up` downloads them")
    return Finding("kafka jars", "ok", f"all {len(pinned_jars())} in {directory}, hashes right")


def check_local_broker(settings: Settings) -> Finding:
    """The local broker's topics, if it runs."""
    directory = RunDirectory(settings.data_dir.absolute())
    if not any(process.name == "broker" for process in directory.running()):
        return Finding("broker", "ok", "a local one, started by `asiento up`")
    from asiento.runtime.local_kafka import LocalKafka

    return check_broker(on_local_broker(settings, LocalKafka(directory.broker).bootstrap_servers))


def check_broker(settings: Settings) -> Finding:
    """The broker answers and its topics are those of the catalogue."""
    try:
        plan = asyncio.run(topic_admin.plan(settings, catalogue_of(settings)))
    except SettingsError as error:
        return Finding("broker", "problem", str(error), "correct the setting")
    except topic_admin.TopicsError as error:
        return Finding("topics", "problem", str(error), "give this user the right to describe topics")
    except topic_admin.BrokerUnreachable as error:
        return Finding("broker", "unreachable", str(error), "start the broker, or correct ASIENTO_KAFKA_BOOTSTRAP_SERVERS")
    if plan.refused:
        return Finding("topics", "problem", f"{plan.refused[0].topic} {plan.refused[0].reason}", "asiento topics plan")
    if not plan.is_empty:
        missing = f"{len(plan.create)} topics are missing, {len(plan.alter)} values differ"
        names = ", ".join(sorted({one.topic for one in plan.create} | {one.topic for one in plan.alter}))
        mending = Mending(f"create or set right the topics {names}", lambda: _apply_topics(settings))
        return Finding("topics", "problem", missing, "asiento topics apply", mending)
    return Finding(
        "broker", "ok", f"{settings.kafka_bootstrap_servers} answers; all {len(plan.unchanged)} topics are as the catalogue says"
    )


def _apply_topics(settings: Settings) -> str:
    try:
        done = asyncio.run(topic_admin.apply(settings, catalogue_of(settings)))
    except (SettingsError, topic_admin.TopicsRefused, topic_admin.TopicsError, topic_admin.BrokerUnreachable) as error:
        raise MendingFailed(str(error)) from None
    return f"created {len(done.create)} topics, set {len(done.alter)} values"


def check_ports(settings: Settings) -> Finding:
    """A fixed metrics port is free."""
    port = settings.metrics_port
    if port and not are_free([port]):
        return Finding("ports", "problem", f"ASIENTO_METRICS_PORT {port} is taken", "stop what listens there, or set 0 for a free port")
    return Finding("ports", "ok", f"metrics on {port or 'free ports, printed at start'}")


def check_ledger(settings: Settings) -> Finding:
    """The ledger opens, if it exists."""
    if (settings.ledger_url or "").startswith(POSTGRESQL_PREFIX):
        return _check_ledger_server(settings)
    path = Path(settings.ledger_place)
    if not path.exists():
        return Finding("ledger", "ok", f"{path} does not exist yet: the sink makes it")
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.close()
    except sqlite3.Error as error:
        return Finding(
            "ledger", "unreachable", f"{path}: {error}", "restore the file from a backup, or move it away and let the sink rebuild it"
        )
    return Finding("ledger", "ok", f"{path}, {path.stat().st_size // 1024} KiB")


def _check_ledger_server(settings: Settings) -> Finding:
    from sinks.ledger import LedgerError, LedgerMissing, LedgerUnavailable
    from sinks.ledger_access import audit_at

    try:
        with audit_at(settings.ledger_location) as audit:
            differences, risks = audit.schema_differences(), audit.risks()
            detail = f"{audit.place}, {len(audit.offsets())} partitions booked"
    except LedgerMissing:
        return Finding("ledger", "ok", f"{settings.ledger_place} holds none yet: the sink makes it, or `asiento ledger migrate`")
    except LedgerUnavailable as error:
        return Finding("ledger", "unreachable", str(error), "start the database, or correct ASIENTO_LEDGER_URL")
    except LedgerError as error:
        return Finding("ledger", "problem", str(error), "run `asiento ledger migrate`, or correct ASIENTO_LEDGER_URL")
    if differences:
        more = f" and {len(differences) - 1} more" if differences[1:] else ""
        return Finding("ledger", "problem", f"{differences[0]}{more}", "somebody worked on the database: run `asiento verify`")
    if risks:
        return Finding("ledger", "problem", f"{detail}; {'; '.join(risks)}", "switch it on: a power cut could take booked entries")
    return Finding("ledger", "ok", detail)


def check_operational(settings: Settings) -> Finding:
    """The operational database answers, if it exists."""
    from asiento.cli.diagnosing.remaking import remaking
    from sinks.projector.database import sqlite_path
    from sinks.projector.errors import ForeignOperational, OperationalMissing, OperationalUnavailable
    from sinks.projector.reader import OperationalReader

    try:
        with OperationalReader.at(settings.operational_location) as reader:
            return Finding("operational database", "ok", f"{reader.database.place}, {len(reader.offsets())} partitions projected")
    except OperationalMissing:
        return Finding("operational database", "ok", "does not exist yet: the projector makes it")
    except OperationalUnavailable as error:
        path = sqlite_path(settings.operational_location)
        if path is not None and _is_spoilt(error):
            detail = f"{error}: the file cannot be read"
            return Finding("operational database", "problem", detail, "asiento doctor --mend --yes", remaking(settings, path))
        return Finding("operational database", "unreachable", str(error), "start the database, or correct ASIENTO_OPERATIONAL_URL")
    except ForeignOperational as error:
        return Finding("operational database", "problem", str(error), "correct ASIENTO_OPERATIONAL_URL")


def _is_spoilt(error: Exception) -> bool:
    """Whether SQLite says that the file itself is no database, or a broken one; not that it is locked or out of reach."""
    cause = error.__cause__
    return isinstance(cause, sqlite3.DatabaseError) and not isinstance(cause, sqlite3.OperationalError)


def _nearest_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())
