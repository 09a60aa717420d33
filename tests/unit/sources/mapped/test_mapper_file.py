"""Mapper files: all faults at once, with place and how to mend them; paths; mutated payloads never get through with wrong sums."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from asiento.runtime.settings import SettingsError
from asiento.runtime.yaml_files import RefusedFile
from sources.platforms.catalogue import adapter_of, adapters_with
from sources.platforms.connection import connection_from_mapping
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.mapped.editor_schema import mapper_json_schema
from sources.platforms.mapped.mapper_file import load_mapper
from sources.platforms.mapped.mappers import shipped_files
from sources.platforms.mapped.paths import BadPath, Scope, find, parse_path
from sources.platforms.payload import Node
from tests.unit.sources.mapped.test_shipped_mappers import CONNECTION, READ

GOOD = """mapper: shop
title: A shop
objects:
  order:
    order_id: id
    currency: currency
    occurred_at: at
    facts:
      - event: PaymentCaptured
        set:
          payment_id: id
          tender: {path: by, enum: {card: CARD}}
          gateway: by
          amount: amount
"""


def faults(tmp_path: Path, old: str, new: str) -> str:
    assert old in GOOD
    path = tmp_path / "shop.yaml"
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(RefusedFile) as refused:
        load_mapper(path)
    return str(refused.value).replace(f"{path}:", "")


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("gateway: by", "gatewai: by", "13:11", "the nearest is gateway"),
        ("          gateway: by\n", "", "10:9", "gateway is missing, PaymentCaptured needs it"),
        ("card: CARD", "card: KARTE", "12:37", "the nearest is CARD"),
        ("PaymentCaptured", "PaymentCapture", "9:9", "the nearest is PaymentCaptured"),
        ("PaymentCaptured", "DeadlinePassed", "9:9", "no event that a source tells"),
        ("amount: amount", "amount: items[", "14:11", "cannot be read from character 6"),
        ("amount: amount", "amount: 0.5", "14:11", 'written as text, like "0.5"'),
        ("    currency: currency\n", "", "4:3", "currency is missing"),
        ("    occurred_at: at\n", "", "8:9", "occurred_at is missing"),
        ("order_id: id", "order_idd: id", "5:5", "the nearest is order_id"),
        ("mapper: shop", "mapper: Shop A", "1:1", "lower case letters"),
        ("currency: currency", "currency: {path: a, value: b}", "6:5", "exactly one of"),
    ],
)
def test_a_fault_is_named_with_its_place_and_how_to_mend_it(tmp_path: Path, old: str, new: str, place: str, says: str) -> None:
    found = [line for line in faults(tmp_path, old, new).splitlines() if says in line]
    assert len(found) == 1
    assert found[0].startswith(place)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "gateway: by\n          amount: amount", "gatewai: by\n          amuont: amount").splitlines()) == 4


def test_a_directory_of_mappers_stands_before_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "own-vtex.yaml").write_text(GOOD.replace("shop\n", "vtex\n", 1), encoding="utf-8")
    known = adapters_with(tmp_path)
    assert [known(name) is not None for name in ("shop", "ebay", "shopify", "nobody")] == [True, True, True, False]
    assert known("vtex") is not adapter_of("vtex")
    (tmp_path / "taken.yaml").write_text(GOOD.replace("mapper: shop", "mapper: shopify"), encoding="utf-8")
    with pytest.raises(SettingsError, match="taken"):
        adapters_with(tmp_path)


PAYLOAD = {"a b": 1, "l": [{"k": "x", "v": 1}, {"k": "y", "v": 2}, None], "o": {"p": {"v": 3}}}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("'a b'", [1]),
        ("l[*].v", [1, 2]),
        ("l[k=y].v", [2]),
        ("l[k!=y].v", [1]),
        ("l[-2].v", [2]),
        ("o[*].v", [3]),
        ("$.o.p.v", [3]),
        ("@.o.p.v", [3]),
        ("nothing.at[*].all", []),
        ("^.l", []),
    ],
)
def test_paths_find(path: str, values: list[int]) -> None:
    node = Node(PAYLOAD, "")
    assert [found.value for found in find(parse_path(path), Scope(node, node))] == values


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[", "a[b]", "a b", "$a", "a[*]b", "x" * 301])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        parse_path(path)


def test_the_editors_schema_has_the_fields_of_every_event() -> None:
    schema = mapper_json_schema()
    orders = [part for part in schema["$defs"]["fact"]["allOf"] if part["if"]["properties"]["event"]["const"] == "OrderPlaced"]
    assert "lines" in orders[0]["then"]["properties"]["set"]["properties"]
    assert "gross" in schema["$defs"]["item of Line"]["properties"]["set"]["properties"]


def test_shipped_files_are_kept_by_the_editors_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    from asiento.runtime.yaml_files import load_yaml

    for path in shipped_files().values():
        jsonschema.Draft202012Validator(mapper_json_schema()).validate(load_yaml(path))


def mutated(payload: Any, rng: random.Random) -> Any:
    """The payload with one place replaced, removed or doubled."""
    copy = json.loads(json.dumps(payload))
    place: Any = copy
    for _ in range(rng.randint(0, 5)):
        key = (
            rng.choice(list(place))
            if isinstance(place, dict) and place
            else rng.randrange(len(place))
            if isinstance(place, list) and place
            else None
        )
        if key is None or not isinstance(place[key], dict | list):
            break
        place = place[key]
    if not place:
        return copy
    key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
    junk: list[Any] = [None, "", "x", -1, 0, 10**30, 1.005, "1e5", True, [], {}, [[]], {"a": []}, "9" * 400, "\ud800", "2026-02-30", 2**63]
    match rng.randrange(3):
        case 0:
            place[key] = rng.choice(junk)
        case 1:
            del place[key]
        case _ if isinstance(place, list):
            place.append(place[key])
    return copy


def fuzz(count: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        name, payload, _figures = rng.choice(READ)
        adapter = adapter_of(name)
        assert adapter is not None
        body = json.dumps(mutated(payload, rng)).encode()
        for answer in normalize(
            adapter, body, "any", Context(tenant="t", source=f"{name}:m", connection=connection_from_mapping(CONNECTION))
        ):
            for event in answer.events if isinstance(answer, Judged) else ():
                if event["type"] == "OrderPlaced":
                    added = sum(tax["amount"] for line in event["lines"] for tax in line["taxes"] if not tax["included"])
                    lines = sum(line["gross"] - line["discount"] for line in event["lines"])
                    assert lines + added - sum(each["amount"] for each in event["order_discounts"]) == event["total"]


def test_mutated_payloads_are_judged_and_never_break_a_sum() -> None:
    fuzz(1_000, 7)


@pytest.mark.soak
def test_many_mutated_payloads_are_judged_and_never_break_a_sum() -> None:
    fuzz(100_000, int(os.environ.get("SEED", "1")))
