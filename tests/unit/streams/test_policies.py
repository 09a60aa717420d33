"""The worker's policies: the file's faults with their lines, and what the log says of each version."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from asiento.accounting.policy import DEFAULT_POLICIES, Policy
from asiento.runtime.logging import configure_logging
from asiento.runtime.settings import load_settings
from asiento.runtime.yaml_files import RefusedFile
from schemas.policy_digest import policy_digest
from schemas.policy_keys import POLICY_KEYS
from streams.policies import load_policies, log_policies

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(load_settings({"log_format": "json"}), "streams", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_without_a_file_it_is_version_1_with_its_defaults() -> None:
    assert load_policies(None) is DEFAULT_POLICIES


def test_faults_of_keys_and_of_values_come_together_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("versions:\n  - version: 1\n    channels: {amazon: {charges: x, charges: last_shipment}}\n    taxtolerance: 1\n")
    with pytest.raises(RefusedFile) as refused:
        load_policies(path)
    assert str(refused.value).splitlines() == [
        f"{path}:3:25: versions[0].channels.amazon.charges: 'x' is not one of pro_rata_value, first_shipment, last_shipment",
        f"{path}:3:37: versions[0].channels.amazon.charges: is there twice, first in line 3: keep one of them",
        f"{path}:4:5: versions[0].taxtolerance: there is no such key; the nearest is tax_tolerance",
    ]


def test_a_key_that_is_there_twice_is_refused_even_if_all_values_are_right(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("discounts: net\ndiscounts: contra\n")
    with pytest.raises(RefusedFile, match="discounts: is there twice"):
        load_policies(path)


def test_the_log_tells_each_version_and_its_digest(tmp_path: Path, log_lines: io.StringIO) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("versions:\n  - version: 1\n  - {version: 2, in_force_from: 2027-01-01T00:00:00-06:00, discounts: net}\n")
    policies = load_policies(path)
    log_policies(path, policies)
    log_policies(None, DEFAULT_POLICIES)
    shown, default = [json.loads(line) for line in log_lines.getvalue().splitlines()]
    first = {"version": 1, "in_force_from": None, "digest": policy_digest(0, Policy())}
    since, second = policies.versions[1]
    digest = policy_digest(since, second)
    assert (shown["event"], shown["file"]) == ("policy_loaded", str(path))
    assert shown["versions"] == [first, {"version": 2, "in_force_from": "2027-01-01T06:00:00Z", "digest": digest}]
    assert (default["file"], default["versions"]) == (None, [first])


def test_the_example_file_is_in_order_and_states_every_default() -> None:
    policies = load_policies(DOCS / "policy.example.yaml")
    (_, first), (since, second) = policies.versions
    assert first == Policy()
    text = (DOCS / "policy.example.yaml").read_text(encoding="utf-8")
    assert all(f"    {name}: " in text.partition("version: 2")[0] for name in POLICY_KEYS if name != "version")
    assert policies.in_force_at(since).for_channel("amazon").charges == "first_shipment"
    assert second.business_date("acme-mx", 0) == "1969-12-31"


def test_the_page_names_every_key_with_its_default() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    rows = [[cell.strip("` ") for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| `")]
    told = {row[0]: row[-1] for row in rows if row[0] in POLICY_KEYS}
    assert told == {name: str(getattr(Policy(), name)) for name in POLICY_KEYS}
    bounds = {row[0]: row[2] for row in rows if len(row) == 4}
    schemas = {name: POLICY_KEYS[name].rule.schema() for name in bounds}
    assert bounds == {name: f"{schema['minimum']}, {schema['maximum']}" for name, schema in schemas.items()}
    assert re.findall(r"digest: (p1:\w+)", page) == [policy_digest(0, Policy())]
