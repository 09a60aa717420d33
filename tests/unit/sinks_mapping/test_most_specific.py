"""Of all rules that match, the most specific one is taken; checked against the documented order, applied one by one."""

import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asiento.runtime.yaml_files import RefusedFile
from sinks.external.targets import Unmapped
from sinks.mapping.ledger_mapping import LedgerMapping
from sinks.mapping.reading import read_rules
from tests.unit.sinks_mapping.files import account_for, asked, mapping_text

ORDER = ("entity", "tax_code", "tax_rate", "category", "channel", "warehouse", "store", "currency")
VALUES = {"entity": ("A", "B"), "category": ("x", "y"), "channel": ("web", "pos"), "currency": ("EUR", "JPY")}
QUALIFIERS = ("a", "ab", "abc", "b")
DAYS = tuple(f"2026-01-0{day}" for day in range(1, 8))
CONDITIONS = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()})
QUALIFIER = st.one_of(st.none(), st.sampled_from(QUALIFIERS), st.sampled_from([f"{text}*" for text in QUALIFIERS]))
SPAN = st.one_of(
    st.just(("", "")), st.lists(st.sampled_from(DAYS), min_size=2, max_size=2, unique=True).map(lambda pair: tuple(sorted(pair)))
)


@st.composite
def some_rules(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rules of `revenue` for a few sets of conditions, so that days of the same conditions meet often."""
    bases = [
        {"role": "revenue", **conditions} | ({"qualifier": qualifier} if qualifier else {})
        for conditions, qualifier in draw(st.lists(st.tuples(CONDITIONS, QUALIFIER), min_size=1, max_size=4))
    ]
    spans = draw(st.lists(st.tuples(st.sampled_from(bases), SPAN), min_size=1, max_size=6))
    return [
        {**base, "to": str(place)} | ({"from": first, "until": end} if first else {}) for place, (base, (first, end)) in enumerate(spans)
    ]


RULES = some_rules()
POSTINGS = st.tuples(
    st.sampled_from(("", *QUALIFIERS, "abcd", "z")),
    st.fixed_dictionaries({name: st.sampled_from((*values, "CHF" if name == "currency" else "other")) for name, values in VALUES.items()}),
    st.sampled_from(DAYS),
)


def matches(rule: Mapping[str, Any], qualifier: str, values: Mapping[str, str], day: str) -> bool:
    wanted = rule.get("qualifier")
    right = wanted is None or (bool(qualifier) and (qualifier.startswith(wanted[:-1]) if wanted.endswith("*") else qualifier == wanted))
    in_time = rule.get("from", "") <= day < rule.get("until", "~")
    return right and in_time and all(values[name] == rule[name] for name in ORDER if name in rule)


def beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """The documented order, step by step."""

    def count(rule: Mapping[str, Any]) -> int:
        return sum(name in rule for name in (*ORDER, "qualifier"))

    def exactness(rule: Mapping[str, Any]) -> int:
        written = rule.get("qualifier", "*")
        return 10_000 if not written.endswith("*") else len(written) - 1

    if count(one) != count(other):
        return count(one) > count(other)
    if exactness(one) != exactness(other):
        return exactness(one) > exactness(other)
    for name in ORDER:
        if (name in one) != (name in other):
            return name in one
    return False


def loaded(folder: Path, rules: list[dict[str, str]]) -> LedgerMapping | None:
    """The mapping; None where the rules overlap or leave gaps."""
    path = folder / "m.yaml"
    path.write_text(mapping_text(rules), encoding="utf-8")
    try:
        return LedgerMapping(read_rules(path))
    except RefusedFile:
        return None


@given(rules=RULES, postings=st.lists(POSTINGS, min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_the_most_specific_rule_is_taken(
    tmp_path_factory: pytest.TempPathFactory, rules: list[dict[str, str]], postings: list[Any]
) -> None:
    mapping = loaded(tmp_path_factory.getbasetemp(), rules)
    if mapping is None:
        return
    for qualifier, values, day in postings:
        account = f"revenue:{qualifier}" if qualifier else "revenue"
        found = [rule for rule in rules if matches(rule, qualifier, values, day)]
        best = [rule for rule in found if all(rule is other or beats(rule, other) for other in found)]
        if not found:
            with pytest.raises(Unmapped):
                mapping.target(*asked(account, day=day, **values))
            continue
        assert account_for(mapping, account, day=day, **values) == best[0]["to"]


@given(rules=RULES, seed=st.integers(0, 1_000))
@settings(max_examples=150, deadline=None)
def test_files_with_the_same_content_have_one_digest(
    tmp_path_factory: pytest.TempPathFactory, rules: list[dict[str, str]], seed: int
) -> None:
    first = loaded(tmp_path_factory.getbasetemp(), rules)
    if first is None:
        return
    rng = Random(seed)
    shuffled = [dict(rng.sample(list(rule.items()), len(rule))) for rule in rng.sample(rules, len(rules))]
    path = tmp_path_factory.getbasetemp() / "other.yaml"
    lines = [
        f"# {seed}\n- " + "\n  ".join(f"{key}: {json.dumps(value)}" for key, value in _respelled(rule, rng).items()) for rule in shuffled
    ]
    path.write_text("rules:\n" + "\n".join(lines) + f"\nversion: {seed + 1}\nledger: 'xero'\nformat: 1\n", encoding="utf-8")
    assert read_rules(path).digest == first.digest
    path.write_text(mapping_text([*rules[1:], {**rules[0], "to": "another"}]), encoding="utf-8")
    assert read_rules(path).digest != first.digest


def _respelled(rule: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    return {key: {"account": value} if key == "to" and rng.random() < 0.5 else value for key, value in rule.items()}


def test_each_step_of_the_order_decides(tmp_path: Path) -> None:
    """Pairs in the documented order, each alone against each later one with as many conditions."""
    levels = [
        {"qualifier": "stripe"},
        {"qualifier": "str*"},
        {"qualifier": "s*"},
        {"entity": "ACME-ES"},
        {"channel": "web"},
        {"currency": "EUR"},
    ]
    for strong, weak in combinations(levels, 2):
        mapping = loaded(tmp_path, [{"role": "psp_clearing", **weak, "to": "weak"}, {"role": "psp_clearing", **strong, "to": "strong"}])
        assert mapping is not None
        assert account_for(mapping, "psp_clearing:stripe") == "strong"
    two = loaded(
        tmp_path, [{"role": "cash", "entity": "ACME-ES", "currency": "EUR", "to": "2"}, {"role": "cash", "qualifier": "m1", "to": "1"}]
    )
    assert two is not None
    assert account_for(two, "cash:m1") == "2"
