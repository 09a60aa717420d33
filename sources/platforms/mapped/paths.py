"""The path language of mapper files: where a value stands in a payload.

A path is names with points between them, from the object at hand: `customer.id`. `[*]` is every item of a list or every value of an
object, `[0]` the first item, `[-1]` the last one, `[id=Items]` the items whose field is equal to a text, `[id!=Items]` those where it
is not. Names with other characters than letters, digits, `_` and `-` stand in single quotes. A path that starts with `$` starts at
the object that is read, with `@` at the whole payload, with `^` one `each` further out. `#` is the place of the item in its list,
counted from 0 (its name in an object). Nothing else exists: no functions, no arithmetic, no recursion.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from sources.platforms.payload import Node

PATH_CHARACTERS_MAX: Final = 300
FOUND_MAX: Final = 20_000
"""Most values that one path finds; a payload in which one finds more is a problem."""
POSITION: Final = "#"

_TOKEN: Final = re.compile(
    r"""(?P<name>[A-Za-z0-9_\-]+)|'(?P<quoted>[^']{1,100})'|\[(?P<inside>\*|-?[0-9]{1,4}|[^\[\]]{1,200})\]|(?P<point>\.)"""
)
_FILTER: Final = re.compile(
    r"(?P<names>(?:[A-Za-z0-9_\-]+|'[^']{1,100}')(?:\.(?:[A-Za-z0-9_\-]+|'[^']{1,100}'))*)(?P<sign>!?=)(?P<text>.*)"
)
_NAME: Final = re.compile(r"[A-Za-z0-9_\-]+|'[^']{1,100}'")


class BadPath(ValueError):
    """A text that is no path; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Every:
    """`[*]`."""


@dataclass(frozen=True, slots=True)
class Where:
    """`[names=text]`: the items in which the field is that text, or with `equal` false is not."""

    names: tuple[str, ...]
    text: str
    equal: bool


Step: TypeAlias = str | int | Every | Where
"""A field's name, the number of an item, every item, or the items that fit."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path. start: `$`, `@`, "" for the object at hand, or one `^` per level further out. position: the path is `#`."""

    text: str
    start: str
    steps: tuple[Step, ...]
    position: bool = False

    @property
    def many(self) -> bool:
        """Whether it can find more than one value."""
        return any(isinstance(step, Every | Where) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where paths start. node: the object at hand; position: its place in the list it is of; outer: the scope of that list.

    payload: the whole payload. words: names that stand for a text of ours, as `{cumulative}` in a template.
    """

    node: Node
    payload: Node
    position: str = "0"
    outer: "Scope | None" = None
    words: dict[str, str] = field(default_factory=dict)

    def inside(self, node: Node, position: str) -> "Scope":
        """The scope of one item of a list that stands here."""
        return Scope(node, self.payload, position, self, self.words)

    @property
    def root(self) -> "Scope":
        """The scope of the object that is read."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope


def parse_path(text: str) -> Path:
    """The path of a text; raises `BadPath`."""
    if not text or len(text) > PATH_CHARACTERS_MAX:
        raise BadPath(f"a path of 1 to {PATH_CHARACTERS_MAX} characters is expected, like customer.id or items[*].price")
    start, rest = _start_of(text)
    if rest == POSITION:
        return Path(text, start, (), position=True)
    steps: list[Step] = []
    at, name_may_follow = 0, True
    while at < len(rest):
        found = _TOKEN.match(rest, at)
        if found is None:
            raise BadPath(
                f"the path cannot be read from character {len(text) - len(rest) + at + 1} on; names with other signs need quotes: 'a b'"
            )
        at = found.end()
        if found["point"]:
            if name_may_follow:
                raise BadPath("a name is missing before a point")
            name_may_follow = True
            continue
        if found["inside"] is None:
            if not name_may_follow:
                raise BadPath("a point is missing before a name")
            steps.append(found["name"] or found["quoted"])
        else:
            steps.append(_inside(found["inside"]))
        name_may_follow = False
    if name_may_follow and rest:
        raise BadPath("a name is missing after the last point")
    return Path(text, start, tuple(steps))


def _start_of(text: str) -> tuple[str, str]:
    """(start, what follows it)."""
    if text[0] in "$@":
        rest = text[1:]
        start = text[0]
    elif text[0] == "^":
        start, rest = "", text
        while rest.startswith("^"):
            start, rest = start + "^", rest[1:]
            if rest.startswith(".^"):
                rest = rest[1:]
    else:
        return "", text
    if rest and rest[0] not in ".[":
        raise BadPath(f"a point is missing after {start}")
    return start, rest.removeprefix(".")


def _inside(text: str) -> Step:
    if text == "*":
        return Every()
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    found = _FILTER.fullmatch(text)
    if found is None:
        raise BadPath("between brackets * or a number or name=text is expected")
    names = tuple(name.strip("'") for name in _NAME.findall(found["names"]))
    return Where(names, found["text"].strip("'"), found["sign"] == "=")


def text_of(node: Node) -> str | None:
    """A plain value as text, for comparisons; None for objects and lists."""
    value = node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return None
    return str(value)


def find(path: Path, scope: Scope) -> list[Node]:
    """All values at a path, in their order; those that are null are left out. Raises `Unjudged` for too many."""
    return [node for node, _ in find_placed(path, scope)]


def find_placed(path: Path, scope: Scope) -> list[tuple[Node, str]]:
    """Like `find`, each value with its place in the list it is of."""
    begin: Scope | None = scope
    if path.start == "$":
        begin = scope.root
    elif path.start == "@":
        begin = Scope(scope.payload, scope.payload)
    else:
        for _ in path.start:
            begin = begin.outer if begin is not None else None
    if begin is None:
        return []
    if path.position:
        return [(Node(begin.position, begin.node.pointer), begin.position)]
    found = [(begin.node, begin.position)]
    for step in path.steps:
        found = [each for node, position in found for each in _step(node, step, position)]
        if len(found) > FOUND_MAX:
            raise begin.node.malformed(f"an object in which {path.text} finds at most {FOUND_MAX} values")
    return found


def is_there(path: Path, scope: Scope) -> bool:
    """Whether a path finds anything; for the items of a list, whether there is such a list, empty or not."""
    if not path.steps or not isinstance(path.steps[-1], Every):
        return bool(find(path, scope))
    return any(isinstance(node.value, list) for node in find(replace(path, steps=path.steps[:-1]), scope))


def _step(node: Node, step: Step, position: str) -> Iterator[tuple[Node, str]]:
    match step:
        case str():
            value = node.value.get(step) if isinstance(node.value, dict) else None
            if value is not None:
                yield Node(value, f"{node.pointer}/{_escaped(step)}"), position
        case int():
            items = node.value if isinstance(node.value, list) else []
            index = step + len(items) if step < 0 else step
            if 0 <= index < len(items) and items[index] is not None:
                yield Node(items[index], f"{node.pointer}/{index}"), str(index)
        case Every():
            yield from _items(node)
        case Where():
            for item, place in _items(node):
                if (_text_at(item, step.names) == step.text) is step.equal:
                    yield item, place


def _items(node: Node) -> list[tuple[Node, str]]:
    """The items of a list, or the values of an object, with their places."""
    if isinstance(node.value, list):
        pairs = [(str(index), item) for index, item in enumerate(node.value)]
    elif isinstance(node.value, dict):
        pairs = [(str(name), item) for name, item in node.value.items()]
    else:
        raise node.malformed("a list")
    return [(Node(item, f"{node.pointer}/{_escaped(place)}"), place) for place, item in pairs if item is not None]


def _text_at(item: Node, names: tuple[str, ...]) -> str | None:
    value = item.value
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return None if value is None else text_of(Node(value, ""))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def pointer_of(path: Path, scope: Scope) -> str:
    """Where the value would stand if it were there, as far as that can be said."""
    if path.start == "@":
        at = scope.payload.pointer
    elif path.start == "$":
        at = scope.root.node.pointer
    else:
        begin: Scope | None = scope
        for _ in path.start:
            begin = begin.outer if begin is not None else None
        at = begin.node.pointer if begin is not None else ""
    for step in path.steps:
        if isinstance(step, str):
            at += f"/{_escaped(step)}"
        elif isinstance(step, int):
            at += f"/{step}"
        else:
            break
    return at
