"""Each case of the collection of outside figures is a scenario, or docs/spec/vectors.md says why it is none."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT.parent / "shared" / "vectors" / "accounting-vectors.yaml"
PAGE = ROOT / "docs" / "spec" / "vectors.md"
LIVES = Path(__file__).parent / "lives"


def test_each_outside_case_is_a_scenario_or_explained() -> None:
    if not COLLECTION.is_file():
        pytest.skip(f"the collection is not there: {COLLECTION}")
    cases = [case["id"] for case in yaml.safe_load(COLLECTION.read_text(encoding="utf-8"))["vectors"]]
    told = [path.stem.removeprefix("vector-") for path in sorted(LIVES.glob("vector-*.txt"))]
    explained = re.findall(r"^\| ([a-z0-9-]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    explained.remove("id")
    assert sorted(told + explained) == sorted(cases), "an id is missing, unknown, or in both places"


@pytest.mark.parametrize("path", sorted(LIVES.glob("vector-*.txt")), ids=lambda path: path.stem)
def test_a_vector_names_its_source(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("> Source: ")
