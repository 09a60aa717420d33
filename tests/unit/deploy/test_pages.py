"""docs/deployment.md, upgrades.md and capacity.md name only what exists: files, sections, settings, profiles, secrets, make targets."""

import re
from pathlib import Path

import pytest

from asiento.runtime.settings import ENVIRONMENT_PREFIX, Settings
from tests.compose_file import ROOT, compose_file
from tests.kubernetes_files import KUBERNETES

PAGES = [ROOT / "docs" / name for name in ("deployment.md", "upgrades.md", "capacity.md")]
PLACES = (ROOT, KUBERNETES)


def faults_of(page: Path, text: str) -> list[str]:
    """What a page names that is not there."""
    found = []
    for name, anchor in re.findall(r"\]\(([^)#\s]+)(#[^)]*)?\)", text):
        target = page.parent / name
        if not target.exists():
            found.append(f"{name} does not exist")
        elif anchor and anchor not in {
            _anchor(head) for head in re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        }:
            found.append(f"{name} has no section {anchor}")
    paths = re.findall(r"`((?:tests|deploy|components|overlays)/[^`\s]+)", text)
    found += [f"{path} does not exist" for path in paths if not any((place / path).exists() for place in PLACES)]
    known = {ENVIRONMENT_PREFIX + field.upper() for field in Settings.model_fields}
    found += [f"{name} is no setting" for name in re.findall(r"ASIENTO_[A-Z_]*[A-Z](?!\w|\*)", text) if name not in known]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    found += [
        f"make {name} is no target" for name in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)(?=[`,\s]*[`#])", text) if name not in targets
    ]
    profiles = {profile for service in compose_file()["services"].values() for profile in service.get("profiles", [])}
    found += [f"{name} is no profile" for name in re.findall(r"--profile (\w+)", text) if name not in profiles]
    return found


def _anchor(heading: str) -> str:
    return "#" + re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_names_only_what_exists(page: Path) -> None:
    assert faults_of(page, page.read_text(encoding="utf-8")) == []


def test_what_does_not_exist_is_found() -> None:
    text = (
        "[a](backp.md) [b](backup.md#the-dril) `deploy/kubernets` ASIENTO_METRIC_PORT `make soak-deply` `docker compose --profile obss up`"
    )
    assert faults_of(PAGES[0], text) == [
        "backp.md does not exist",
        "backup.md has no section #the-dril",
        "deploy/kubernets does not exist",
        "ASIENTO_METRIC_PORT is no setting",
        "make soak-deply is no target",
        "obss is no profile",
    ]


def test_the_secrets_that_the_page_makes_have_the_keys_of_its_table() -> None:
    text = PAGES[0].read_text(encoding="utf-8").replace("\\\n", " ")
    made = {name: set(re.findall(r"--from-literal=(\w+)=", rest)) for name, rest in re.findall(r"create secret generic (\S+)(.*)", text)}
    rows = {row[1].strip(" `"): set(re.findall(r"`([\w.-]+)`", row[2])) for row in map(_cells, text.splitlines()) if len(row) > 3}
    assert set(made) == {"postgres", "asiento-database-owner", "asiento-database"}
    assert all(keys == rows[name] for name, keys in made.items())


def _cells(line: str) -> list[str]:
    return line.split("|")
