"""Everything that is wrong with a JSON event, each fault with its JSON pointer and how to mend it.

The verdict is the decoder's own (`schemas.events`): an event has faults exactly where the decode guard of the workers would
refuse it. The decoder stops at the first fault; the walk here goes on, by the same readers and the same rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from schemas import event_rules
from schemas.avro_types import Array, AvroType, Enumeration, Field, Mapping, OneOf, Primitive, Record
from schemas.event_rules import NUMBER_RANGES, RECORD_RULES, TEXT_FORMS, TEXT_LENGTH_MAX
from schemas.events import CheckedEvent, encode_checked, event_record
from schemas.json_twin import LIST_ITEMS_MAX, read_value
from schemas.mending_words import mend_of, mend_of_missing, mend_of_unknown
from schemas.refusal import REASONS, InvalidEvent
from schemas.registry import registry

FAULTS_MAX: Final = 100
"""Most faults that are looked for in one event."""
NAME_SHOWN_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `reason` is one of `schemas.refusal.REASONS`, `pointer` an RFC 6901 pointer into the event, "" the whole.

    Never quotes a value; a name that is no field is quoted, as far as its first 40 characters.
    """

    reason: str
    pointer: str
    problem: str
    mend: str

    def to_json(self) -> dict[str, str]:
        """The same as a plain object."""
        return {"reason": self.reason, "pointer": self.pointer, "problem": self.problem, "mend": self.mend}

    def __str__(self) -> str:
        return f"{self.pointer or 'the event'}: {self.problem} ({self.reason}). {self.mend}"


class FaultyEvent(ValueError):
    """An event breaks the contract; `faults` has every fault that was found, one at least."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def check_event(obj: Any) -> CheckedEvent:
    """A JSON event, checked and encoded; raises `FaultyEvent` with all its faults."""
    try:
        return encode_checked(obj)
    except InvalidEvent as first:
        raise FaultyEvent(_all_faults(obj, first)) from None


def faults_of(obj: Any) -> tuple[Fault, ...]:
    """All faults of a JSON event, at most `FAULTS_MAX`; none if workers take it."""
    try:
        encode_checked(obj)
    except InvalidEvent as first:
        return _all_faults(obj, first)
    return ()


def fault_of(problem: InvalidEvent) -> Fault:
    """What the decoder says of an event, as a fault."""
    return Fault(problem.reason, _pointer_of_place(problem.at), problem.problem, REASONS[problem.reason].mend.en)


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer of a way from the root."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _pointer_of_place(at: str) -> str:
    """`lines[0].quantity` -> `/lines/0/quantity`."""
    return "".join("/" + step for step in at.replace("[", ".").replace("]", "").split(".") if step)


def _all_faults(obj: Any, first: InvalidEvent) -> tuple[Fault, ...]:
    name = obj.get("type") if isinstance(obj, dict) else None
    record = event_record(name) if isinstance(name, str) else None
    if record is None:
        return (Fault(first.reason, _pointer_of_place(first.at), first.problem, _mend_of_type(name)),)
    walk = _Walk()
    walk.object(record, obj, ())
    known = any((fault.reason, fault.problem) == (first.reason, first.problem) for fault in walk.found)
    return tuple(walk.found) if known else (fault_of(first), *walk.found[: FAULTS_MAX - 1])


def _mend_of_type(name: Any) -> str:
    names = [known.record.name for known in registry().latest.values() if known.record.is_event]
    near = get_close_matches(name, names, n=1) if isinstance(name, str) else []
    return f"Did you mean `{near[0]}`?" if near else REASONS["unknown_type"].mend.en


class _Walk:
    """Collects the faults of one event; what is right becomes avro values in their normal form, for the rules about several fields."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def object(self, record: Record, value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        """What is right in an object; a field that is wrong is left out."""
        right: dict[str, Any] = {}
        if not isinstance(value, dict):
            self._add("invalid_field", path, "an object is expected", "Write an object in braces.")
            return right
        for name in value:
            if name not in record.by_name and not (name == "type" and record.is_event):
                self._add("unknown_field", (*path, _shown(name)), f"{record.name} has no such field", mend_of_unknown(record, str(name)))
        for field in record.fields:
            stated = value.get(field.name)
            if stated is None:
                if field.json_default is not None:
                    right[field.name] = field.json_default
                elif not field.nullable:
                    self._add("missing_field", (*path, field.name), f"{record.name} needs it", mend_of_missing(field))
            elif not (field.nullable and stated == ""):
                self._field(field, stated, (*path, field.name), right)
        self._rules(record, right, path)
        return right

    def _field(self, field: Field, stated: Any, path: tuple[str | int, ...], right: dict[str, Any]) -> None:
        match field.type:
            case Record() as record:
                right[field.name] = self.object(record, stated, path)
            case Array(items=Record() as record) if isinstance(stated, list) and len(stated) <= LIST_ITEMS_MAX:
                right[field.name] = [self.object(record, item, (*path, index)) for index, item in enumerate(stated)]
            case OneOf(branches=branches) if (branch := _branch_of(branches, stated)) is not None:
                right[field.name] = self.object(branch, stated, path)
            case Mapping():
                self._map(field, stated, path, right)
            case _:
                self._single(field, stated, path, right)

    def _single(self, field: Field, stated: Any, path: tuple[str | int, ...], right: dict[str, Any]) -> None:
        """A value without fields of its own: its type, its length, the rule of its format."""
        mend = mend_of(field.type)
        try:
            right[field.name] = _normal(field, read_value(field.type, stated))
        except InvalidEvent as problem:
            self._add(problem.reason, path, problem.problem, REASONS[problem.reason].mend.en if problem.reason == "card_number" else mend)
        except ValueError as problem:
            self._add("invalid_field", path, str(problem), mend)

    def _map(self, field: Field, stated: Any, path: tuple[str | int, ...], right: dict[str, Any]) -> None:
        """Each pair by itself: a fault points to its name."""
        if not isinstance(stated, dict) or not stated or len(stated) > LIST_ITEMS_MAX:
            self._single(field, stated, path, right)
            return
        for name, text in stated.items():
            before = len(self.found)
            self._single(field, {name: text}, (*path, _shown(name)), right)
            if len(self.found) > before and not name:
                break

    def _rules(self, record: Record, right: dict[str, Any], path: tuple[str | int, ...]) -> None:
        """Rules about several fields; one that misses a field says nothing, as the field has its own fault."""
        for holds_for, rule in RECORD_RULES:
            if not holds_for(record):
                continue
            try:
                rule(right)
            except KeyError:
                continue
            except InvalidEvent as problem:
                place = (*path, problem.at) if problem.at else path
                if all(fault.pointer != pointer(place) for fault in self.found):
                    self._add(problem.reason, place, problem.problem, REASONS[problem.reason].mend.en)

    def _add(self, reason: str, path: tuple[str | int, ...], problem: str, mend: str) -> None:
        if len(self.found) < FAULTS_MAX:
            self.found.append(Fault(reason, pointer(path), problem, mend))


def _shown(name: Any) -> str:
    """A name as far as it is shown; half a character (a lone surrogate) as a question mark, so that it can be written."""
    return str(name)[:NAME_SHOWN_MAX].encode(errors="replace").decode()


def _branch_of(branches: tuple[Record, ...], stated: Any) -> Record | None:
    name = stated.get("type") if isinstance(stated, dict) else None
    return next((branch for branch in branches if branch.name == name), None)


def _normal(field: Field, value: Any) -> Any:
    """The normal form of a value of the right type; raises `InvalidEvent` or `ValueError`."""
    kind: AvroType = field.type
    form = kind.format if isinstance(kind, Primitive) else None
    if isinstance(value, str) and isinstance(kind, Primitive):
        if len(value) > TEXT_LENGTH_MAX:
            raise ValueError(f"a text of at most {TEXT_LENGTH_MAX} characters is expected")
        if not value and form not in event_rules.MAY_BE_EMPTY:
            raise ValueError("the text is empty")
    if form in NUMBER_RANGES:
        low, high, expected = NUMBER_RANGES[form]
        if not low <= value <= high:
            raise ValueError(expected)
    elif form in TEXT_FORMS:
        return TEXT_FORMS[form](value)
    elif form == "free_text":
        event_rules.check_free_text(field.name, value)
    elif isinstance(kind, Enumeration) and value == "UNKNOWN" and not kind.unknown_has_meaning:
        raise ValueError("UNKNOWN has no meaning here")
    elif isinstance(kind, Mapping):
        event_rules.check_texts_of_map(value)
        event_rules.check_map(field.name, {field.name: value})
    return value
