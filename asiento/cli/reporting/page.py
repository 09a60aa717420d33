"""The whole page: one file, nothing loaded from elsewhere, no script; the same figures give the same bytes."""

from typing import Final

from asiento import __version__
from asiento.cli.reporting.glance import sentences
from asiento.cli.reporting.markup import Markup, document, element, style, together
from asiento.cli.reporting.numbers import time_text
from asiento.cli.reporting.prometheus import Seen
from asiento.cli.reporting.sections import (
    balance_section,
    flow_section,
    money_section,
    open_section,
    outcomes_section,
    outside_section,
    prometheus_section,
    section,
    time_section,
)
from asiento.cli.reporting.words import say
from schemas.wording.language import Language
from sinks.report.figures import Figures

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE: Final = """
body{margin:0 auto;max-width:66rem;padding:1.5rem;background:#fff;color:#1b1f24;font:15px/1.5 system-ui,"Liberation Sans",sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;padding-top:.8rem;border-top:2px solid #1b1f24}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.3rem 0}
.note,.places{color:#424a53}
.places{font-size:.87rem}
ul.glance{list-style:none;padding:0;margin:.6rem 0}
ul.glance li{display:flex;gap:.7rem;padding:.35rem .6rem;margin:.25rem 0;border-left:6px solid #1a6b4f;background:#f1f8f4}
ul.glance li.look{border-color:#b3261e;background:#fdf3f2}
ul.glance b{min-width:3.2rem}
.wide{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.87rem;font-variant-numeric:tabular-nums;min-width:30rem}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{padding:.22rem .7rem .22rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #d0d7de;overflow-wrap:break-word}
td:last-child{overflow-wrap:anywhere}
th{font-weight:600}
tbody th{font-weight:400}
th.n,td.n{text-align:right;white-space:nowrap;padding-right:1rem}
tfoot th,tfoot td{font-weight:600;border-top:2px solid #1b1f24}
svg.picture{display:block;width:100%;height:auto;margin:.5rem 0}
svg.picture text{font:13px system-ui,"Liberation Sans",sans-serif;fill:#1b1f24}
svg.picture text.strong{font-weight:600}
@media print{
body{max-width:none;padding:0;font-size:10pt}
h2{break-after:avoid}
svg.picture,tr,ul.glance li{break-inside:avoid}
thead{display:table-header-group}
.wide{overflow:visible}
table{font-size:7.5pt;min-width:0}
th,td{padding:.12rem .4rem .12rem 0}
th.n,td.n{padding-right:.4rem}
thead th.n{white-space:normal}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
@page{margin:14mm}
}
"""


def report_page(figures: Figures, language: Language, seen: Seen | None = None) -> str:
    """The page as HTML; `seen`: what Prometheus said, if it was asked."""
    title = f"asiento: {say('title', language)}"
    head = together(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"asiento {__version__}"),
        element("title", title),
        style(_STYLE),
    )
    parts = [
        _opening(figures, language),
        flow_section(figures, language),
        time_section(figures, language),
        outcomes_section(figures, language),
        money_section(figures, language),
        open_section("discrepancies", figures.discrepancies, figures.as_of, language, runbooks=True),
        open_section("parked", figures.parked, figures.as_of, language, runbooks=True),
        open_section("dead_letters", figures.dead_letters, figures.as_of, language, runbooks=False),
        balance_section(figures.balances, language),
        outside_section(figures, language),
    ]
    if seen is not None:
        parts.append(prometheus_section(seen, figures.as_of, language))
    return document(language, head, element("main", *parts))


def _opening(figures: Figures, language: Language) -> Markup:
    found = [
        element(
            "li",
            element("b", say("good" if one.good else "look", language)),
            element("span", one.words),
            class_="good" if one.good else "look",
        )
        for one in sentences(figures, language)
    ]
    places = "; ".join(f"{say(name, language)} {place or say('not_there', language)}" for name, place in figures.places.items())
    return together(
        element("h1", say("title", language)),
        element("p", f"{_range(figures, language)} {say('as_of', language, at=time_text(figures.as_of))}"),
        element("p", say("state", language), class_="note"),
        element("p", f"{say('read_from', language)}: {places}.", class_="places"),
        section(say("at_a_glance", language), element("ul", *found, class_="glance")),
    )


def _range(figures: Figures, language: Language) -> str:
    start, stop = figures.range
    if start is None and stop is None:
        return say("all", language)
    first = say("beginning", language) if start is None else time_text(start)
    return say("range", language, start=first, stop=say("end", language) if stop is None else time_text(stop))
