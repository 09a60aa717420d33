"""What a panel asks and says, and the Grafana panel that is made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from grafana_foundation_sdk.builders import bargauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import prometheus as prometheus_builders
from grafana_foundation_sdk.models import common, dashboard, prometheus, units

from deploy.grafana.boards.levels import Levels, thresholds_of, told, words_of

DATASOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
NO_DATA: Final = "no data"

SECONDS: Final = units.Seconds
COUNT: Final = units.Short
PER_SECOND: Final = "suffix:/s"
SHARE: Final = units.PercentUnit
BYTES: Final = units.BytesIEC
CORES: Final = "suffix: cores"
TIMES: Final = "suffix:x"
MONEY: Final = units.LocaleFormat
"""Major units of whatever currency the legend names."""

Form: TypeAlias = Literal["words", "lines", "stack", "bars", "table", "states"]
"""words: verdicts and figures of now; lines and stack: over time; bars: figures of now side by side; table; states: words over time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question. `legend` names the answer: a line, a figure or a table's column. `words` tell it in words instead of figures."""

    expr: str
    legend: str
    unit: str | None = None
    words: Levels | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelPlan:
    """A panel without its place. `runbook` is the name of a page below docs/runbooks; `command` is what to run first, where there is one.

    `shows`, `good` (what a good value is) and `act` (what to do about another) are sentences of its description.
    """

    form: Form
    width: int
    title: str
    unit: str
    queries: tuple[Query, ...]
    shows: str
    good: str
    act: str
    runbook: str
    command: str = ""
    levels: Levels | None = None

    @property
    def description(self) -> str:
        """Markdown, as Grafana shows it behind the panel's (i)."""
        limits = f" ({told(self.levels, 's' if self.unit == SECONDS else '')})" if self.levels else ""
        command = f"\n\nRun: `{self.command}`" if self.command else ""
        return f"{self.shows}\n\n**Good:** {self.good}{limits}\n\n**Else:** {self.act}{command}"


def ref_id(number: int) -> str:
    """A, B, C ..."""
    return chr(ord("A") + number)


def grafana_panel(plan: PanelPlan) -> dashboard.Panel:
    """The panel; its id and place are the board's to give."""
    panel = _FORMS[plan.form](plan)
    panel.title = plan.title
    panel.description = plan.description
    panel.datasource = DATASOURCE
    panel.targets = [_target(query, number, plan.form) for number, query in enumerate(plan.queries)]
    panel.links = [dashboard.DashboardLink(title="Runbook", url=f"${{runbooks}}/{plan.runbook}.md", target_blank=True)]
    config = panel.field_config = panel.field_config or dashboard.FieldConfigSource()
    config.defaults.unit = plan.unit
    config.defaults.no_value = NO_DATA
    config.defaults.thresholds = thresholds_of(plan.levels) if plan.levels else _no_thresholds()
    config.overrides = [
        *config.overrides,
        *[_override(query, number, plan.form) for number, query in enumerate(plan.queries) if query.words or query.unit],
    ]
    return panel


def _target(query: Query, number: int, form: Form) -> prometheus.Dataquery:
    target = prometheus_builders.Dataquery().expr(query.expr).legend_format(query.legend).ref_id(ref_id(number)).datasource(DATASOURCE)
    now = form in ("words", "bars", "table")
    target = target.instant() if now else target.range()
    target = target.format(prometheus.PromQueryFormat.TABLE if form == "table" else prometheus.PromQueryFormat.TIME_SERIES)
    return target.build()


def _override(query: Query, number: int, form: Form) -> dashboard.DashboardFieldConfigSourceOverrides:
    properties = []
    if query.unit:
        properties.append(dashboard.DynamicConfigValue(id_val="unit", value=query.unit))
    if query.words:
        properties.append(dashboard.DynamicConfigValue(id_val="mappings", value=words_of(query.words)))
        properties.append(dashboard.DynamicConfigValue(id_val="thresholds", value=thresholds_of(query.words)))
    by_name = dashboard.MatcherConfig(id_val="byName", options=query.legend)
    by_query = dashboard.MatcherConfig(id_val="byFrameRefID", options=ref_id(number))
    return dashboard.DashboardFieldConfigSourceOverrides(matcher=by_name if form == "table" else by_query, properties=properties)


def _no_thresholds() -> dashboard.ThresholdsConfig:
    return dashboard.ThresholdsConfig(mode=dashboard.ThresholdsMode.ABSOLUTE, steps=[dashboard.Threshold(value=None, color="text")])


def _last() -> common_builders.ReduceDataOptions:
    return common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def _words(_plan: PanelPlan) -> dashboard.Panel:
    panel = stat.Panel().reduce_options(_last()).text_mode(common.BigValueTextMode.VALUE_AND_NAME)
    panel = panel.color_mode(common.BigValueColorMode.VALUE).graph_mode(common.BigValueGraphMode.NONE)
    return panel.orientation(common.VizOrientation.HORIZONTAL).wide_layout(True).build()


def _legend(_plan: PanelPlan) -> common_builders.VizLegendOptions:
    legend = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.TABLE).placement(common.LegendPlacement.BOTTOM)
    return legend.show_legend(True).calcs(["lastNotNull", "max"])


def _timeseries(plan: PanelPlan) -> timeseries.Panel:
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
    panel = timeseries.Panel().legend(_legend(plan)).tooltip(tooltip).min(0).line_width(1).show_points(common.VisibilityMode.AUTO)
    if plan.levels:
        panel = panel.thresholds_style(common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    return panel


def _lines(plan: PanelPlan) -> dashboard.Panel:
    return _timeseries(plan).fill_opacity(5).build()


def _stack(plan: PanelPlan) -> dashboard.Panel:
    stacking = common_builders.StackingConfig().mode(common.StackingMode.NORMAL)
    return _timeseries(plan).fill_opacity(40).stacking(stacking).build()


def _bars(_plan: PanelPlan) -> dashboard.Panel:
    panel = bargauge.Panel().reduce_options(_last()).orientation(common.VizOrientation.HORIZONTAL).min(0)
    return panel.display_mode(common.BarGaugeDisplayMode.BASIC).value_mode(common.BarGaugeValueMode.TEXT).build()


def _states(_plan: PanelPlan) -> dashboard.Panel:
    legend = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)
    panel = statetimeline.Panel().legend(legend.show_legend(True)).show_value(common.VisibilityMode.AUTO).merge_values(True)
    return panel.line_width(0).fill_opacity(70).build()


def _table(plan: PanelPlan) -> dashboard.Panel:
    """One row for each set of labels, one column for each label and each query."""
    renamed = {f"Value #{ref_id(number)}": query.legend for number, query in enumerate(plan.queries)}
    if len(plan.queries) == 1:
        renamed = {"Value": plan.queries[0].legend}
    hidden = {"Time": True, "__name__": True}
    panel = (
        table.Panel()
        .align(common.FieldTextAlignment.AUTO)
        .inspect(False)
        .with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    )
    options = {"excludeByName": hidden, "renameByName": renamed}
    panel = panel.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))
    first = common_builders.TableSortByFieldState().display_name(plan.queries[0].legend).desc(True)
    return panel.sort_by([first]).show_header(True).cell_height(common.TableCellHeight.SM).build()


_FORMS: Final[dict[Form, Callable[[PanelPlan], dashboard.Panel]]] = {
    "words": _words,
    "lines": _lines,
    "stack": _stack,
    "bars": _bars,
    "table": _table,
    "states": _states,
}
