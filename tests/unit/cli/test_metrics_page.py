"""The catalogue of metrics is one list, closed, and what processes show is what it says."""

import re

import pytest
from prometheus_client import CollectorRegistry

from asiento.cli.metrics_page import KEPT, PAGE, families, page, values_of
from asiento.runtime.metrics import COMMANDS, Exporter, Family, Metrics, labels
from asiento.runtime.metrics.standing import StandingGauge

CATALOGUE = families()
OF_PYTHON = {
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_start_time_seconds",
    "process_open_fds",
    "process_max_fds",
}
BASE_UNITS = {"seconds": "_seconds", "bytes": "_bytes", "seconds since 1970 (UTC)": "_timestamp_seconds"}


def names_in(registry: CollectorRegistry) -> set[str]:
    return {sample.name for family in registry.collect() for sample in family.samples}


def test_the_reference_page_is_what_is_declared() -> None:
    assert PAGE.read_text(encoding="utf-8") == page().rstrip("\n") + "\n", "run python -m asiento.cli.metrics_page"


def test_names_are_there_once() -> None:
    samples = [sample for family in CATALOGUE for sample in family.samples]
    assert len(samples) == len(set(samples))


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: str(family.name))
def test_a_name_says_what_it_is_and_in_which_unit(family: Family) -> None:
    assert re.fullmatch(r"asiento_[a-z_]+[a-z]", family.name)
    assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
    if family.unit in BASE_UNITS:
        assert family.name.endswith(BASE_UNITS[family.unit])
    assert not family.meaning.endswith(".")
    assert family.exporters
    assert "le" not in family.labels


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: str(family.name))
def test_every_set_of_label_values_is_where_the_declaration_says(family: Family) -> None:
    for label in family.labels.values():
        values = values_of(label)
        assert bool(values) == bool(label.values or label.source)
        assert not label.source or label.source in KEPT
        assert len(values) == len(set(values)) <= 60


@pytest.mark.parametrize("exporter", [one for one in Exporter if one is not Exporter.VERIFY])
def test_a_process_shows_its_own_and_nothing_else(exporter: Exporter) -> None:
    """A gauge of another process would stand at 0 here, which is an answer, and a wrong one."""
    shown = {metric.name for metric in Metrics(exporter).registry.collect() if metric.name.startswith("asiento_")}
    assert shown == {family.name for family in CATALOGUE if exporter in family.exporters}


def test_every_process_says_what_it_costs_and_what_it_is() -> None:
    registry = Metrics(Exporter.SWEEPER).registry
    assert names_in(registry) >= OF_PYTHON
    assert {name for name in names_in(registry) if not name.startswith("asiento_")} == OF_PYTHON
    assert registry.get_sample_value("asiento_process_info", {"process": "sweeper"}) == 1
    assert COMMANDS.keys() == set(Exporter)


def test_there_is_no_second_series_for_when_a_counter_began() -> None:
    assert not [name for name in names_in(Metrics().registry) if name.endswith("_created")]


def test_a_counter_of_fixed_words_stands_at_0_before_the_first_one() -> None:
    """A series that springs into being at 1 has not increased, as Prometheus sees it."""
    registry = Metrics(Exporter.WORKER).registry
    assert registry.get_sample_value("asiento_unexplained_deaths_total", {"at": "record"}) == 0
    assert registry.get_sample_value("asiento_registry_requests_total", {"result": "unreachable"}) == 0


def test_a_standing_gauge_shows_the_newest_picture_and_never_none_in_between() -> None:
    metrics = Metrics(Exporter.LAG_EXPORTER)
    gauge = StandingGauge(metrics.group_members)
    gauge.show({("a",): 1, ("b",): 2})
    gauge.show({("b",): 3, ("c",): 4})
    values = [metrics.registry.get_sample_value("asiento_group_members", {"group": group}) for group in "abc"]
    assert values == [None, 3, 4]
    gauge.show_nothing()
    assert metrics.registry.get_sample_value("asiento_group_members", {"group": "b"}) is None


@pytest.mark.parametrize("exporter", [one for one in Exporter if one is not Exporter.VERIFY])
def test_no_process_can_show_more_than_two_thousand_series(exporter: Exporter) -> None:
    """On 48 partitions with nine ledger connections, whatever the number of orders: every set that a label comes from is bounded."""
    sizes = {
        labels.PARTITION: 48,
        labels.CATALOGUE_TOPIC: 7,
        labels.OPEN_CODE: len(KEPT["schemas.wording.messages:CODES"]),  # type: ignore[arg-type]
        labels.ENTRY_KIND: 20,
        labels.PLATFORM: 20,
        labels.PROCESS: 20,
        labels.SOURCE: 15,
    }
    places = {Exporter.LAG_EXPORTER: 11 + 9, Exporter.PROJECTOR: 7}
    total = 0
    for family in CATALOGUE:
        if exporter in family.exporters:
            series = 20 if family.kind == "histogram" else 1
            for name, label in family.labels.items():
                if name == "group":
                    series *= places.get(exporter, 1)
                else:
                    series *= sizes.get(label) or len(values_of(label)) or 1
            total += series
    assert total <= 2_000
