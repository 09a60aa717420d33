"""A mapper file to a checked mapper: all faults at once, each with file, line, column, field and how to mend it."""

import re
from datetime import tzinfo
from pathlib import Path as FilePath
from typing import Any, Final, get_args

from asiento.runtime.yaml_files import YamlFile, read_yaml
from schemas.avro_types import Array, Record
from schemas.events import event_record
from schemas.registry import registry
from sources.platforms.facts import Repeat
from sources.platforms.mapped.blocks import Faults, inner, nearest
from sources.platforms.mapped.delimited_file import read_delimited
from sources.platforms.mapped.language import (
    CHECK,
    CONDITION,
    EVENTS_NOT_MAPPED,
    FACT,
    FETCH,
    FILE,
    GRADES,
    HOLD,
    KEYS_OF_EVENTS,
    NOTHING,
    OBJECT,
    REPEATS,
    UNITS,
)
from sources.platforms.mapped.rules import (
    Check,
    Conditions,
    FactRule,
    FetchRule,
    Mapper,
    ObjectRule,
    PartRule,
    Parts,
    Scalar,
    Target,
    Value,
)
from sources.platforms.mapped.target_file import TargetFile, own_fields

_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
_STATE_EVENTS: Final = frozenset({"OrderPlaced"})
_STATUS_EVENTS: Final = frozenset({"RefundIssued"})


def mappable_events() -> tuple[str, ...]:
    """The events that a mapper may tell."""
    return tuple(sorted(name for name, known in registry().latest.items() if known.record.is_event and name not in EVENTS_NOT_MAPPED))


def load_mapper(path: FilePath) -> Mapper:
    """The mapper of a file; raises `SettingsError` where there is no file, `RefusedFile` with every fault in it."""
    file = read_yaml(path)
    faults = Faults()
    mapper = _mapper(file, faults)
    if faults.found or file.faults:
        raise file.refusal(faults.found)
    return mapper


def _mapper(file: YamlFile, faults: Faults) -> Mapper:
    keys = faults.block(file.values, "", FILE)
    name = str(keys.get("mapper", "x"))
    if not _NAME.fullmatch(name):
        faults.add("mapper", "1 to 32 lower case letters, digits and dashes are expected")
    unit = UNITS[faults.choice(keys.get("unit", "major"), "unit", UNITS)]
    zone = faults.zone(keys["zone"], "zone") if "zone" in keys else None
    reader = _Reader(faults, unit, zone)
    grade: Any = faults.choice(keys.get("grade", "C"), "grade", GRADES)
    topics = faults.mapping(keys["topics"], "topics") if "topics" in keys else {}
    objects = faults.mapping(keys["objects"], "objects") if "objects" in keys else {}
    return Mapper(
        name=name,
        title=faults.text(keys.get("title", "x"), "title"),
        grade=grade,
        about=faults.text(keys["about"], "about") if "about" in keys else "",
        topics={topic: faults.text(doc, inner("topics", topic)) for topic, doc in topics.items()},
        delimited=read_delimited(faults, keys["delimited"], "delimited") if "delimited" in keys else None,
        objects=tuple(reader.object(each, value, inner("objects", each)) for each, value in objects.items()),
    )


class _Reader:
    """Reads objects and their facts."""

    def __init__(self, faults: Faults, unit: int | None, zone: tzinfo | None) -> None:
        self._faults = faults
        self._targets = TargetFile(faults, unit, zone)

    def object(self, name: str, value: Any, place: str) -> ObjectRule:
        faults = self._faults
        keys = faults.block(value, place, OBJECT)
        known = faults.mapping(keys["known"], inner(place, "known")) if "known" in keys else {}
        facts = tuple(self._fact(each, at) for each, at in faults.items(keys.get("facts", []), inner(place, "facts")))
        if keys and not facts and "fetch" not in keys and "nothing" not in keys:
            faults.add(place, "an object says at least one of facts, fetch and nothing")
        if any(fact.event.states_money for fact in facts) and "currency" not in keys:
            faults.add(place, "currency is missing, these facts state money: write its path, or {connection: default_currency}")
        for number, fact in enumerate(facts):
            if fact.occurred_at is None and "occurred_at" not in keys:
                faults.add(inner(place, f"facts[{number}]"), "occurred_at is missing, here or at the object")
        return ObjectRule(
            name=name,
            order_id=self._value(keys, "order_id", place) or Value(place=place),
            topics=frozenset(faults.texts(keys["topics"], inner(place, "topics"))) if "topics" in keys else frozenset(),
            when=self._conditions(keys, place),
            each=self._targets.paths(keys.get("each"), inner(place, "each")),
            currency=self._value(keys, "currency", place),
            decimals=self._value(keys, "decimals", place),
            occurred_at=self._value(keys, "occurred_at", place),
            version=self._value(keys, "version", place),
            test=self._conditions(keys, place, "test"),
            known={
                faults.path(path, inner(inner(place, "known"), path)): frozenset(faults.texts(values, inner(inner(place, "known"), path)))
                for path, values in known.items()
            },
            nothing=self._sentences(keys, place, "nothing", "reason"),
            hold=self._sentences(keys, place, "hold", "message"),
            checks=tuple(self._check(each, at) for each, at in faults.items(keys.get("checks", []), inner(place, "checks"))),
            fetch=self._fetch(keys["fetch"], inner(place, "fetch")) if "fetch" in keys else None,
            facts=facts,
        )

    def _value(self, keys: dict[str, Any], name: str, place: str) -> Value | None:
        return self._targets.value(keys[name], inner(place, name)) if name in keys else None

    def _conditions(self, keys: dict[str, Any], place: str, name: str = "when") -> Conditions:
        return self._faults.conditions(keys[name], inner(place, name), CONDITION) if name in keys else ()

    def _sentences(self, keys: dict[str, Any], place: str, name: str, says: str) -> tuple[tuple[Conditions, str], ...]:
        found = []
        for value, at in self._faults.items(keys.get(name, []), inner(place, name)):
            block = self._faults.block(value, at, NOTHING if name == "nothing" else HOLD)
            if "when" in block and says in block:
                found.append((self._conditions(block, at), self._faults.text(block[says], inner(at, says))))
        return tuple(found)

    def _check(self, value: Any, place: str) -> Check:
        keys = self._faults.block(value, place, CHECK)
        summands = self._faults.items(keys.get("sum", []), inner(place, "sum"))
        return Check(
            name=self._faults.text(keys.get("name", "x"), inner(place, "name")),
            summands=tuple(self._targets.value(each, at) for each, at in summands),
            equals=self._value(keys, "equals", place) or Value(place=place),
            when=self._conditions(keys, place),
        )

    def _fetch(self, value: Any, place: str) -> FetchRule:
        keys = self._faults.block(value, place, FETCH)
        return FetchRule(
            topic=self._faults.text(keys.get("topic", "x"), inner(place, "topic")),
            resource=self._value(keys, "resource", place) or Value(place=place),
            reason=self._faults.text(keys.get("reason", "x"), inner(place, "reason")),
        )

    def _fact(self, value: Any, place: str) -> FactRule:
        faults = self._faults
        keys = faults.block(value, place, FACT)
        event = self._event(keys.get("event"), inner(place, "event"))
        targets = (
            self._targets.targets(event, own_fields(event), keys["set"], inner(place, "set")) if "set" in keys and "event" in keys else ()
        )
        cumulative = tuple(
            self._cumulative(targets, each, at) for each, at in faults.items(keys.get("cumulative", []), inner(place, "cumulative"))
        )
        return FactRule(
            place=place,
            event=event,
            targets=targets,
            each=faults.path(keys["each"], inner(place, "each")) if "each" in keys else None,
            when=self._conditions(keys, place),
            key=self._value(keys, "key", place),
            occurred_at=self._value(keys, "occurred_at", place),
            version=self._value(keys, "version", place),
            repeat=self._repeat(event.name, keys.get("repeat"), inner(place, "repeat")),
            cumulative=tuple(each for each in cumulative if each is not None),
        )

    def _event(self, value: Any, place: str) -> Record:
        names = mappable_events()
        record = event_record(value) if isinstance(value, str) and value in names else None
        if record is None:
            if value is not None:
                self._faults.add(place, f"is no event that a source tells; the nearest is {nearest(str(value), names)}")
            record = event_record("OrderPlaced")
            assert record is not None  # noqa: S101 - it is in the contract
        return record

    def _repeat(self, event: str, value: Any, place: str) -> Repeat:
        if value is None:
            return "state" if event in _STATE_EVENTS else "status" if event in _STATUS_EVENTS else "once"
        word = self._faults.choice(value, place, REPEATS)
        if (word == "state") is not (event in _STATE_EVENTS):
            self._faults.add(place, "state is for OrderPlaced, and OrderPlaced is always a state: an edit is made of a later one")
        return next(known for known in get_args(Repeat) if known == word)

    def _cumulative(self, targets: tuple[Target, ...], value: Any, place: str) -> tuple[str, str | None] | None:
        """(field, field of its items): a number of the event itself, or of the items of a list."""
        name, _, item = value.partition(".") if isinstance(value, str) else ("", "", "")
        for target in targets:
            if target.field.name != name:
                continue
            if isinstance(target, Scalar) and not item and getattr(target.field.type, "format", None) == "money":
                return name, None
            if isinstance(target, Parts) and isinstance(target.field.type, Array) and _counts(target.rules, item):
                return name, item
        self._faults.add(place, "a target of this fact is expected: an amount, or the quantity or amount of a list, like lines.quantity")
        return None


def _counts(rules: tuple[PartRule, ...], item: str) -> bool:
    return bool(rules) and all(
        any(target.field.name == item and getattr(target.field.type, "format", None) in {"money", "quantity"} for target in rule.targets)
        for rule in rules
    )


def default_key(event: str) -> str:
    """The business key of an event where the mapper says none, as a template over the event's fields."""
    return KEYS_OF_EVENTS[event]
