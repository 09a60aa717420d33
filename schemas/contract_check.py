"""Checks the contract as a whole: every schema by itself, with the lock file, with the other versions of its record.

A frozen version is for ever: its file is compared with the fingerprint in its line of the lock file, words included. Versions
of one record are compared each with each, in both directions.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import orjson

from schemas.compatibility import Node, expand, unlawful_changes, unreadable
from schemas.findings import Finding
from schemas.lint import lint_schema
from schemas.package_files import LOCK_FILE
from schemas.registry import DRAFT, FROZEN, LockedSchema, fingerprint, read_lock

ENVELOPE_LENGTH = 16
RESTORE = "restore the file from version control, and write what should change as version {next}: python -m schemas.generate --lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractReport:
    """How many versions there are of each status, how many pairs of versions were compared, and what is wrong."""

    frozen: int
    draft: int
    pairs_compared: int
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        found = [finding.to_json() for finding in self.findings]
        counts = {"schemas": self.frozen + self.draft, "frozen": self.frozen, "draft": self.draft, "pairs_compared": self.pairs_compared}
        return {**counts, "findings": found}


def check_contract(avsc_files: Mapping[str, bytes], lock: bytes) -> ContractReport:
    """What is wrong in a set of `.avsc` files (name -> content) and a lock file; no findings when all is well."""
    schemas: dict[str, Any] = {}
    findings: list[Finding] = []
    for name, content in sorted(avsc_files.items()):
        try:
            schemas[name] = orjson.loads(content)
        except orjson.JSONDecodeError as problem:
            findings.append(Finding(name, "", f"is not JSON: {problem}", "restore the file, or generate it"))
    sound: dict[str, Node] = {}
    for name, schema in schemas.items():
        problems = lint_schema(schema)
        findings += [Finding(name, *problem) for problem in problems]
        if not problems:
            sound[name] = expand(schema)
    findings += _check_envelopes({name: schemas[name] for name in sound})
    lines, unread = _read_lines(lock)
    pairs = list(_pairs(lines))
    findings += [*unread, *_check_lines(lines), *_check_files(schemas, lines)]
    for earlier, later in pairs:
        if earlier.file_name in sound and later.file_name in sound:
            findings += _check_pair(earlier, sound[earlier.file_name], later, sound[later.file_name])
    statuses = [line.status for line in lines]
    return ContractReport(frozen=statuses.count(FROZEN), draft=statuses.count(DRAFT), pairs_compared=len(pairs), findings=tuple(findings))


def _check_envelopes(schemas: Mapping[str, Any]) -> Iterator[Finding]:
    """Every event starts with the same envelope, field by field."""
    envelope: list[str] | None = None
    for name, schema in schemas.items():
        if not schema.get("event"):
            continue
        found = [field["name"] for field in schema["fields"][:ENVELOPE_LENGTH]]
        envelope = envelope or found
        if found != envelope:
            yield Finding(name, schema["name"], "the envelope is not that of the other events", "start with the same fields as they do")


def _read_lines(lock: bytes) -> tuple[tuple[LockedSchema, ...], tuple[Finding, ...]]:
    try:
        return read_lock(lock), ()
    except (orjson.JSONDecodeError, KeyError, TypeError) as problem:
        return (), (Finding(LOCK_FILE, "", f"cannot be read: {problem}", "restore it from version control"),)


def _check_lines(lines: tuple[LockedSchema, ...]) -> Iterator[Finding]:
    """Ids are given once; versions of a record run from 1 without gap; only the newest is a draft."""
    if len({line.id for line in lines}) < len(lines) or len({line.file_name for line in lines}) < len(lines):
        yield Finding(LOCK_FILE, "", "an id or a version is given twice", "restore the older line, and lock the newer anew")
    versions: dict[str, list[LockedSchema]] = {}
    for line in lines:
        versions.setdefault(line.subject, []).append(line)
    for subject, found in versions.items():
        if sorted(line.version for line in found) != list(range(1, len(found) + 1)):
            yield Finding(LOCK_FILE, subject, "a version is missing between 1 and the newest", "restore its line and its file")
        for line in found:
            if line.status not in (DRAFT, FROZEN):
                yield Finding(LOCK_FILE, subject, f"the status {line.status} is not known", f"write {DRAFT} or {FROZEN}")
            if line.status == DRAFT and line.version < len(found):
                yield Finding(LOCK_FILE, subject, f"version {line.version} is an older draft", "freeze it")


def _check_files(schemas: Mapping[str, Any], lines: tuple[LockedSchema, ...]) -> Iterator[Finding]:
    by_file = {line.file_name: line for line in lines}
    for name in sorted(by_file.keys() - schemas.keys()):
        yield Finding(name, "", "is in the lock file, but there is no such file", "restore it from version control: records of it exist")
    for name, schema in schemas.items():
        if name not in by_file:
            mend = "restore its line there; a new schema gets one by python -m schemas.generate --lock"
            yield Finding(name, "", "is not in the lock file", mend)
        elif isinstance(schema, dict):
            yield from _check_file(name, schema, by_file[name])


def _check_file(name: str, schema: dict[str, Any], line: LockedSchema) -> Iterator[Finding]:
    if line.subject != f"{schema.get('namespace')}.{schema.get('name')}":
        yield Finding(name, "", f"is not the schema of {line.subject}", "restore the file; another name or namespace is another record")
    elif line.fingerprint != fingerprint(schema):
        frozen = line.status == FROZEN
        mend = RESTORE.format(next=line.version + 1) if frozen else "python -m schemas.generate --lock"
        yield Finding(name, "", f"is not what was locked as {line.status} version {line.version}", mend)
    if line.status != schema.get("status"):
        said = schema.get("status", "no status")
        yield Finding(name, "status", f"says {said}, the lock file says {line.status}", f"write {line.status}; only --freeze changes it")


def _pairs(lines: tuple[LockedSchema, ...]) -> Iterator[tuple[LockedSchema, LockedSchema]]:
    """Every two versions of one record, the earlier first."""
    for one, other in combinations(sorted(lines, key=lambda line: line.version), 2):
        if one.subject == other.subject and one.version < other.version:
            yield one, other


def _check_pair(earlier: LockedSchema, before: Node, later: LockedSchema, after: Node) -> Iterator[Finding]:
    """Our rules; and Avro's in both directions, where ours have no word about the place."""
    name = later.record_name
    against = f"against version {earlier.version}: "
    problems = list(unlawful_changes(before, after, name))
    for place, problem, mend in problems:
        yield Finding(later.file_name, place, against + problem, mend)
    told = {problem.place for problem in problems}
    for reader, writer, reads, wrote in ((after, before, later, earlier), (before, after, earlier, later)):
        for place, why in unreadable(reader, writer, name):
            if place not in told:
                mend = "change it so that both versions read each other's records"
                yield Finding(later.file_name, place, f"version {reads.version} cannot read version {wrote.version}: {why}", mend)
