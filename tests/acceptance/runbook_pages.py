"""The runbook page of a code as a test reads it: its parts, and the commands that stand in them."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.wording.language import Language
from schemas.wording.runbook_blocks import END, FOLDERS

ROOT: Final = Path(__file__).resolve().parents[2]
STEPS, OVER, MENDS = "Step by step", "How you know it is over", "What mends it"
STEPS_IN_SPANISH: Final = "Paso a paso"
QUOTE: Final = '"'
BY_ITSELF: Final = "It closes by itself:"
_COMMAND: Final = re.compile(r"`(asiento [^`]+)`|^(asiento .+)$", re.MULTILINE)
_PLACEHOLDER: Final = re.compile(
    r'"WHY"|\b(?:DEBIT|CREDIT):ACCOUNT:AMOUNT\b|\bPATH=VALUE\b|\bOWN_ID=NEW\b|\bFILE(?:\.[a-z]+)?\b|\bKIND/ID\b|\bID\b|\b[A-Z]{3}[A-Z_:]*\b'
)
"""Ids, amounts and names that the reader fills in; codes and constants such as D18 are none."""


@dataclass(frozen=True, slots=True)
class RunbookPage:
    """One page. `parts`: heading -> what stands below it."""

    code: str
    text: str
    parts: Mapping[str, str]

    def commands(self, part: str) -> tuple[str, ...]:
        """The commands of a part as they are written there, in their order, each once."""
        return commands_of(self.parts[part])

    @property
    def closes_by_itself(self) -> bool:
        """What the page says of its end."""
        return BY_ITSELF in self.text


def page_of(code: str, language: Language = "en") -> RunbookPage:
    """The page of a code; both languages have the same steps, which another test requires."""
    text = (ROOT / FOLDERS[language] / f"{code}.md").read_text(encoding="utf-8")
    assert END in text
    parts = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE))
    return RunbookPage(code, text, parts)


def commands_of(text: str) -> tuple[str, ...]:
    """The commands of a text, of code blocks and between backticks."""
    return tuple(dict.fromkeys(shown or block for shown, block in _COMMAND.findall(text)))


def filled(command: str, values: Mapping[str, str]) -> list[str]:
    """The words of a command, without `asiento`, with the values of a case. Raises KeyError where a placeholder has none."""
    marked = _PLACEHOLDER.sub(lambda found: f"'<{found[0].strip(QUOTE)}>'", command)
    words = shlex.split(marked)[1:]
    return [values[word[1:-1]] if word.startswith("<") else word for word in words]
