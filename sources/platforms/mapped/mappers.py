"""Where mappers are found: those that are shipped, and a directory of one's own. A file is read when its mapper is asked for."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sources.platforms.mapped.adapter import MappedAdapter

SUFFIX: Final = ".yaml"
MAPPED: Final = "mapped"
"""Platform under which any mapper can be used."""
_SHIPPED: Final = Path(__file__).with_name("shipped")


@cache
def shipped_files() -> Mapping[str, Path]:
    """Name -> file of every mapper that is part of the package."""
    return {path.stem: path for path in sorted(_SHIPPED.glob(f"*{SUFFIX}"))}


@cache
def shipped_adapter(name: str) -> "MappedAdapter | None":
    """The adapter of a shipped mapper; None where there is none of that name."""
    path = shipped_files().get(name)
    return adapter_from(path) if path is not None else None


def adapter_from(path: Path) -> "MappedAdapter":
    """The adapter of a mapper file; raises `SettingsError` where there is no file, `RefusedFile` with every fault in it."""
    from sources.platforms.mapped.adapter import MappedAdapter
    from sources.platforms.mapped.mapper_file import load_mapper

    return MappedAdapter(load_mapper(path))


def adapters_in(directory: Path, taken: Callable[[str], bool]) -> "Mapping[str, MappedAdapter]":
    """Name -> adapter of every mapper file in a directory; raises `SettingsError`.

    taken: whether a name is that of a platform with a program of its own. A file may have the name of a shipped mapper: it is used
    instead of it.
    """
    from asiento.runtime.settings import SettingsError
    from asiento.runtime.yaml_files import RefusedFile

    if not directory.is_dir():
        raise SettingsError(f"{directory}: this is no directory; mapper files are expected in it")
    found: dict[str, MappedAdapter] = {}
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        adapter = adapter_from(path)
        if taken(adapter.name) or adapter.name in found or adapter.name == MAPPED:
            raise RefusedFile(f"{path}: mapper: the name {adapter.name} is taken: give the mapper another one")
        found[adapter.name] = adapter
    return found
