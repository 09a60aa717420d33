"""The `asiento` commands that a page names, held against the real command line without running them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from typer.core import TyperGroup
from typer.main import get_command

from asiento.cli.main import app

_FENCED: Final = re.compile(r"^```(?:sh|bash|console|text)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE: Final = re.compile(r"`(asiento [^`\n]+)`")
_OURS: Final = re.compile(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:docker compose exec \S+ )?(asiento(?: .*)?)$")
_SHELL: Final = re.compile(r"\s(?:\||&&|;|>|2>|<|#)(?:\s|$)")
"""What follows is the shell's, not ours."""


@dataclass(frozen=True, slots=True)
class Named:
    """A command as a page names it. `whole`: it stands in a block of code, to be typed as it is; else a sentence only mentions it."""

    text: str
    whole: bool


def commands_in(markdown: str) -> Iterator[Named]:
    """Every command of ours on the page, with its own words only; in a block it begins its line, after a prompt or variables."""
    for block in _FENCED.findall(markdown):
        for line in block.replace("\\\n", " ").splitlines():
            if found := _OURS.match(line):
                yield Named(_own_words(found[1]), True)
    for text in _INLINE.findall(_FENCED.sub("", markdown)):
        yield Named(_own_words(text), False)


def problems_in(markdown: str) -> list[str]:
    """What is wrong with the commands of a page, each in a sentence."""
    return [f"{named.text}: {problem}" for named in commands_in(markdown) if (problem := problem_of(named)) is not None]


def problem_of(named: Named) -> str | None:
    """Why the command line would not take it; None if it would. Values are not looked at, so that a page may say KEY or NAME."""
    path, words = ["asiento"], shlex.split(named.text)[1:]
    found: Any = get_command(app)
    while isinstance(found, TyperGroup) and words and not words[0].startswith("-"):
        inner = found.commands.get(words[0])
        if inner is None:
            return f"{' '.join(path)} has no command {words[0]}"
        path.append(words.pop(0))
        found = inner
    return _problem_of_words(found.params, words, whole=named.whole and not isinstance(found, TyperGroup))


def _problem_of_words(parameters: list[Any], words: list[str], *, whole: bool) -> str | None:
    options = {name: one for one in parameters if one.param_type_name == "option" for name in (*one.opts, *one.secondary_opts)}
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    given, places = {"--help"} & set(words), 0
    left = [word for word in words if word != "--help"]
    while left:
        word = left.pop(0)
        if not word.startswith("-") or word == "-":
            places += 1
            continue
        name, _, value = word.partition("=")
        if name not in options:
            return f"no option {name}"
        given.update(options[name].opts)
        if not value and not options[name].is_flag:
            if not left and whole:
                return f"{name} without its value"
            del left[:1]
    if places > len(arguments) and not any(one.nargs == -1 for one in arguments):
        return "more words than it takes"
    wanted = [one for one in options.values() if one.required and not given & set(one.opts)]
    if whole and "--help" not in given and (wanted or places < sum(one.required for one in arguments)):
        return f"without {', '.join(one.opts[0] for one in wanted) or 'an argument that it needs'}"
    return None


def _own_words(text: str) -> str:
    return _SHELL.split(text, maxsplit=1)[0].strip()
