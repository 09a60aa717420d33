"""Room on the disks that a process writes to, asked whenever it is scraped: a disk that fills is seen before anything suffers from it."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from asiento.runtime.database_urls import POSTGRESQL_PREFIX, SQLITE_PREFIX
from asiento.runtime.metrics.catalogue import Metrics
from asiento.runtime.metrics.declaring import Exporter
from asiento.runtime.settings import Settings


def watch_disks(metrics: Metrics, settings: Settings, exporter: Exporter) -> None:
    """Show free bytes and size of each file system on which this kind of process keeps something; a database elsewhere has none here."""
    for place, path in _places(settings, exporter).items():
        metrics.disk_free_bytes.labels(place).set_function(partial(_of_disk, path, lambda disk: disk.f_bavail * disk.f_frsize))
        metrics.disk_size_bytes.labels(place).set_function(partial(_of_disk, path, lambda disk: disk.f_blocks * disk.f_frsize))


def _places(settings: Settings, exporter: Exporter) -> Mapping[str, Path]:
    """What it keeps -> where; `data` is the data directory with a local broker in it."""
    match exporter:
        case Exporter.LEDGER:
            return _file("ledger", settings.ledger_location)
        case Exporter.PROJECTOR:
            return _file("operational", settings.operational_location)
        case Exporter.CONNECTION:
            return _file("postings", settings.postings_location)
        case Exporter.GATEWAY:
            return {"spool": settings.gateway_spool}
        case Exporter.UP:
            return {"data": settings.data_dir}
        case _:
            return {}


def _file(place: str, url: str) -> Mapping[str, Path]:
    return {} if url.startswith(POSTGRESQL_PREFIX) else {place: Path(url.removeprefix(SQLITE_PREFIX))}


def _of_disk(path: Path, figure: Callable[[os.statvfs_result], int]) -> float:
    """Of the file system of the nearest folder that exists; NaN where it cannot be asked: no scrape fails for it."""
    absolute = path.absolute()
    try:
        nearest = next(one for one in (absolute, *absolute.parents) if one.exists())
        return figure(os.statvfs(nearest))
    except OSError:
        return float("nan")
