"""Files and folders that hold books: readable by their owner alone, written whole, on the disk before they count."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from sinks.backup.errors import BackupRefused

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
READ_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file of a backup: its name below the folder (parts joined by `/`), its size, and SHA-256 in 64 hex digits."""

    name: str
    size_bytes: int
    sha256: str


def require_empty(folder: Path, what: str) -> None:
    """Raise `BackupRefused` unless `folder` is missing or an empty folder; changes nothing."""
    try:
        found = sorted(item.name for item in folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise BackupRefused(f"{folder}: {error.strerror}; name a folder for {what}") from None
    if found:
        raise BackupRefused(f"{folder} is not empty (there is {found[0]}): nothing was changed; name a new folder for {what}")


def make_private(folder: Path) -> None:
    """Make the folder, or take an empty one over, for its owner alone."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise BackupRefused(f"{folder}: {error.strerror}") from None


def create_private(path: Path) -> IO[bytes]:
    """Open a new file for its owner alone, for writing; raises `FileExistsError` for one that is there."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE), "wb")


def write_private(path: Path, content: bytes) -> None:
    """A new file with this content, on the disk when this returns."""
    with create_private(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stored_file(folder: Path, name: str) -> StoredFile:
    """Size and hash of a file as it is now, read in slices; raises `OSError`."""
    digest, size = sha256(), 0
    with (folder / name).open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            size += len(piece)
    return StoredFile(name=name, size_bytes=size, sha256=digest.hexdigest())


def copy_checked(source: Path, wanted: StoredFile, target: Path) -> None:
    """Copy a file of a backup, hashing what is copied; raises `BackupRefused` where it is not what the manifest says."""
    digest = sha256()
    with (source / wanted.name).open("rb") as file, create_private(target) as copy:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    if digest.hexdigest() != wanted.sha256:
        target.unlink()
        raise BackupRefused(f"{source / wanted.name} was changed while it was read: take another backup")
