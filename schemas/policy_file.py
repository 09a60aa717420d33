"""The policy file: a mapping (from YAML) -> the policy book of the core.

Either one policy, flat, or `versions`: a list of them, each with `version` and `in_force_from` (the oldest may leave it out).
The keys are those of `schemas.policy_keys`, beside them `entities` (legal entity -> its books) and `channels` (channel of the
order -> the booking rules in which it differs).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from asiento.accounting.policy import ChannelPolicy, EntityPolicy, Policy, PolicyBook
from schemas.formats import parse_time
from schemas.policy_digest import policy_digest
from schemas.policy_keys import BOOKING_KEYS, ENTITY_KEYS, FILE_KEYS, NAME_PATTERN, POLICY_KEYS, Key, nearest_hint, shown

FAULTS_MAX: Final = 100
"""After so many faults the rest of a file is not looked at."""

_GROUPS: Final[Mapping[str, Mapping[str, Key]]] = {"entities": ENTITY_KEYS, "channels": BOOKING_KEYS}
_SINGLE: Final[Mapping[str, Key]] = {**FILE_KEYS, **POLICY_KEYS}
_FORMER: Final = {"entity_time_zones": "write `entities: {<legal entity>: {time_zone: <zone>}}`"}


class InvalidPolicy(ValueError):
    """The policy file cannot be used; `faults` are (field, what is wrong and what is allowed), the field "" is the file."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{field}: {message}" if field else message for field, message in faults))
        self.faults = tuple(faults)


def policies_from_mapping(content: Mapping[str, Any]) -> PolicyBook:
    """The policy book of a file's content; an empty one gives version 1 with its defaults.

    Raises `InvalidPolicy` with all faults.
    """
    reading = _Reading()
    versions = reading.book(content)
    if reading.faults:
        raise InvalidPolicy(reading.faults)
    return PolicyBook(tuple(sorted(versions, key=lambda one: one[0])))


class _Reading:
    """Collects the faults of a file; what has none becomes policies."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []

    def book(self, content: Mapping[str, Any]) -> list[tuple[int, Policy]]:
        """(in force from, policy) of every version."""
        if "versions" not in content:
            return [self._version(content, "")]
        for name in content:
            if name != "versions":
                self._fault(name, "beside `versions` nothing else may stand: put it into one of its items")
        items = content["versions"]
        if not isinstance(items, list) or not items:
            self._fault("versions", "a list with at least one policy is expected, each after a `-`")
            return []
        versions = [self._version(item, f"versions[{place}]") for place, item in enumerate(items)]
        self._compare(items, versions)
        return versions

    def _compare(self, items: list[Any], versions: list[tuple[int, Policy]]) -> None:
        """No two versions have one number or one time. Values that are faulty themselves are left out."""
        numbers: dict[int, str] = {}
        times: dict[int, str] = {}
        for place, (item, (since, policy)) in enumerate(zip(items, versions, strict=True)):
            field = f"versions[{place}]"
            faulty = {name for name, _ in self.faults}
            if not faulty & {field, f"{field}.version"} and numbers.setdefault(policy.version, field) != field:
                at = f"{field}.version" if "version" in item else field
                self._fault(at, f"{numbers[policy.version]} has version {policy.version} already: every version has a number of its own")
            if not faulty & {field, f"{field}.in_force_from"} and times.setdefault(since, field) != field:
                if "in_force_from" in item:
                    self._fault(f"{field}.in_force_from", f"{times[since]} is in force from the same time: only one can be")
                else:
                    self._fault(field, f"in_force_from is missing: only the oldest version may leave it out, and {times[since]} is that")

    def _version(self, item: Any, field: str) -> tuple[int, Policy]:
        if not isinstance(item, Mapping):
            self._fault(field, f"{shown(item)} is no policy: a mapping of `name: value` lines is expected")
            return 0, Policy()
        faults_before = len(self.faults)
        values = self._values({name: value for name, value in item.items() if name not in _GROUPS}, _SINGLE, field)
        groups = {name: self._group(item[name], keys, _inner(field, name)) for name, keys in _GROUPS.items() if name in item}
        since = parse_time(values.pop("in_force_from", "1970-01-01T00:00:00Z"))
        digest = values.pop("digest", None)
        policy = Policy(
            **values,
            entities=tuple((name, EntityPolicy(**books)) for name, books in groups.get("entities", ())),
            channels=tuple((name, ChannelPolicy(**rules)) for name, rules in groups.get("channels", ())),
        )
        if digest is not None and len(self.faults) == faults_before:
            self._check_seal(digest, policy_digest(since, policy), field)
        return since, policy

    def _check_seal(self, digest: str, actual: str, field: str) -> None:
        if digest != actual:
            self._fault(
                _inner(field, "digest"),
                f"the version was edited after it was sealed (now {actual}): orders that have it would be booked otherwise. "
                "Take the edit back and add a new version",
            )

    def _group(self, value: Any, keys: Mapping[str, Key], field: str) -> list[tuple[str, dict[str, Any]]]:
        if not isinstance(value, Mapping):
            self._fault(field, f"{shown(value)} is no mapping: names with their values below them are expected")
            return []
        for name, part in value.items():
            if re.fullmatch(NAME_PATTERN, name) is None:
                self._fault(_inner(field, name), "a name without blanks around it is expected")
            if not isinstance(part, Mapping):
                self._fault(_inner(field, name), f"{shown(part)} is no mapping: `name: value` of {', '.join(keys)} is expected")
        return [(name, self._values(part, keys, _inner(field, name))) for name, part in sorted(value.items()) if isinstance(part, Mapping)]

    def _values(self, values: Mapping[str, Any], keys: Mapping[str, Key], field: str) -> dict[str, Any]:
        """The values that are right."""
        right: dict[str, Any] = {}
        for name, value in values.items():
            key = keys.get(name)
            message = key.rule.fault(value) if key is not None else self._unknown(name, keys, at_root=not field)
            if message is None:
                right[name] = value
            else:
                self._fault(_inner(field, name), message)
        return right

    def _unknown(self, name: str, keys: Mapping[str, Key], *, at_root: bool) -> str:
        if name in _FORMER:
            return f"there is no such key any more: {_FORMER[name]}"
        names = [*keys, *_GROUPS, *(["versions"] if at_root else [])] if keys is _SINGLE else list(keys)
        return f"there is no such key{nearest_hint(name, names) or '; there are ' + ', '.join(names)}"

    def _fault(self, field: str, message: str) -> None:
        self.faults.append((field, message))
        if len(self.faults) == FAULTS_MAX:
            raise InvalidPolicy(self.faults)


def _inner(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
