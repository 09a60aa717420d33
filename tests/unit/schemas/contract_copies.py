"""Copies of the contract that tests change."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import orjson

from schemas.contract_check import check_contract
from schemas.findings import Finding
from schemas.package_files import avsc_contents, lock_content
from schemas.registry import LockedSchema, fingerprint, read_lock

Change = Callable[[dict[str, Any]], Any]


def add_field(**field: Any) -> Change:
    """A change that appends a field to a record."""
    return lambda schema: schema["fields"].append({"doc": "For a test.", "name": "added", **field})


class ContractCopy:
    """The `.avsc` files and the lines of the lock file, by file name."""

    def __init__(self) -> None:
        self.files = avsc_contents()
        self.lines: dict[str, LockedSchema] = {line.file_name: line for line in read_lock(lock_content())}

    def schema(self, name: str) -> dict[str, Any]:
        """The parsed content of a file."""
        schema: dict[str, Any] = orjson.loads(self.files[name])
        return schema

    def change(self, name: str, change: Change) -> None:
        """Change the content of a file."""
        schema = self.schema(name)
        change(schema)
        self.files[name] = orjson.dumps(schema)

    def set_line(self, name: str, **values: Any) -> None:
        """Change a line of the lock file."""
        self.lines[name] = replace(self.lines[name], **values)

    def relock(self, name: str) -> None:
        """Let the lock file agree to the file's content."""
        self.set_line(name, fingerprint=fingerprint(self.schema(name)))

    def add_version(self, earlier: str, later: str, change: Change) -> None:
        """Add the next version of a record, with the status of the earlier one."""
        schema = self.schema(earlier)
        change(schema)
        self.files[later] = orjson.dumps(schema)
        line = self.lines[earlier]
        next_id = 1 + max(other.id for other in self.lines.values())
        self.lines[later] = replace(line, version=line.version + 1, id=next_id, fingerprint=fingerprint(schema))

    def lock(self) -> bytes:
        """The content of the lock file."""
        return orjson.dumps({"schemas": [asdict(line) for line in self.lines.values()]})

    def findings(self) -> list[Finding]:
        """What the check finds."""
        return list(check_contract(self.files, self.lock()).findings)
