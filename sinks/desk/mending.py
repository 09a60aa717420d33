"""Changing a JSON event by `path=value`, and saying what changed."""

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from sinks.desk.errors import DeskRefused

Step: TypeAlias = str | int
_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[0-9]{1,4}\])*(?:\.[A-Za-z_][A-Za-z0-9_]*(?:\[[0-9]{1,4}\])*)*")
_STEP: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]{1,4})\]")
ABSENT: Final = None
"""A field of an event that is null is absent."""


class Change(NamedTuple):
    """One field of an event; None: it was or is not there."""

    path: str
    before: Any
    after: Any


def with_changes(base: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """A copy of an event's JSON with each `path=value` in it; `path=` takes a field away.

    A value is JSON where it is JSON, else text; in the place of a text it is text unless it is quoted. Raises `DeskRefused`.
    """
    value = deepcopy(base)
    for setting in settings:
        path, joint, text = setting.partition("=")
        if not joint or _PATH.fullmatch(path) is None:
            raise DeskRefused(
                f"--set {setting!r}: path=value is expected, as in lines[0].gross=1250 or currency=EUR; path= takes a field away"
            )
        _set(value, path, text)
    return value


def changes_between(before: Any, after: Any) -> tuple[Change, ...]:
    """The fields that differ, in the order of the event before, new ones at the end."""
    return tuple(_changes("", before, after))


def _set(value: dict[str, Any], path: str, text: str) -> None:
    steps: list[Step] = [name or int(number) for name, number in _STEP.findall(path)]
    holder: Any = value
    for step in steps[:-1]:
        holder = _inner(holder, step, path)
    last = steps[-1]
    if isinstance(last, int):
        if not isinstance(holder, list) or last > len(holder):
            raise DeskRefused(f"--set {path}: there is no list with so many items")
        if not text:
            if last == len(holder):
                raise DeskRefused(f"--set {path}: there is no such item to take away")
            del holder[last]
        elif last == len(holder):
            holder.append(_parsed(text, None))
        else:
            holder[last] = _parsed(text, holder[last])
        return
    if not isinstance(holder, dict):
        raise DeskRefused(f"--set {path}: what stands before {last} has no fields")
    if text:
        holder[last] = _parsed(text, holder.get(last))
    else:
        holder.pop(last, None)


def _inner(holder: Any, step: Step, path: str) -> Any:
    if isinstance(step, int):
        if isinstance(holder, list) and step < len(holder):
            return holder[step]
    elif isinstance(holder, dict) and holder.get(step) is not None:
        return holder[step]
    raise DeskRefused(
        f"--set {path}: the event has no {step if isinstance(step, str) else f'item {step}'} there; give it whole with --event FILE"
    )


def _parsed(text: str, now: Any) -> Any:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return text if isinstance(now, str) and not isinstance(found, str) else found


def _changes(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _changes(f"{path}.{name}" if path else str(name), before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            was = before[number] if number < len(before) else ABSENT
            now = after[number] if number < len(after) else ABSENT
            yield from _changes(f"{path}[{number}]", was, now)
    elif type(before) is not type(after) or before != after:
        yield Change(path, before, after)
