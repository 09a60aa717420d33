"""A disk of its own for one part, in memory, that can be made full and be given space again."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SPACE_BYTES = 2_000_000_000
"""Only what is used of it is taken from memory."""
LEFT_BYTES = 32_768
MOUNT_SECONDS_MAX = 20


class SmallDisk:
    """A mounted tmpfs."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def fill(self) -> None:
        """No room but for a few pages."""
        _mount("-o", f"remount,size={shutil.disk_usage(self.place).used + LEFT_BYTES}", str(self.place))

    def make_room(self) -> None:
        """As at the start."""
        _mount("-o", f"remount,size={SPACE_BYTES}", str(self.place))


@contextmanager
def small_disk(place: Path, owner: int = 0) -> Iterator[SmallDisk]:
    """A new disk mounted there that belongs to this user; the test is skipped where this user may not mount."""
    place.mkdir(parents=True, exist_ok=True)
    options = f"size={SPACE_BYTES},uid={owner},mode=0700"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"a full disk needs a mount of its own, which is refused here: {done.stderr.decode(errors='replace').strip()}")
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=MOUNT_SECONDS_MAX)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, timeout=MOUNT_SECONDS_MAX)
