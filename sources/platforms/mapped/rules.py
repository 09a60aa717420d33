"""A mapper as it is used: checked, with its paths read and its fields known to the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final, TypeAlias

from schemas.avro_types import Field, Record
from sources.platforms.adapter import Grade
from sources.platforms.facts import Repeat
from sources.platforms.mapped.paths import Path

Constant: TypeAlias = str | int | bool | list[Any] | None


class Absent:
    """Says that a key was not there, where null could be meant."""


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and paths in turn."""

    parts: tuple[str | Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value. place: where it stands in the mapper file, for messages. unit: decimals of a whole number, None: the currency's."""

    place: str
    paths: tuple[Path, ...] = ()
    constant: Constant | Absent = ABSENT
    template: Template | None = None
    connection: str | None = None
    default: Constant | Absent = ABSENT
    enum: Mapping[str, Constant] | None = None
    others: Constant | Absent = ABSENT
    unit: int | None = 0
    sign: str = "keep"
    plus: "tuple[Value, ...]" = ()
    minus: "tuple[Value, ...]" = ()
    times: "Value | None" = None
    over: "Value | None" = None
    rounded: bool = False
    share: "Share | None" = None
    time: str = "iso"
    zone: tzinfo | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A share of an amount among items."""

    of: Value
    among: Path
    by: Value


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold of the values at a path. one_of and none_of are texts; several of them must all hold."""

    path: Path
    one_of: frozenset[str] | None = None
    none_of: frozenset[str] | None = None
    exists: bool | None = None
    above: Decimal | None = None
    below: Decimal | None = None


Conditions: TypeAlias = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A field with one plain value."""

    field: Field
    value: Value


@dataclass(frozen=True, slots=True)
class Parts:
    """A field with a list, or with one object (`single`), or with a map of texts (`words`)."""

    field: Field
    rules: "tuple[PartRule, ...]"
    single: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A field with a map of texts."""

    field: Field
    values: Mapping[str, Value]


Target: TypeAlias = Scalar | Parts | Words


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """How the items of a list come about."""

    record: Record
    targets: tuple[Target, ...]
    each: Path | None = None
    when: Conditions = ()
    once: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRule:
    """How one kind of fact comes about. cumulative: (field, field of its items or None)."""

    place: str
    event: Record
    targets: tuple[Target, ...]
    each: Path | None = None
    when: Conditions = ()
    key: Value | None = None
    occurred_at: Value | None = None
    version: Value | None = None
    repeat: Repeat = "once"
    cumulative: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Amounts that must add up to another one."""

    name: str
    summands: tuple[Value, ...]
    equals: Value
    when: Conditions = ()


@dataclass(frozen=True, slots=True)
class FetchRule:
    """What a pointer points at."""

    topic: str
    resource: Value
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRule:
    """How one kind of object is recognized and read."""

    name: str
    order_id: Value
    topics: frozenset[str] = frozenset()
    when: Conditions = ()
    each: tuple[Path, ...] = ()
    currency: Value | None = None
    decimals: Value | None = None
    occurred_at: Value | None = None
    version: Value | None = None
    test: Conditions = ()
    known: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    nothing: tuple[tuple[Conditions, str], ...] = ()
    hold: tuple[tuple[Conditions, str], ...] = ()
    checks: tuple[Check, ...] = ()
    fetch: FetchRule | None = None
    facts: tuple[FactRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRow:
    """The row that holds a file's control totals."""

    where: Mapping[str, str]
    rows: str | None
    sums: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimited:
    """How a CSV or TSV file is written. Signs are single characters; thousands_sign "" is none."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal_sign: str = "."
    thousands_sign: str = ""
    numbers: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_header: tuple[str, ...] = ()
    control_row: ControlRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """A whole mapper file."""

    name: str
    title: str
    grade: Grade
    about: str
    topics: Mapping[str, str]
    delimited: Delimited | None
    objects: tuple[ObjectRule, ...]
