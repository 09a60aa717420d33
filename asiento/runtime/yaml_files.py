"""YAML files that people write: plain values, and the line and column of each.

A field is named by its way from the root, as in `versions[1].channels.amazon.charges`; the root is "". Keys are always text,
and so are times and dates, as they were written. Repeated keys, tags, anchors and aliases are refused, and the size and the
nesting of a file are bounded, so that a hostile file ends in a message.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from asiento.runtime.settings import SettingsError

FILE_BYTES_MAX: Final = 262_144
"""Longest file that is read."""
NESTING_LEVELS_MAX: Final = 32
"""Deepest level of a value in a file."""
FAULTS_SHOWN_MAX: Final = 100
"""Most faults that one message lists."""

_HALF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_INTEGER_BITS_MAX: Final = 64
_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


class RefusedFile(SettingsError):
    """A file could be read, but what is in it cannot be used; the message has one line per fault: file, line, column, field."""


class Place(NamedTuple):
    """Where something stands in a file, both counted from 1."""

    line: int
    column: int


class Fault(NamedTuple):
    """What is wrong with the field at a place."""

    place: Place
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a file: a mapping of plain values, the place of each field, and the keys that cannot be used."""

    path: Path
    values: dict[str, Any]
    places: Mapping[str, Place]
    faults: tuple[Fault, ...]

    def refusal(self, faults: Iterable[tuple[str, str]] = ()) -> RefusedFile:
        """The error that lists these (field, message) with their places, together with the file's own faults."""
        located = [Fault(self.places.get(field, Place(1, 1)), field, message) for field, message in faults]
        ordered = sorted([*self.faults, *located])
        lines = [_line(self.path, fault) for fault in ordered[:FAULTS_SHOWN_MAX]]
        if len(ordered) > FAULTS_SHOWN_MAX:
            lines.append(f"{self.path}: {len(ordered) - FAULTS_SHOWN_MAX} more of them")
        return RefusedFile("\n".join(lines))


def load_yaml(path: Path) -> dict[str, Any]:
    """The values of a file that must be in order. Raises as `read_yaml`, and `RefusedFile` for keys that cannot be used."""
    file = read_yaml(path)
    if file.faults:
        raise file.refusal()
    return file.values


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML mapping. Raises `SettingsError` where there is no such file, `RefusedFile` where it is no YAML mapping."""
    loader = _loader(path)
    root = _compose(path, loader)
    reading = _Reading(loader)
    values = None if root is None else reading.value(root, "")
    if not isinstance(values, dict):
        raise _refused(path, Place(1, 1), "the file is empty" if values is None else "a mapping of `name: value` lines is expected")
    return YamlFile(path, values, reading.places, tuple(reading.faults))


def _loader(path: Path) -> "_BoundedLoader":
    text = _text(path)
    try:
        return _BoundedLoader(text)
    except yaml.reader.ReaderError as error:
        place = Place(text.count("\n", 0, error.position) + 1, error.position - text.rfind("\n", 0, error.position))
        raise _refused(path, place, f"YAML does not allow the character U+{ord(text[error.position]):04X}") from None


def _compose(path: Path, loader: "_BoundedLoader") -> yaml.Node | None:
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(path, _place(mark) if mark else Place(1, 1), f"this is not YAML: {error.problem or error.context}") from None
    except _NotRead as error:
        raise _refused(path, error.place, error.message) from None
    except (ValueError, OverflowError) as error:  # an escape or a version that is too large a number for the parser
        raise _refused(path, _place(loader.get_mark()), f"this is not YAML: {error}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    if len(content) > FILE_BYTES_MAX:
        raise RefusedFile(f"{path}: the file is longer than {FILE_BYTES_MAX} bytes (FILE_BYTES_MAX)")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(path, Place(content.count(b"\n", 0, error.start) + 1, 1), "this is not UTF-8: save the file as UTF-8") from None


def _refused(path: Path, place: Place, message: str) -> RefusedFile:
    return RefusedFile(_line(path, Fault(place, "", message)))


def _line(path: Path, fault: Fault) -> str:
    field = f"{fault.field}: " if fault.field else ""
    return f"{path}:{fault.place.line}:{fault.place.column}: {field}{fault.message}"


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


class _NotRead(Exception):
    """YAML that is not read here."""

    def __init__(self, event: Any, message: str) -> None:
        super().__init__(message)
        self.place = _place(event.start_mark)
        self.message = message


class _BoundedLoader(yaml.SafeLoader):
    """Composes nodes of a bounded depth, without what makes one text stand for another."""

    level = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _NotRead(event, "anchors and aliases (& and *) are not read here: write the values out")
        if isinstance(event, yaml.ScalarEvent) and _HALF_A_CHARACTER.search(event.value):
            raise _NotRead(event, "this escape is half of a character: write the character itself")
        if event.tag is not None:
            raise _NotRead(event, f"tags are not read here: leave {_short(event.tag)} out")
        self.level += 1
        if self.level > NESTING_LEVELS_MAX:
            raise _NotRead(event, f"values are nested in more than {NESTING_LEVELS_MAX} levels (NESTING_LEVELS_MAX)")
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


class _Reading:
    """Turns nodes into plain values and notes where each of them stands."""

    def __init__(self, loader: _BoundedLoader) -> None:
        self._loader = loader
        self.places: dict[str, Place] = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, field: str) -> Any:
        self.places.setdefault(field, _place(node.start_mark))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, field)
            case yaml.SequenceNode():
                return [self.value(item, f"{field}[{place}]") for place, item in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, field: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            place = _place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(Fault(place, field, "a key must be one word"))
                continue
            name: str = key.value
            inner = f"{field}.{name}" if field else name
            if name in values:
                self.faults.append(Fault(place, inner, f"is there twice, first in line {self.places[inner].line}: keep one of them"))
                continue
            self.places[inner] = place
            values[name] = self.value(value, inner)
        return values

    def _scalar(self, node: yaml.Node) -> Any:
        """The value; the text itself for times, and for numbers that no machine word holds."""
        if node.tag not in _PLAIN_TAGS:
            return node.value
        try:
            value = self._loader.construct_object(node)
        except (ValueError, OverflowError):
            return node.value
        return node.value if isinstance(value, int) and value.bit_length() > _INTEGER_BITS_MAX else value


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
