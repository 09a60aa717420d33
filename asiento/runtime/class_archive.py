"""An archive of the broker's parsed classes, made once per Java and kept beside the jars: it halves the CPU of every start.

Java ignores an archive of another Java or of other jars. A damaged one stops Java 17 (not Java 21): then `discard`, and start again
without.
"""

import secrets
import shutil
import subprocess
import zlib
from pathlib import Path

from asiento.runtime.file_lock import LockHeld, locked
from asiento.runtime.java import Java

DUMP_SECONDS_MAX = 60
COLLECTOR = "-XX:+UseSerialGC"
"""An archive serves one garbage collector: the broker must use the same."""


class ClassArchive:
    """The archives of one Java in `directory`: the Java's own classes, and on top of them the broker's."""

    def __init__(self, java: Java, directory: Path) -> None:
        which = f"{java.version}-{zlib.crc32(str(java.program).encode()):08x}"
        self._java = java
        self._directory = directory
        self._own = directory / f"java-{which}.jsa"
        self._broker = directory / f"broker-{which}.jsa"

    def using(self) -> list[str]:
        """Options that use what was made so far; none if nothing was."""
        if self._broker.exists() and self._own.exists():
            return [f"-XX:SharedArchiveFile={self._own}:{self._broker}"]
        return []

    def making(self, part: Path) -> list[str]:
        """Options with which a broker writes its archive to `part` when it is stopped; the Java's own is made first."""
        if not self._own_is_there():
            return []
        part.unlink(missing_ok=True)
        return [f"-XX:SharedArchiveFile={self._own}", f"-XX:ArchiveClassesAtExit={part}"]

    def keep(self, part: Path) -> None:
        """Take over the archive of a broker that was stopped in order."""
        if part.exists():
            copy = self._unfinished()
            shutil.copyfile(part, copy)
            copy.replace(self._broker)

    def discard(self) -> bool:
        """Throw away what `using` would use; returns whether there was anything."""
        found = bool(self.using())
        self._broker.unlink(missing_ok=True)
        self._own.unlink(missing_ok=True)
        return found

    def _own_is_there(self) -> bool:
        """Made by the first who comes: no two are alike, and the broker's archive fits only the one that it was made on."""
        try:
            with locked(self._own.with_suffix(".lock"), DUMP_SECONDS_MAX):
                return self._own.exists() or self._dump_own()
        except LockHeld:
            return False

    def _dump_own(self) -> bool:
        part = self._unfinished()
        command: list[str | Path] = [self._java.program, COLLECTOR, "-Xshare:dump", f"-XX:SharedArchiveFile={part}"]
        try:
            subprocess.run(command, capture_output=True, timeout=DUMP_SECONDS_MAX, check=True)
            part.replace(self._own)
        except (OSError, subprocess.SubprocessError):  # then starts are slower, that is all
            part.unlink(missing_ok=True)
            return False
        return True

    def _unfinished(self) -> Path:
        return self._directory / f".{secrets.token_hex(8)}.jsa.part"
