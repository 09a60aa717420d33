"""The Grafana boards: made by code, every query sound, every panel says what is good and what to do, all of it on one screen."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard
from typer.testing import CliRunner

from asiento.cli.main import app
from deploy.grafana.boards.board import COLUMNS
from deploy.grafana.boards.every_board import FOLDER, texts
from deploy.prometheus.alerts.every_alert import ALERTS
from tests.board_queries import BOARDS, LABEL_VALUES, VARIABLE, BoardQuery, panels_of, queries
from tests.promql_rules import OF_ANY_TARGET, Sample, catalogue, families, of_prometheus, read

ROOT = Path(__file__).resolve().parents[3]
KNOWN = catalogue()
QUERIES = list(queries())
PROMQL = [query for query in QUERIES if query.kind != "variable"]
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in panels_of(board)]
ROWS_OF_A_SCREEN = 24
"""1080 pixels less the browser's and Grafana's own heads, in rows of 38."""
WINDOWS = {"$__rate_interval", "$__range", "1h", "6h"}
"""The last two belong to the burn rates, which have windows of their own."""
DOCUMENTED_ONLY = {
    "asiento_process_info": "says which kind of process answers, where no job says it",
    "asiento_verify_problems": "of the textfile collector, where somebody runs one: verify.md has an alert for it",
    "asiento_verify_last_run_timestamp_seconds": "as above",
    "asiento_verify_duration_seconds": "as above",
    "asiento_verify_entries_checked": "as above",
}
"""Metrics that are on no board and in no alert, each with the reason."""
RUNBOOKS = {alert.page for alert in ALERTS}


def title_of(place: tuple[str, dict[str, Any]]) -> str:
    return f"{place[0]}: {place[1]['title']}"


def test_the_files_are_what_the_code_makes() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert written == texts(), "python -m deploy.grafana.boards"


@pytest.mark.parametrize("name", BOARDS)
def test_grafanas_own_types_read_a_board_and_write_the_same(name: str) -> None:
    register_default_plugins()
    board = BOARDS[name]
    again = json.loads(json.dumps(dashboard.Dashboard.from_json(board), cls=JSONEncoder))
    for one in board["annotations"]["list"]:  # what the data source reads beyond the type
        assert {one.pop(key) for key in ("titleFormat", "step", "refId")} >= {"60s", "Annotation"}
    assert again == board


@pytest.mark.parametrize("query", PROMQL, ids=str)
def test_every_query_asks_for_what_is_exported(query: BoardQuery) -> None:
    found = read(query.filled(interval="1m", span="1h"), KNOWN)
    assert found.faults == ()
    assert found.names or query.text.startswith("vector("), "asks for nothing"
    assert set(re.findall(r"{{(\w+)}}", query.answer)) <= found.labels


@pytest.mark.parametrize("query", [query for query in QUERIES if query.kind == "variable"], ids=str)
def test_every_variable_asks_for_a_label_that_exists(query: BoardQuery) -> None:
    asked = LABEL_VALUES.fullmatch(query.text)
    assert asked is not None
    assert asked["label"] in KNOWN[asked["metric"]].labels | OF_ANY_TARGET


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_windows_are_grafanas_and_variables_are_the_boards(query: BoardQuery) -> None:
    chosen = {variable["name"] for variable in BOARDS[query.board]["templating"]["list"]}
    assert set(VARIABLE.findall(query.text)) <= chosen | {"__rate_interval", "__range"}
    if query.kind == "panel":
        assert set(re.findall(r"\[([^\]]+)\]", query.text)) <= WINDOWS
        assert ("$__rate_interval" in query.text) <= (not query.instant), "one point has no time of its own"


@pytest.mark.parametrize("place", PANELS, ids=title_of)
def test_every_panel_explains_itself(place: tuple[str, dict[str, Any]]) -> None:
    _, panel = place
    description = panel["description"]
    assert re.fullmatch(r"[^\n]{20,}\n\n\*\*Good:\*\* [^\n]+\n\n\*\*Else:\*\* [^\n]+(\n\nRun: `asiento [^\n]+`)?", description)
    assert panel["title"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["noValue"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert target["legendFormat"]
        assert target["datasource"] == panel["datasource"]


@pytest.mark.parametrize("place", PANELS, ids=title_of)
def test_every_panel_leads_to_its_runbook(place: tuple[str, dict[str, Any]]) -> None:
    (link,) = place[1]["links"]
    assert link["url"].removeprefix("${runbooks}/") in RUNBOOKS


def limits_of(config: dict[str, Any]) -> list[float]:
    return [step["value"] for step in config["steps"] if step["value"] is not None]


@pytest.mark.parametrize("place", PANELS, ids=title_of)
def test_no_limit_is_told_by_color_alone(place: tuple[str, dict[str, Any]]) -> None:
    _, panel = place
    limits = limits_of(panel["fieldConfig"]["defaults"]["thresholds"])
    assert all(f"from {limit:g}" in panel["description"] for limit in limits)
    for override in panel["fieldConfig"]["overrides"]:
        properties = {one["id"]: one["value"] for one in override["properties"]}
        if "thresholds" in properties:
            words = [mapping["options"]["result"]["text"] for mapping in properties["mappings"]]
            starts = [mapping["options"]["from"] for mapping in properties["mappings"]]
            assert all(words)
            assert starts == [*reversed(limits_of(properties["thresholds"])), None]


def commands() -> list[str]:
    return sorted({found for _, panel in PANELS for found in re.findall(r"Run: `asiento ([^`]+)`", panel["description"])})


@pytest.mark.parametrize("command", commands())
def test_every_command_exists(command: str) -> None:
    words = [word for word in command.split() if not re.fullmatch(r"[A-Z_.a-z]*[A-Z][A-Z_.a-z]*", word)]
    result = CliRunner().invoke(app, [*[word for word in words if not word.startswith("-")], "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert all(word in result.output for word in words if word.startswith("-"))


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_ids_are_unique_and_the_grid_is_full_without_overlap(board: dict[str, Any]) -> None:
    assert max(Counter(panel["id"] for panel in board["panels"]).values()) == 1
    for panel in panels_of(board):
        assert max(Counter(target["refId"] for target in panel["targets"]).values()) == 1
        assert all(target["refId"] for target in panel["targets"])
    cells = Counter(
        (x, y)
        for place in (panel["gridPos"] for panel in board["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    )
    height = max(y for _, y in cells) + 1
    assert cells == Counter({(x, y): 1 for x in range(COLUMNS) for y in range(height)})


def test_the_overview_fits_one_screen_and_panels_are_large_enough_to_read() -> None:
    assert max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in BOARDS["overview"]["panels"]) <= ROWS_OF_A_SCREEN
    assert all(panel["gridPos"]["w"] >= 4 and panel["gridPos"]["h"] >= 6 for _, panel in PANELS)


def test_the_first_row_of_the_overview_answers_in_words() -> None:
    first = [panel for panel in BOARDS["overview"]["panels"] if panel["gridPos"]["y"] == 0]
    assert [panel["title"] for panel in first] == [
        "Is the money flowing?",
        "Is anything unexplained?",
        "Booked within 30 s?",
        "Critical and high discrepancies?",
        "What waits for somebody?",
        "Do all processes run?",
    ]
    for panel in first:
        words = panel["fieldConfig"]["overrides"][0]
        assert words["matcher"] == {"id": "byFrameRefID", "options": "A"}
        assert {"mappings", "thresholds"} <= {one["id"] for one in words["properties"]}


def test_every_board_has_an_identity_and_the_events_of_the_system() -> None:
    for name, board in BOARDS.items():
        assert board["uid"] == f"asiento-{name}"
        assert {one["name"] for one in board["annotations"]["list"]} == {"Starts", "Rebalances", "Deploys"}
        assert [one["name"] for one in board["templating"]["list"]][:2] == ["datasource", "runbooks"]
    assert len({board["uid"] for board in BOARDS.values()}) == 4


def asked_by_rules() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "deploy/prometheus/rules").glob("*.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            found |= {name for rule in group["rules"] for name in re.findall(r"\basiento_\w+", rule["expr"])}
    return found


def test_every_metric_is_on_a_board_or_in_an_alert_or_says_why_not() -> None:
    asked = set(asked_by_rules())
    for query in PROMQL:
        asked |= read(query.filled(interval="1m", span="1h"), KNOWN).names
    unused = {sample.family for sample in KNOWN.values()} - families(frozenset(asked), KNOWN)
    assert unused == set(DOCUMENTED_ONLY)


def test_the_board_of_every_alert_exists() -> None:
    assert {alert.board for alert in ALERTS} <= {board["uid"] for board in BOARDS.values()}


TOY = {
    "made_total": Sample(family="made", grows=True, labels=frozenset({"kind"})),
    "waits": Sample(family="waits", grows=False, labels=frozenset({"kind"})),
}


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("sum by (kind) (gone)", "no process exports gone"),
        ("sum(made_total)", "made_total is a counter, used raw"),
        ("sum(rate(waits[5m]))", "waits is a gauge, used as a counter"),
        ('sum(waits{color="red"})', "waits has no label color"),
        ("sum by (color) (waits)", "nothing inside has the label color"),
        ("sum(waits) + max by (color) (waits)", "nothing inside has the label color"),
        ("topk(3, made_total)", "made_total is a counter, used raw"),
    ],
)
def test_the_rules_see(expression: str, fault: str) -> None:
    assert fault in read(expression, TOY).faults


def test_the_rules_let_pass_what_is_right() -> None:
    right = 'sum by (kind, job) (rate(made_total{kind="a"}[5m])) / on(kind) group_left sum by (kind) (waits) or on() vector(0)'
    assert read(right, TOY).faults == ()
    assert read(right, TOY).labels == {"kind", "job"}
    assert "up" in of_prometheus()
