"""A board: rows of panels, each with an id and a place, variables, and the events that are drawn over all of it."""

import json
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from deploy.grafana.boards.panels import DATASOURCE, PanelPlan, grafana_panel
from deploy.grafana.boards.queries import OURS

TAG: Final = "asiento"
COLUMNS: Final = 24
ROW_HEAD_HEIGHT: Final = 1
RUNBOOKS: Final = "/public/runbooks"
"""Where docker-compose.yml puts docs/runbooks: Grafana itself serves them."""
DATASOURCE_OF_COMPOSE: Final = dashboard.VariableOption(text="Prometheus", value="asiento-prometheus")
EVENT_SECONDS: Final = 60
"""Grafana looks for annotations once in so many seconds, unless told otherwise: what is younger is told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels side by side, of one height in grid units; they fill the width. A `title` stands above them."""

    height: int
    panels: tuple[PanelPlan, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A choice above the board: the values that a label of a metric has; several, or all."""

    name: str
    label: str
    metric: str

    @property
    def query(self) -> str:
        """What Grafana asks for."""
        return f"label_values({self.metric}, {self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """An event: drawn where `expr` has a value, described by `title` with labels in double braces."""

    name: str
    expr: str
    title: str
    color: str


class _PrometheusAnnotation(dashboard.AnnotationQuery):
    """The SDK's annotation lacks what the Prometheus data source reads beside the expression."""

    title_format: str = ""

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), "titleFormat": self.title_format, "step": f"{EVENT_SECONDS}s", "refId": "Annotation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All of one board; `uid` without its prefix is also the name of its file."""

    name: str
    title: str
    question: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def uid(self) -> str:
        """Its identity in Grafana, for ever."""
        return f"{TAG}-{self.name}"

    def grafana(self) -> dashboard.Dashboard:
        """The board in the SDK's types."""
        board = dashboard_builders.Dashboard(self.title).uid(self.uid).description(self.question).tags([TAG]).timezone("utc")
        board = board.time("now-1h", "now").refresh("10s").readonly().tooltip(dashboard.DashboardCursorSync.CROSSHAIR).version(1)
        boards = dashboard_builders.DashboardLink("Boards").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG]).keep_time(True)
        built = board.link(boards).build()
        built.templating = dashboard.DashboardDashboardTemplating([*_shared_variables(), *[_variable(one) for one in self.variables]])
        built.annotations = dashboard.AnnotationContainer([_annotation(one) for one in ANNOTATIONS])
        built.panels = self._placed()
        return built

    def text(self) -> str:
        """The board as Grafana imports it."""
        return json.dumps(self.grafana(), cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n"

    def _placed(self) -> list[dashboard.Panel | dashboard.RowPanel]:
        placed: list[dashboard.Panel | dashboard.RowPanel] = []
        y = 0
        for row in self.rows:
            if row.title:
                place = dashboard.GridPos(x=0, y=y, w=COLUMNS, h=ROW_HEAD_HEIGHT)
                placed.append(dashboard.RowPanel(title=row.title, grid_pos=place, id_val=len(placed) + 1))
                y += ROW_HEAD_HEIGHT
            x = 0
            for plan in row.panels:
                panel = grafana_panel(plan)
                panel.id_val = len(placed) + 1
                panel.grid_pos = dashboard.GridPos(x=x, y=y, w=plan.width, h=row.height)
                placed.append(panel)
                x += plan.width
            if x != COLUMNS:
                raise ValueError(f"{self.name}: the row of {row.panels[0].title!r} is {x} columns wide, not {COLUMNS}")
            y += row.height
        return placed


ANNOTATIONS: Final = (
    Annotation(
        name="Starts",
        expr=f"time() - process_start_time_seconds{{{OURS}}} < {EVENT_SECONDS}",
        title="{{job}} started ({{instance}})",
        color="blue",
    ),
    Annotation(
        name="Rebalances",
        expr=f"sum by (job, instance) (increase(asiento_rebalances_total[{EVENT_SECONDS}s])) > 0",
        title="partitions assigned to {{instance}}",
        color="orange",
    ),
    Annotation(
        name="Deploys",
        expr=f"count by (version) (asiento_build_info) unless count by (version) (asiento_build_info offset {EVENT_SECONDS}s)",
        title="version {{version}} appeared",
        color="purple",
    ),
)


def _annotation(one: Annotation) -> dashboard.AnnotationQuery:
    query = _PrometheusAnnotation(name=one.name, datasource=DATASOURCE, icon_color=one.color, expr=one.expr)
    query.title_format = one.title
    return query


def _shared_variables() -> list[dashboard.VariableModel]:
    source = dashboard_builders.DatasourceVariable("datasource").label("Data source").type("prometheus").current(DATASOURCE_OF_COMPOSE)
    runbooks = dashboard_builders.TextBoxVariable("runbooks").label("Runbooks").default_value(RUNBOOKS)
    runbooks = runbooks.description("Where the pages of docs/runbooks are served").hide(dashboard.VariableHide.HIDE_VARIABLE)
    return [source.build(), runbooks.current(dashboard.VariableOption(text=RUNBOOKS, value=RUNBOOKS)).build()]


def _variable(one: Variable) -> dashboard.VariableModel:
    variable = dashboard_builders.QueryVariable(one.name).label(one.label).datasource(DATASOURCE).query(one.query)
    variable = variable.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    everything = dashboard.VariableOption(text="All", value="$__all")
    return variable.multi(True).include_all(True).all_value(".*").current(everything).build()
