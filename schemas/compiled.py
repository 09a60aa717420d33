"""Straight-line functions written from a schema: the codecs' answer to a loop over fields per event."""

from collections.abc import Callable, Mapping
from typing import Any


class FunctionWriter:
    """Lines of one function and the values they name; nothing from outside ever becomes source text."""

    def __init__(self, name: str, parameters: str, names: Mapping[str, Any] | None = None) -> None:
        if not name.isidentifier():
            raise ValueError(f"{name!r} cannot name a function")
        self._name = name
        self._head = f"def {name}({parameters}):"
        self._lines: list[str] = []
        self._bound: dict[str, Any] = dict(names or {})

    def add(self, *lines: str) -> None:
        """Append lines of the body."""
        self._lines += lines

    def bind(self, value: Any) -> str:
        """A name that stands for `value` inside the function."""
        name = f"k{len(self._bound)}"
        self._bound[name] = value
        return name

    def compile(self) -> Callable[..., Any]:
        """The function."""
        source = "\n".join([self._head, *("    " + line for line in self._lines)])
        exec(compile(source, f"<{self._name}>", "exec"), self._bound)  # noqa: S102 names stand in it as literals, or were checked to be names
        function: Callable[..., Any] = self._bound[self._name]
        return function
