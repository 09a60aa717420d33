"""Writes the `.avsc` files, the lock file, the reference pages and the generated parts of runbooks from the declarations.

python -m schemas.generate                    write the reference pages; refuse where the contract itself would change
python -m schemas.generate --lock             also take over changes: into a draft, or as the next version of a frozen schema
python -m schemas.generate --freeze NAME...   freeze the newest version of these records, for ever

A declaration says how the newest version of a record is. Files of frozen versions are never written again.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from schemas.contract_check import check_contract
from schemas.declared.events import EVENTS
from schemas.declared.outputs import OUTPUTS
from schemas.declared.words import Declared
from schemas.package_files import LOCK_FILE, avsc_contents, lock_content
from schemas.reference_pages import pages
from schemas.registry import DRAFT, FROZEN, LockedSchema, fingerprint, read_lock
from schemas.wording.language import LANGUAGES, Language
from schemas.wording.messages import CODES
from schemas.wording.runbook_blocks import FOLDERS, index, runbook_path, with_block

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parent
REFERENCE = ROOT / "docs" / "reference"
DECLARED: tuple[Declared, ...] = (*EVENTS, *OUTPUTS)
_JSON = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


class CannotFreeze(ValueError):
    """A record is not in the contract, or the contract has findings; the message says which."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The lines of the lock file and the `.avsc` files (name -> content)."""

    lines: tuple[LockedSchema, ...]
    files: Mapping[str, bytes]

    def lock(self) -> bytes:
        """The content of the lock file."""
        return orjson.dumps({"schemas": [asdict(line) for line in self.lines]}, option=_JSON)

    def newest(self, subject: str) -> LockedSchema | None:
        """The newest version of a subject; None where it has none yet."""
        found = [line for line in self.lines if line.subject == subject]
        return max(found, key=lambda line: line.version) if found else None

    def with_version(self, line: LockedSchema, avsc: dict[str, Any]) -> "Contract":
        """The same with a version written, in place of itself or at the end."""
        key = (line.subject, line.version)
        places = [(other.subject, other.version) for other in self.lines]
        lines = tuple(line if place == key else other for place, other in zip(places, self.lines, strict=True))
        file = orjson.dumps(_with_status(avsc, line.status), option=_JSON)
        return Contract(lines if key in places else (*lines, line), {**self.files, line.file_name: file})


def avsc(declared: Declared) -> dict[str, Any]:
    """The self-contained Avro schema of a declared record: every named type is defined where it is first met."""
    schema: dict[str, Any] = _defined_once(declared, set())
    return schema


def _defined_once(schema: Any, met: set[str]) -> Any:
    if isinstance(schema, list):
        return [_defined_once(item, met) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("record", "enum"):
        if schema["name"] in met:
            return schema["name"]
        met.add(schema["name"])
    return {key: value if key == "default" else _defined_once(value, met) for key, value in schema.items()}


def _with_status(schema: dict[str, Any], status: str) -> dict[str, Any]:
    head = {name: value for name, value in schema.items() if name not in ("status", "fields")}
    return {**head, "status": status, "fields": schema["fields"]}


def present_contract() -> Contract:
    """The contract as it stands in the package."""
    return Contract(read_lock(lock_content()), avsc_contents())


def declared_contract(contract: Contract, declared: Iterable[Declared]) -> Contract:
    """The contract after its declarations: drafts follow them, what differs from a frozen version is the next one, a draft."""
    for record in declared:
        subject, schema = f"{record['namespace']}.{record['name']}", avsc(record)
        newest = contract.newest(subject)
        found = fingerprint(schema)
        if newest is None or (newest.status == FROZEN and newest.fingerprint != found):
            next_id = max((line.id for line in contract.lines), default=0) + 1
            version = newest.version + 1 if newest else 1
            line = LockedSchema(subject=subject, version=version, id=next_id, status=DRAFT, fingerprint=found)
            contract = contract.with_version(line, schema)
        elif newest.status == DRAFT:
            contract = contract.with_version(replace(newest, fingerprint=found), schema)
    return contract


def frozen_contract(contract: Contract, names: Iterable[str]) -> Contract:
    """The contract with the newest versions of these records frozen; raises `CannotFreeze`."""
    findings = check_contract(contract.files, contract.lock()).findings
    if findings:
        raise CannotFreeze("\n".join(["mend this first:", *map(str, findings)]))
    for name in names:
        newest = max((line for line in contract.lines if line.record_name == name), key=lambda line: line.version, default=None)
        if newest is None:
            raise CannotFreeze(f"{name} is no record of the contract")
        if newest.status == DRAFT:
            contract = contract.with_version(replace(newest, status=FROZEN), orjson.loads(contract.files[newest.file_name]))
    return contract


def _changes(before: Contract, after: Contract) -> list[str]:
    """What `--lock` would do, one line for each version."""
    known = set(before.lines)
    return [
        f"{line.subject}: {line.status} version {line.version}, id {line.id}, is not what is declared: run again with --lock"
        for line in after.lines
        if line not in known
    ]


def main(arguments: list[str]) -> None:
    """Write the files; see the module's docstring."""
    parser = ArgumentParser(prog="python -m schemas.generate", description="Write schemas, lock file and reference pages.")
    parser.add_argument("--lock", action="store_true", help="take over changes into drafts and new versions")
    parser.add_argument("--freeze", nargs="+", metavar="NAME", default=(), help="freeze the newest version of these records")
    asked = parser.parse_args(arguments)
    before = present_contract()
    after = declared_contract(before, DECLARED)
    changes = _changes(before, after)
    if changes and not asked.lock:
        sys.exit("\n".join(changes))
    try:
        after = frozen_contract(after, asked.freeze)
    except CannotFreeze as problem:
        sys.exit(str(problem))
    for name, content in after.files.items():
        if before.files.get(name) != content:
            (PACKAGE / "avro" / name).write_bytes(content)
    (PACKAGE / LOCK_FILE).write_bytes(after.lock())
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    for path, code, language in runbooks(ROOT):
        path.write_text(with_block(path.read_text(encoding="utf-8"), code, language), encoding="utf-8")
    for language in LANGUAGES:
        (ROOT / FOLDERS[language] / "index.md").write_text(index(language), encoding="utf-8")


def runbooks(root: Path) -> Iterator[tuple[Path, str, Language]]:
    """The runbook of every code in every language."""
    for language in LANGUAGES:
        yield from ((root / runbook_path(code, language), code, language) for code in CODES)


if __name__ == "__main__":
    main(sys.argv[1:])
