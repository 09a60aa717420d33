"""The `set` blocks of a mapper file, against the contract: fields that exist, required ones that are there, enum values that are known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final

from schemas.avro_types import Array, Enumeration, Field, OneOf, Primitive, Record
from schemas.avro_types import Mapping as AvroMapping
from sources.platforms.mapped.blocks import Faults, inner, nearest
from sources.platforms.mapped.language import (
    CONDITION,
    CONNECTION_KEYS,
    FORMS,
    ITEM_DEFAULTS,
    PART,
    SHARE,
    SIGNS,
    UNITS,
    VALUE,
)
from sources.platforms.mapped.paths import Path
from sources.platforms.mapped.rules import ABSENT, Absent, Constant, PartRule, Parts, Scalar, Share, Target, Value, Words
from sources.platforms.mapped.times import BadPattern, parse_pattern

ENVELOPE_LAST: Final = "fx"
"""The last field of the envelope: what follows it are an event's own fields."""
FROM_THE_CONNECTION: Final = ("legal_entity", "channel", "terms", "due_days")
"""Fields of an order that the connection file says where the mapper does not."""
MADE_HERE: Final = frozenset({("Line", "unit_price")})
"""(record, field) that is computed where the mapper says nothing."""


def own_fields(event: Record) -> tuple[Field, ...]:
    """The fields of an event beside its envelope."""
    names = [field.name for field in event.fields]
    return event.fields[names.index(ENVELOPE_LAST) + 1 :]


class TargetFile:
    """Reads `set` blocks; unit and zone are those of the file."""

    def __init__(self, faults: Faults, unit: int | None, zone: tzinfo | None) -> None:
        self._faults = faults
        self._unit = unit
        self._zone = zone

    def targets(self, record: Record, fields: tuple[Field, ...], value: Any, place: str) -> tuple[Target, ...]:
        """The targets of one record or event."""
        known = {field.name: field for field in fields}
        stated = self._faults.mapping(value, place)
        found: list[Target] = []
        for name, each in stated.items():
            if name not in known:
                self._faults.add(inner(place, name), f"{record.name} has no such field; the nearest is {nearest(name, known)}")
            else:
                found.append(self._target(known[name], each, inner(place, name)))
        for field in fields:
            if field.name not in stated:
                added = self._added(record, field)
                if added is not None:
                    found.append(added)
                elif _is_needed(record, field):
                    self._faults.add(place, f"{field.name} is missing, {record.name} needs it: {field.doc[:1].lower()}{field.doc[1:]}")
        return tuple(found)

    def _added(self, record: Record, field: Field) -> Target | None:
        """What stands in a field of which the mapper says nothing."""
        if (record.name, field.name) in ITEM_DEFAULTS:
            constant: Any = ITEM_DEFAULTS[record.name, field.name]
            return Scalar(field, Value(place="", constant=constant))
        if record.name == "OrderPlaced" and field.name in FROM_THE_CONNECTION:
            return Scalar(field, Value(place="", connection=field.name))
        if (
            isinstance(field.type, Array)
            and not field.nullable
            and (record.name, field.name) not in {("OrderPlaced", "lines"), ("OrderEdited", "lines")}
        ):
            return Parts(field, ())
        return None

    def _target(self, field: Field, value: Any, place: str) -> Target:
        match field.type:
            case Array(items=Record() as items):
                listed = [] if value == [] else self._faults.items(value, place)
                return Parts(field, tuple(self._part(items, each, at) for each, at in listed))
            case Record():
                return Parts(field, (self._part(field.type, value, place),), single=True)
            case AvroMapping():
                block = self._faults.mapping(value, place)
                return Words(field, {name: self.value(each, inner(place, name)) for name, each in block.items()})
            case Array() | OneOf():
                self._faults.add(place, "this field cannot be mapped")
                return Parts(field, ())
        found = self.value(value, place)
        self._check_constants(field, found, place)
        return Scalar(field, found)

    def _part(self, record: Record, value: Any, place: str) -> PartRule:
        keys = self._faults.block(value, place, PART)
        each, when, once = keys.get("each"), keys.get("when"), keys.get("once")
        return PartRule(
            record=record,
            each=self._faults.path(each, inner(place, "each")) if each is not None else None,
            when=self._faults.conditions(when, inner(place, "when"), CONDITION) if when is not None else (),
            once=self._faults.path(once, inner(place, "once")) if once is not None else None,
            targets=self.targets(record, record.fields, keys["set"], inner(place, "set")) if "set" in keys else (),
        )

    def _check_constants(self, field: Field, value: Value, place: str) -> None:
        """Constants of a field of a closed set are in it."""
        stated: dict[str, Constant | Absent] = {"value": value.constant, "default": value.default, "else": value.others}
        stated |= {f"enum.{name}": constant for name, constant in (value.enum or {}).items()}
        for key, constant in stated.items():
            if isinstance(constant, Absent):
                continue
            at = place if key == "value" else inner(place, key)
            match field.type:
                case Enumeration(symbols=symbols, unknown_has_meaning=meaningful):
                    allowed = symbols if meaningful else symbols[1:]
                    if constant not in allowed:
                        near = nearest(str(constant), allowed)
                        self._faults.add(at, f"is no value of {field.name}: {', '.join(allowed)}; the nearest is {near}")
                case Primitive(kind="boolean"):
                    if not isinstance(constant, bool):
                        self._faults.add(at, "true or false is expected")

    def value(self, value: Any, place: str) -> Value:
        """One value: a path, a constant, or a block."""
        if isinstance(value, str):
            return Value(place=place, paths=(self._faults.path(value, place),), unit=self._unit, zone=self._zone)
        if not isinstance(value, dict):
            return Value(place=place, constant=self._faults.constant(value, place))
        return self._block(self._faults.block(value, place, VALUE), place)

    def _block(self, keys: Mapping[str, Any], place: str) -> Value:
        faults = self._faults
        starts = [name for name in ("path", "value", "text", "connection", "share") if name in keys]
        if len(starts) > 1 or (not starts and "plus" not in keys):
            faults.add(place, "exactly one of path, value, text, connection and share is expected (or plus alone)")
        found = Value(
            place=place,
            paths=self.paths(keys.get("path"), inner(place, "path")),
            template=faults.template(keys["text"], inner(place, "text")) if "text" in keys else None,
            connection=faults.choice(keys["connection"], inner(place, "connection"), CONNECTION_KEYS) if "connection" in keys else None,
            unit=UNITS[faults.choice(keys["unit"], inner(place, "unit"), UNITS)] if "unit" in keys else self._unit,
            sign=faults.choice(keys.get("sign", "keep"), inner(place, "sign"), SIGNS),
            plus=self._values(keys.get("plus"), inner(place, "plus")),
            minus=self._values(keys.get("minus"), inner(place, "minus")),
            times=self.value(keys["times"], inner(place, "times")) if "times" in keys else None,
            over=self.value(keys["over"], inner(place, "over")) if "over" in keys else None,
            rounded=faults.flag(keys.get("round", False), inner(place, "round")),
            share=self._share(keys["share"], inner(place, "share")) if "share" in keys else None,
            time=self._time(keys.get("time", "iso"), inner(place, "time")),
            zone=faults.zone(keys["zone"], inner(place, "zone")) if "zone" in keys else self._zone,
            form=faults.choice(keys["form"], inner(place, "form"), FORMS) if "form" in keys else None,
        )
        return self._with_constants(found, keys, place)

    def _with_constants(self, found: Value, keys: Mapping[str, Any], place: str) -> Value:
        faults = self._faults
        enum: dict[str, Constant] | None = None
        if "enum" in keys:
            enum = {}
            for name, each in faults.mapping(keys["enum"], inner(place, "enum")).items():
                constant = faults.constant(each, inner(inner(place, "enum"), name))
                if not isinstance(constant, Absent):
                    enum[name] = constant
        if "else" in keys and enum is None:
            faults.add(inner(place, "else"), "stands beside enum only")
        return replace(
            found,
            constant=faults.constant(keys["value"], inner(place, "value")) if "value" in keys else ABSENT,
            default=faults.constant(keys["default"], inner(place, "default")) if "default" in keys else ABSENT,
            others=faults.constant(keys["else"], inner(place, "else")) if "else" in keys else ABSENT,
            enum=enum,
        )

    def paths(self, value: Any, place: str) -> tuple[Path, ...]:
        """One path, or a list of them."""
        if value is None:
            return ()
        return tuple(self._faults.path(each, place) for each in (value if isinstance(value, list) else [value]))

    def _values(self, value: Any, place: str) -> tuple[Value, ...]:
        return tuple(self.value(each, at) for each, at in self._faults.items(value, place)) if value is not None else ()

    def _share(self, value: Any, place: str) -> Share | None:
        keys = self._faults.block(value, place, SHARE)
        if not SHARE.keys() <= keys.keys():
            return None
        return Share(
            of=self.value(keys["of"], inner(place, "of")),
            among=self._faults.path(keys["among"], inner(place, "among")),
            by=self.value(keys["by"], inner(place, "by")),
        )

    def _time(self, value: Any, place: str) -> str:
        text = self._faults.text(value, place)
        try:
            parse_pattern(text)
        except BadPattern as bad:
            self._faults.add(place, str(bad))
            return "iso"
        return text


def _is_needed(record: Record, field: Field) -> bool:
    return not field.nullable and field.json_default is None and (record.name, field.name) not in MADE_HERE
