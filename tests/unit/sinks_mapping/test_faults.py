"""Overlaps and gaps equal what trying every posting on every day finds."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from sinks.mapping import faults, reading
from sinks.mapping.rules import MappingRules
from tests.unit.sinks_mapping.files import mapping_text
from tests.unit.sinks_mapping.test_most_specific import DAYS, QUALIFIERS, RULES, VALUES, beats, matches

FRESH = "~fresh"


def _read(folder: Path, rules: list[dict[str, str]]) -> MappingRules:
    path = folder / "m.yaml"
    path.write_text(mapping_text(rules), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "overlaps", lambda rules: [])
        patch.setattr(reading, "gaps", lambda rules: [])
        return reading.read_rules(path)


def _postings() -> list[tuple[str, dict[str, str]]]:
    named = [[(name, value) for value in (*values, FRESH)] for name, values in VALUES.items()]
    return [(qualifier, dict(pairs)) for qualifier in ("", *QUALIFIERS, "abcd", FRESH) for pairs in product(*named)]


POSTINGS = _postings()


@given(rules=RULES)
@settings(max_examples=60, deadline=None)
def test_overlaps_are_those_of_brute_force(tmp_path_factory: pytest.TempPathFactory, rules: list[dict[str, str]]) -> None:
    tried: set[tuple[int, int]] = set()
    for (qualifier, values), day in product(POSTINGS, DAYS):
        found = [place for place, rule in enumerate(rules) if matches(rule, qualifier, values, day)]
        tried |= {
            (one, other)
            for one in found
            for other in found
            if one < other and not beats(rules[one], rules[other]) and not beats(rules[other], rules[one])
        }
    told = {(fault.other_line - 5, fault.line - 5) for fault in faults.overlaps(_read(tmp_path_factory.getbasetemp(), rules).rules)}
    assert told <= tried
    assert {place for _, place in tried} | {place for place, _ in tried} == {place for pair in told for place in pair}


def _holes(rules: list[dict[str, str]], qualifier: str, values: dict[str, str]) -> set[str]:
    """Days without a rule between days with one."""
    days = ("2025-12-31", *DAYS, "2026-01-08")
    held = [any(matches(rule, qualifier, values, day) for rule in rules) for day in days]
    first, last = held.index(True), len(held) - held[::-1].index(True)
    return {day for day, is_held in zip(days[first:last], held[first:last], strict=True) if not is_held}


def _posting_of(rule: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A posting with nothing in common with rules but the conditions of this one."""
    written = rule.get("qualifier", "*")
    qualifier = written[:-1] + FRESH if written.endswith("*") else written
    return qualifier, {name: rule.get(name, FRESH) for name in VALUES}


@pytest.mark.parametrize("rows", [1, 400], ids=["few-scopes", "many-scopes"])
def test_what_covers_a_scope_is_found_either_way(tmp_path: Path, rows: int) -> None:
    """Few scopes are compared one by one, of many only those are asked for that could cover."""
    gap = [{"role": "revenue", "qualifier": "ab", "entity": "A", "until": "2026-01-02", "to": "1"}]
    gap += [{"role": "revenue", "qualifier": "ab", "entity": "A", "from": "2026-01-05", "to": "2"}]
    others = [{"role": "revenue", "qualifier": f"z{place}", "to": "3"} for place in range(rows)]
    (fault,) = faults.gaps(_read(tmp_path, [*gap, *others]).rules)
    assert (fault.field, fault.other_line) == ("rules[1]", 5)
    for cover in ({}, {"qualifier": "a*"}, {"entity": "A"}, {"qualifier": "ab*", "entity": "A"}):
        assert faults.gaps(_read(tmp_path, [*gap, *others, {"role": "revenue", **cover, "to": "4"}]).rules) == []
    for beside in ({"qualifier": "b*"}, {"qualifier": "abc*"}, {"entity": "B"}, {"currency": "EUR"}):
        assert len(faults.gaps(_read(tmp_path, [*gap, *others, {"role": "revenue", **beside, "to": "4"}]).rules)) == 1


@given(rules=RULES)
@settings(max_examples=200, deadline=None)
def test_gaps_are_those_of_brute_force(tmp_path_factory: pytest.TempPathFactory, rules: list[dict[str, str]]) -> None:
    tried = set().union(*[_holes(rules, *_posting_of(rule)) for rule in rules])
    told = faults.gaps(_read(tmp_path_factory.getbasetemp(), rules).rules)
    days: set[Any] = set()
    for fault in told:
        words = fault.message.split()
        first, end = words[words.index("from") + 1], words[words.index("until") + 1].rstrip(":")
        days |= {day for day in DAYS if first <= day < end}
    assert days == tried
