"""The policy file: a mapping (from YAML) -> the policy book of the core.

Either one policy, flat, or `versions`: a list of them, each with `version` and `in_force_from` (RFC 3339 with an
offset; the oldest may leave it out). Names are the fields of `asiento.accounting.policy.Policy`.
"""

import difflib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from asiento.accounting.policy import EntityPolicy, Policy, PolicyBook

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HINTS = {name: hint for name, hint in get_type_hints(Policy).items() if not name.startswith("_")}


class InvalidPolicy(ValueError):
    """The policy file cannot be used; the message names the place and what is allowed there."""


def policies_from_mapping(content: Mapping[str, Any]) -> PolicyBook:
    """The policy book of a file's content; an empty one gives version 1 with its defaults. Raises `InvalidPolicy`."""
    if "versions" not in content:
        return PolicyBook((_version(content, "policy"),))
    if len(content) > 1:
        raise InvalidPolicy("beside `versions` nothing else may stand: put the values into one of its items")
    items = content["versions"]
    if not isinstance(items, list) or not items:
        raise InvalidPolicy("versions: a list with at least one policy is expected")
    versions = sorted((_version(item, f"versions[{place}]") for place, item in enumerate(items)), key=lambda one: one[0])
    for name, values in (("version", [policy.version for _, policy in versions]), ("in_force_from", [since for since, _ in versions])):
        if len(set(values)) < len(values):
            raise InvalidPolicy(f"versions: two policies have the same {name}")
    return PolicyBook(tuple(versions))


def _version(item: Any, place: str) -> tuple[int, Policy]:
    if not isinstance(item, Mapping):
        raise InvalidPolicy(f"{place}: a mapping is expected")
    values = dict(item)
    since = _microseconds(values.pop("in_force_from", None), f"{place}.in_force_from")
    return since, Policy(**{name: _value(name, value, f"{place}.{name}") for name, value in values.items()})


def _microseconds(value: Any, place: str) -> int:
    if value is None:
        return 0
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidPolicy(f"{place}: {value!r} is no RFC 3339 time") from None
    if moment.tzinfo is None:
        raise InvalidPolicy(f"{place}: {value!r} has no offset, for example 2027-01-01T00:00:00Z")
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _value(name: Any, value: Any, place: str) -> Any:
    if name not in _HINTS:
        near = difflib.get_close_matches(str(name), _HINTS, n=1, cutoff=0.0)[0]
        raise InvalidPolicy(f"{place}: no policy has that name; the nearest is {near}")
    hint = _HINTS[name]
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise InvalidPolicy(f"{place}: {value!r} is not one of {', '.join(get_args(hint))}")
        return value
    if hint is int:
        if type(value) is not int or value < 1:
            raise InvalidPolicy(f"{place}: {value!r} is no whole number above 0")
        return value
    if name == "entities":
        if not isinstance(value, Mapping):
            raise InvalidPolicy(f"{place}: a mapping of legal entity to its books is expected")
        return tuple((str(entity), EntityPolicy(**books)) for entity, books in sorted(value.items()))
    return _zone(value, place)


def _zone(value: Any, place: str) -> str:
    try:
        return ZoneInfo(value).key
    except (LookupError, OSError, TypeError, ValueError):
        raise InvalidPolicy(
            f"{place}: {value!r} is no time zone that this machine knows, as America/Mexico_City is; it may lack the package tzdata"
        ) from None
