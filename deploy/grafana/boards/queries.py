"""PromQL that several boards ask, and the limits that all of them draw."""

from collections import defaultdict
from typing import Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from deploy.grafana.boards.levels import NOT_MEASURED
from deploy.prometheus.alerts.objectives import FRESH_SECONDS, OBJECTIVES

FRESHNESS_OBJECTIVE: Final = next(one for one in OBJECTIVES if one.name == "freshness")
OURS: Final = 'job=~"asiento-.+"'
USUAL_EXPONENT: Final = 2


def or_none(expression: str) -> str:
    """The figures, or one 0 where there is no series: of counters that begin with their first case."""
    return f"{expression} or on() vector(0)"


def verdict(expression: str) -> str:
    """The figure, or `NOT_MEASURED` where there is none: a verdict that is missing must not look like a good one."""
    return f"({expression}) or vector({NOT_MEASURED})"


def worst(**figures: str) -> str:
    """The largest of several figures, each a vector of one element without labels or of none."""
    named = [f'label_replace({figure}, "of", "{name}", "", "")' for name, figure in figures.items()]
    return f"max({' or '.join(named)})"


def seconds_since(timestamp: str, by: str = "", matchers: str = "") -> str:
    """How long ago something was done last; goes on growing for an hour when the process that tells is dead, as that is when it matters."""
    newest = f"max_over_time({timestamp}{{{matchers}}}[1h])" if matchers else f"max_over_time({timestamp}[1h])"
    return f"time() - max by ({by}) ({newest})" if by else f"time() - max({newest})"


def in_major_units(metric: str, matchers: str = "") -> str:
    """Money in the units people speak of (euros, not cents); by the decimals of each currency. For looking at, not for reckoning."""
    by_exponent: dict[int, list[str]] = defaultdict(list)
    for code, exponent in CURRENCY_EXPONENTS.items():
        by_exponent[exponent].append(code)
    unusual = {exponent: "|".join(sorted(codes)) for exponent, codes in sorted(by_exponent.items()) if exponent != USUAL_EXPONENT}
    others = f"{matchers}, " if matchers else ""
    parts = [f'{metric}{{{others}currency!~"{"|".join(unusual.values())}"}} / {10**USUAL_EXPONENT}']
    for exponent, codes in unusual.items():
        parts.append(f'{metric}{{{others}currency=~"{codes}"}} / {10**exponent}')
    return f"({' or '.join(parts)})"


def share_booked_in_time(window: str) -> str:
    """Share of entries booked within the objective's seconds; empty where none was booked."""
    in_time = f'asiento_booked_age_seconds_bucket{{le="{FRESH_SECONDS}.0"}}'
    return f"sum(increase({in_time}[{window}])) / (sum(increase(asiento_booked_age_seconds_count[{window}])) > 0)"


def burn(window: str) -> str:
    """How many times faster than planned the objective's budget is used up; 0 where nothing was booked."""
    return f"(1 - {share_booked_in_time(window)}) / {FRESHNESS_OBJECTIVE.budget:g} or vector(0)"


def quantile(share: str, histogram: str, matchers: str = "", by: str = "") -> str:
    """A quantile of what was observed in the time of one point."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({histogram}_bucket{{{matchers}}}[$__rate_interval])))"


def per_second(counter: str, by: str, matchers: str = "") -> str:
    """Growth of a counter per second."""
    return f"sum by ({by}) (rate({counter}{{{matchers}}}[$__rate_interval]))"


def in_each_point(counter: str, by: str, matchers: str = "") -> str:
    """Growth of a counter in the time of one point: for what is rare."""
    return f"sum by ({by}) (increase({counter}{{{matchers}}}[$__rate_interval]))"
