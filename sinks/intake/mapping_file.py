"""The account mapping of a connection: read at the start, and again whenever its file changes."""

from pathlib import Path

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.settings import SettingsError
from sinks.external.targets import Mapping
from sinks.mapping.ledger_mapping import LedgerMapping, load_mapping


class MappingFile:
    """A mapping and the file it is from. A file that cannot be used any more leaves the mapping as it was, and is told once."""

    def __init__(self, path: Path, kind: str) -> None:
        """Read it; raises `SettingsError` with all that is wrong with it, and where it is for another kind of ledger."""
        self._path = path
        self._kind = kind
        self._stamp = self._now()
        self.current: Mapping = self._load()

    def changed(self) -> bool:
        """Whether there is another mapping since the last question."""
        stamp = self._now()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            found = self._load()
        except SettingsError as problem:
            get_logger().error(log_events.MAPPING_NOT_USED, file=str(self._path), problem=str(problem))
            return False
        if found.digest == self.current.digest:
            return False
        self.current = found
        get_logger().info(log_events.MAPPING_LOADED, file=str(self._path), digest=found.digest)
        return True

    def _load(self) -> LedgerMapping:
        found = load_mapping(self._path)
        if not found.rules.is_for(self._kind):
            raise SettingsError(f"{self._path}: this mapping is for ledgers of kind {found.rules.ledger}, not for {self._kind}")
        return found

    def _now(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)
