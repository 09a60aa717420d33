"""Snapshots as files, one per object: the only place in this package that touches a disk."""

import os
from pathlib import Path
from urllib.parse import quote

from sources.platforms.snapshot import EMPTY, Snapshot, UnreadableSnapshot, decode_snapshot, encode_snapshot


class SnapshotDirectory:
    """Snapshots of one tenant's source under `directory/<tenant>/<source>/<resource>.json`."""

    def __init__(self, directory: Path, tenant: str, source: str) -> None:
        self._directory = directory / quote(tenant, safe="") / quote(source, safe="")

    def recall(self, resource: str) -> Snapshot:
        """What is remembered of an object; raises `UnreadableSnapshot` with the file and how to mend it."""
        path = self._path(resource)
        try:
            return decode_snapshot(path.read_bytes())
        except FileNotFoundError:
            return EMPTY
        except UnreadableSnapshot as problem:
            message = f"{path}: {problem}; move the file away and normalize the object again from its first payload"
            raise UnreadableSnapshot(message) from None

    def remember(self, resource: str, snapshot: Snapshot) -> None:
        """Write a snapshot whole: a crash leaves the old one or the new one."""
        path = self._path(resource)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with fresh.open("wb") as file:
            file.write(encode_snapshot(snapshot))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def _path(self, resource: str) -> Path:
        return self._directory / f"{quote(resource, safe='')}.json"
