"""CSV and TSV files: orders out of groups of rows, and nothing at all out of a file whose control totals differ."""

from pathlib import Path

import pytest

from sources.platforms.connection import DEFAULT_CONNECTION
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.mapped.mappers import adapter_from
from sources.platforms.outcome import Nothing, Problem

MAPPER = """
mapper: export
title: Nightly export
zone: Europe/Madrid
delimited:
  delimiter: ";"
  decimal_sign: ","
  thousands_sign: "."
  encoding: ENCODING
  numbers: [Amount, Units]
  group: {by: [Order], header: [Date, Currency, Total]}
  control_row: {where: {Type: TOTAL}, rows: Units, sums: {Amount: Amount}}
objects:
  order:
    order_id: Order
    currency: Currency
    occurred_at: {path: Date, time: DD/MM/YYYY}
    facts:
      - event: OrderPlaced
        set:
          prices_include_tax: false
          lines:
            - each: rows[*]
              set:
                line_id: {text: "{@.file.sha256}:{#}"}
                description: {path: Text, default: ""}
                quantity: Units
                gross: Amount
          total: {path: "rows[*].Amount"}
"""
ROWS = (
    "Type;Order;Date;Currency;Text;Units;Amount;Total",
    'LINE;A1;05/03/2026;EUR;"Café; blue";1;1.234,50;x',
    "LINE;B2;05/03/2026;EUR;Tea;2;6,00;y",
    "LINE;A1;05/03/2026;EUR;Milk;1;0,50;x",
    "TOTAL;;;;;3;1.241,00;",
)


def read(tmp_path: Path, rows: tuple[str, ...] = ROWS, encoding: str = "utf-8") -> tuple[Judged | Nothing | Problem, ...]:
    path = tmp_path / "export.yaml"
    path.write_text(MAPPER.replace("ENCODING", encoding), encoding="utf-8")
    context = Context(tenant="acme", source="export:main", connection=DEFAULT_CONNECTION)
    body = ("\ufeff" if encoding == "utf-8" else "") + "\r\n".join(rows) + "\r\n"
    return normalize(adapter_from(path), body.encode(encoding), "file", context)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_rows_become_orders(tmp_path: Path, encoding: str) -> None:
    answers = read(tmp_path, encoding=encoding)
    orders = [event for answer in answers if isinstance(answer, Judged) for event in answer.events]
    assert [(order["order_id"], order["total"], order["occurred_at"]) for order in orders] == [
        ("A1", 123_500, "2026-03-04T23:00:00Z"),
        ("B2", 600, "2026-03-04T23:00:00Z"),
    ]
    assert [(line["line_id"][64:], line["gross"], line["description"]) for line in orders[0]["lines"]] == [
        (":1", 123_450, "Café; blue"),
        (":3", 50, "Milk"),
    ]


def changed(number: int, old: str, new: str) -> tuple[str, ...]:
    assert old in ROWS[number]
    return (*ROWS[:number], ROWS[number].replace(old, new), *ROWS[number + 1 :])


@pytest.mark.parametrize(
    ("rows", "code", "pointer"),
    [
        (ROWS[:-1], "hold_discrepancy", "/rows"),
        ((*ROWS, ROWS[-1]), "hold_discrepancy", "/rows"),
        ((*ROWS[:3], ROWS[4]), "hold_discrepancy", "/rows/3/Units"),
        (changed(2, "6,00", "6,01"), "hold_discrepancy", "/rows/4/Amount"),
        (changed(2, "6,00", "6.00"), "reject_malformed", "/rows/2/Amount"),
        (changed(2, ";y", ""), "reject_malformed", "/rows/2"),
        (changed(0, "Currency", "Money"), "reject_malformed", "/header"),
        (changed(0, "Text", "Type"), "reject_malformed", "/header"),
        (changed(2, "Tea", '"Tea'), "reject_malformed", "/rows/2"),
    ],
    ids=["cut off", "two totals", "a row is missing", "sum", "sign", "cells", "column", "column twice", "quote"],
)
def test_a_file_that_is_not_whole_releases_nothing(tmp_path: Path, rows: tuple[str, ...], code: str, pointer: str) -> None:
    (answer,) = read(tmp_path, rows)
    assert isinstance(answer, Problem)
    assert (answer.code, answer.pointer) == (code, pointer)


def test_rows_of_one_order_that_disagree_are_held_and_the_others_are_read(tmp_path: Path) -> None:
    first, second = read(tmp_path, changed(3, "EUR", "USD"))
    assert isinstance(first, Problem)
    assert (first.code, first.pointer) == ("hold_discrepancy", "/rows/3/Currency")
    assert isinstance(second, Judged)
