"""What the Grafana boards ask: every query of their panels, variables and annotations, with variables filled in as Grafana does."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

ROOT = Path(__file__).resolve().parents[1]
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
BOARDS: Final[Mapping[str, dict[str, Any]]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))
}
EVERYTHING = ".*"
"""What a variable stands for where "All" is chosen."""
LABEL_VALUES = re.compile(r"label_values\((?P<metric>\w+), (?P<label>\w+)\)")
VARIABLE = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardQuery:
    """One query as it stands on a board; `where` names its panel, variable or annotation, `answer` its legend."""

    board: str
    kind: Literal["panel", "variable", "annotation"]
    where: str
    answer: str
    text: str
    instant: bool = False

    def __str__(self) -> str:
        return f"{self.board}: {self.where} [{self.answer}]"

    def filled(self, *, interval: str, span: str) -> str:
        """The text with all variables chosen; `interval` is one point of the picture, `span` its whole time."""
        known = {"__rate_interval": interval, "__interval": interval, "__range": span}
        return VARIABLE.sub(lambda found: known.get(found[1], EVERYTHING), self.text)


def panels_of(board: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels of a board that show something: not the heads of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries() -> Iterator[BoardQuery]:
    """All queries of all boards."""
    for name, board in BOARDS.items():
        for panel in panels_of(board):
            for target in panel["targets"]:
                yield BoardQuery(
                    board=name,
                    kind="panel",
                    where=panel["title"],
                    answer=target["legendFormat"],
                    text=target["expr"],
                    instant=target.get("instant", False),
                )
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield BoardQuery(board=name, kind="variable", where=variable["name"], answer="values", text=variable["query"])
        for one in board["annotations"]["list"]:
            yield BoardQuery(board=name, kind="annotation", where=one["name"], answer=one["titleFormat"], text=one["expr"])
