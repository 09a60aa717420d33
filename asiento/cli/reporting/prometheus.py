"""What a Prometheus knew at one time: processes that answer, lag by group, restarts. Its numbers are kept as it wrote them."""

from dataclasses import dataclass

from asiento.cli.prometheus_questions import ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Rows of text, ordered: (job, answering, known), (group, records, seconds), (process, restarts)."""

    url: str
    jobs: tuple[tuple[str, str, str], ...]
    lags: tuple[tuple[str, str, str], ...]
    restarts: tuple[tuple[str, str], ...]


def ask_prometheus(url: str, at: int) -> Seen:
    """Ask about the time `at` (UTC microseconds). Raises `Unreachable`, and `CommandError` where something else answers."""

    def by(name: str, query: str) -> dict[str, str]:
        return {labels.get(name, ""): value for labels, value in ask(url, query, at)}

    up, known = by("job", "sum by (job) (up)"), by("job", "count by (job) (up)")
    records = by("group", "sum by (group) (asiento_group_lag_records)")
    seconds = by("group", "max by (group) (asiento_group_lag_seconds)")
    restarts = by("process", "sum by (process) (asiento_process_restarts_total)")
    return Seen(
        url=url,
        jobs=tuple((job, up.get(job, ""), number) for job, number in sorted(known.items())),
        lags=tuple((group, number, seconds.get(group, "")) for group, number in sorted(records.items())),
        restarts=tuple(sorted(restarts.items())),
    )
