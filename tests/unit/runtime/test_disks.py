"""The disks that a process shows are those of what it keeps."""

import shutil
from pathlib import Path

import pytest

from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.metrics.disks import watch_disks
from asiento.runtime.settings import load_settings


def shown(metrics: Metrics, name: str) -> dict[str, float]:
    """By place."""
    return {
        sample.labels["place"]: sample.value for family in metrics.registry.collect() if family.name == name for sample in family.samples
    }


@pytest.mark.parametrize(
    ("exporter", "place"),
    [
        (Exporter.LEDGER, "ledger"),
        (Exporter.PROJECTOR, "operational"),
        (Exporter.CONNECTION, "postings"),
        (Exporter.GATEWAY, "spool"),
        (Exporter.UP, "data"),
    ],
)
def test_each_shows_the_disk_of_what_it_keeps(tmp_path: Path, exporter: Exporter, place: str) -> None:
    metrics = Metrics(exporter)
    watch_disks(metrics, load_settings({"data_dir": str(tmp_path / "made later")}), exporter)
    disk = shutil.disk_usage(tmp_path)
    assert shown(metrics, "asiento_disk_size_bytes") == {place: disk.total}
    assert 0 < shown(metrics, "asiento_disk_free_bytes")[place] <= disk.total


def test_a_database_on_a_server_has_no_disk_here(tmp_path: Path) -> None:
    metrics = Metrics(Exporter.LEDGER)
    watch_disks(metrics, load_settings({"data_dir": str(tmp_path), "ledger_url": "postgresql://books@127.0.0.1/ledger"}), Exporter.LEDGER)
    assert shown(metrics, "asiento_disk_free_bytes") == {}


def test_a_process_that_keeps_nothing_has_none(tmp_path: Path) -> None:
    metrics = Metrics(Exporter.WORKER)
    watch_disks(metrics, load_settings({"data_dir": str(tmp_path)}), Exporter.WORKER)
    assert shown(metrics, "asiento_disk_size_bytes") == {}
