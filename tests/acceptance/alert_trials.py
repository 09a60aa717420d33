"""The runbook of an alert tried on a fault that stands: each of its commands is run as it is written."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.prometheus.alerts.rules_file import rules_text
from tests.acceptance.runbook_pages import commands_of, filled
from tests.acceptance.watched_stage import Stage

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
FOLDERS: Final = {"en": DOCS / "runbooks", "es": DOCS / "es" / "runbooks"}
OVER: Final = "How you know it is over"
WRITING: Final = tuple(
    f"asiento {words}"
    for words in (
        "discrepancies assign",
        "discrepancies resolve",
        "postings release",
        "postings confirm",
        "postings retry",
        "dlq replay",
        "dlq fix",
        "dlq resolve",
        "fetcher ask",
        "events send",
    )
)
"""What would change something only shows what it would, until it is what mends the fault."""
IN_ENGLISH: Final = {
    "CONEXION": "CONNECTION",
    "CLAVE": "KEY",
    "FICHERO": "FILE",
    '"POR QUÉ"': '"WHY"',
    "MOTIVO": "REASON",
    "CLIENTE": "TENANT",
    "FUENTE": "SOURCE",
    "TEMA": "TOPIC",
    "TIPO/ID": "KIND/ID",
    "PEDIDO": "ORDER_KEY",
    "LUGAR": "SUBJECT",
    "CAMPO=VALOR": "PATH=VALUE",
}
"""What the reader fills in, on pages in Spanish and in English."""
IN_SPANISH: Final = " --lang es"
WAIT_SECONDS_MAX: Final = 20
HOLD_SECONDS_MAX: Final = 10
HURRIED_WINDOWS: Final = {"5m": "20s", "30m": "30s", "1h": "40s", "6h": "50s"}
BURST_WINDOW: Final = "[1m]"
_HURRIED: Final = re.compile(r"\[(5m|30m|1h|6h)\]")


def hurried_rules() -> str:
    """The rules with the waits of hours and minutes that the tried alerts have made short; what they look at is the same."""
    rules: dict[str, Any] = yaml.safe_load(rules_text())
    for rule in (rule for group in rules["groups"] for rule in group["rules"]):
        name = rule.get("alert") or rule["record"]
        if name in {"AsientoDeadLetters", "AsientoLedgerDelivery"} or "delivery" in name:
            if name == "AsientoDeadLetters":
                rule["expr"] = rule["expr"].replace("[5m]", BURST_WINDOW)
            rule["expr"] = _HURRIED.sub(lambda found: f"[{HURRIED_WINDOWS[found[1]]}]", rule["expr"])
            rule["expr"] = rule["expr"].replace("> bool 3600", f"> bool {WAIT_SECONDS_MAX}")
            if "for" in rule:
                rule["for"] = f"{min(int(rule['for'].rstrip('s')), HOLD_SECONDS_MAX)}s"
    return yaml.safe_dump(rules, sort_keys=False)


@dataclass(frozen=True, slots=True)
class AlertPage:
    """The page of an alert in one language."""

    text: str

    @property
    def commands(self) -> tuple[str, ...]:
        """All of them, in their order, each once; what a shell would read as the start of a comment is not there."""
        return commands_of(self.text)

    def part(self, heading: str) -> str:
        """What stands below a heading."""
        return self.text.split(f"## {heading}\n")[1].split("\n## ")[0]


def page_of(name: str, language: str = "en") -> AlertPage:
    """The page by the name of its file, without ending."""
    return AlertPage((FOLDERS[language] / f"{name}.md").read_text(encoding="utf-8"))


def _in_english(command: str) -> str:
    for spanish, english in IN_ENGLISH.items():
        command = command.replace(spanish, english)
    return command


@dataclass(slots=True)
class AlertTrial:
    """`values`: placeholder -> what is written there. `says`: command -> texts that it must print while the fault stands.

    ends: command -> how it may end while the fault stands, else 0. unfit: commands of the page for another cause of the same alert.
    """

    stage: Stage
    page: str
    values: Mapping[str, str]
    says: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ends: Mapping[str, Sequence[int]] = field(default_factory=dict)
    unfit: Sequence[str] = ()

    def look(self) -> None:
        """All commands of the page; its twin in Spanish has the same ones."""
        page = page_of(self.page)
        twins = [_in_english(command) for command in page_of(self.page, "es").commands]
        assert {command.replace(IN_SPANISH, "") for command in twins} == set(page.commands)
        assert set(page.commands).issuperset({*self.says, *self.ends, *self.unfit})
        for command in (*page.commands, *(command for command in twins if IN_SPANISH in command)):
            if command not in self.unfit:
                writes = command.startswith(WRITING) and "--dry-run" not in command
                said = self._run(command, *(("--dry-run",) if writes else ()), ends=self.ends.get(command, (0,)))
                for text in self.says.get(command, ()):
                    assert text in said, f"{command} says nothing of {text}:\n{said}"

    def mend(self, command: str) -> str:
        """A command of the page, for good; answers what it said."""
        assert command in page_of(self.page).commands, f"{command} does not stand on the page"
        return self._run(command)

    def over(self, **says: str) -> None:
        """The commands of the page's end do well; `says`: a word of the command -> what it prints."""
        for command in commands_of(page_of(self.page).part(OVER)):
            said = self._run(command)
            for word, text in says.items():
                assert word not in command or text in said, f"{command} does not say {text}:\n{said}"

    def _run(self, command: str, *more: str, ends: Sequence[int] = (0,)) -> str:
        words = [*filled(command, self.values), *more]
        done = self.stage.system.asiento(*words)
        said = done.stdout + done.stderr
        assert done.returncode in ends, f"{command}\nasiento {shlex.join(words)}\nended with {done.returncode}, not {ends}:\n{said}"
        return said
