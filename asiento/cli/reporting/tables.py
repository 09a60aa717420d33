"""Tables of a report: the figures of every picture, and those that need none."""

from collections.abc import Iterable, Sequence

from asiento.cli.reporting.markup import Markup, element, together


def table(caption: str, columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]], total: Sequence[str] = ()) -> Markup:
    """A table; `columns` are names with whether they hold figures, which stand at the right. The first cell of a row names it."""
    head = element("tr", *(element("th", name, scope="col", **_side(figures)) for name, figures in columns))
    body = [_row(cells, columns) for cells in rows]
    foot = element("tfoot", _row(total, columns)) if total else Markup("")
    inside = together(element("caption", caption), element("thead", head), element("tbody", *body), foot)
    return element("div", element("table", inside), class_="wide")


def _row(cells: Sequence[str], columns: Sequence[tuple[str, bool]]) -> Markup:
    first, *others = zip(cells, columns, strict=True)
    name = element("th", first[0], scope="row", **_side(first[1][1]))
    return element("tr", name, *(element("td", cell, **_side(figures)) for cell, (_, figures) in others))


def _side(figures: bool) -> dict[str, str]:
    return {"class_": "n"} if figures else {}
