"""The files of a book on the disk: changed together or not at all, whatever dies in between, and never by two at once.

New files are written beside the old ones under another name and made durable; then the manifest is replaced, which says the SHA-256 of
every file and what it was before. That is the moment the change has happened: from then on the new files take their names, now or by
whoever opens the book next. Before it, nothing has happened and what lies beside is thrown away.

A file that is neither what the manifest says nor what it said before was changed by somebody.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson

from asiento.runtime.file_lock import locked

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_NEW: Final = ".new-"


class BookFiles:
    """The files of one folder by their path below it; all but `lock` asks for the lock to be held."""

    def __init__(self, folder: Path, *, main: str) -> None:
        self._folder = folder
        self._main = main
        self._manifest: bytes | None = None
        self._before: dict[str, str] = {}
        self._seen: dict[str, tuple[int, int, int]] = {}
        self.digests: dict[str, str] = {}
        """Path -> SHA-256 (hex) of what was written there last."""

    @contextmanager
    def lock(self, wait_seconds_max: float) -> Iterator[None]:
        """The right to write; raises `LockHeld` where another process has it for longer."""
        with locked(self._at(".lock"), wait_seconds_max):
            yield

    def open(self) -> bool:
        """Bring an interrupted change to its end, and see what the files are now; whether they have changed since the last call."""
        path = self._at(MANIFEST)
        manifest = path.read_bytes() if path.exists() else b""
        if manifest != self._manifest:
            self._manifest = None
            self._seen = {}
            self.digests, self._before = _read_manifest(manifest, path)
        moved = self._manifest is None or bool(self._before)
        if self._finished():
            self._clear()
            self._before = {}
        self._manifest = manifest
        return moved

    def faults(self) -> list[str]:
        """What is not as it was written, in words; files are read again only where their time or size has changed."""
        if not self._manifest:
            return [f"{MANIFEST} is missing"] if self._at(self._main).exists() else []
        found = []
        for name, digest in self.digests.items():
            problem = self._problem(name, digest)
            if problem:
                found.append(f"{name} {problem}")
        return found

    def text(self, name: str) -> str:
        """A file as it stands there."""
        return self._at(name).read_bytes().decode("utf-8", "replace")

    def beside(self, name: str) -> str:
        """Where a file waits for its name."""
        folder, _, last = name.rpartition("/")
        return f"{folder}/{_NEW}{last}" if folder else f"{_NEW}{last}"

    def stage(self, texts: Mapping[str, str]) -> None:
        """Write files beside those they will replace, durably."""
        for name, text in texts.items():
            _write(self._at(self.beside(name)), text.encode())
        folders = {folder for name in texts for folder in self._at(name).parents}
        for folder in sorted(folders - set(self._folder.parent.parents)):
            _make_durable(folder)

    def commit(self, texts: Mapping[str, str], removed: frozenset[str]) -> None:
        """Let what was staged happen."""
        changed = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        before = {name: self.digests.get(name, "") for name in sorted({*changed, *removed})}
        kept = {name: digest for name, digest in self.digests.items() if name not in removed}
        files = dict(sorted((kept | changed).items()))
        manifest = orjson.dumps(
            {"format": FORMAT, "files": files, "before": before}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        _write(self._at(self.beside(MANIFEST)), manifest)
        self._manifest = None
        self._at(self.beside(MANIFEST)).replace(self._at(MANIFEST))
        _make_durable(self._folder)
        self.digests, self._before = files, before
        if self._finished():
            self._before = {}
        self._manifest = manifest

    def discard(self, texts: Mapping[str, str]) -> None:
        """Throw away what was staged."""
        for name in texts:
            self._at(self.beside(name)).unlink(missing_ok=True)

    def _at(self, name: str) -> Path:
        return self._folder.joinpath(name)

    def _finished(self) -> bool:
        """Files take their names: first what others include, the main file last, so that the book is whole at every moment.

        False where one cannot, as somebody changed what it replaces: it waits.
        """
        touched, finished = set(), True
        for name in sorted(self._before, key=lambda name: (name not in self.digests, name == self._main, "/" in name, name)):
            path, waiting, found = self._at(name), self._at(self.beside(name)), _digest(self._at(name))
            digest, old = self.digests.get(name), self._before[name]
            if digest is None and found == old != "":
                path.unlink()
            elif digest is not None and found != digest and _digest(waiting) == digest:
                if found in (old, ""):
                    waiting.replace(path)
                    touched.add(path.parent)
                else:
                    finished = False
        for folder in sorted(touched):
            _make_durable(folder)
        return finished

    def _clear(self) -> None:
        """Remove what an interrupted change has left beside the files."""
        for depth in ("", "[0-9]*/", "[0-9]*/[0-9]*/"):
            for path in self._folder.glob(f"{depth}{_NEW}*"):
                path.unlink()

    def _problem(self, name: str, digest: str) -> str | None:
        path = self._at(name)
        try:
            state = path.stat()
        except FileNotFoundError:
            return "is missing"
        signature = (state.st_mtime_ns, state.st_size, state.st_ino)
        if self._seen.get(name) != signature:
            if _digest(path) != digest:
                return "was changed by somebody"
            self._seen[name] = signature
        return None


class ManifestUnreadable(Exception):
    """The manifest is none of this program's."""


def _read_manifest(manifest: bytes, path: Path) -> tuple[dict[str, str], dict[str, str]]:
    if not manifest:
        return {}, {}
    try:
        values = orjson.loads(manifest)
        if values["format"] != FORMAT:
            raise ManifestUnreadable(f"{path}: format {values['format']}; this program writes {FORMAT}")
        return dict(values["files"]), dict(values["before"])
    except (ValueError, KeyError, TypeError):
        raise ManifestUnreadable(f"{path}: cannot be read; put back what asiento wrote there") from None


def _digest(path: Path) -> str:
    """SHA-256 (hex) of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_durable(folder: Path) -> None:
    """What stands in a folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
