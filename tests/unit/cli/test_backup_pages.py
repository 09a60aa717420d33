"""docs/backup.md and docs/replay.md say what is so: commands, options, files; and what the commands refuse without a broker."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.main import app
from asiento.runtime.settings import SettingsError
from sinks.backup import manifest

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("backup", "replay")}
COMMANDS = [
    line.strip()
    for page in PAGES.values()
    for block in re.findall(r"```\n(.*?)```", page, re.DOTALL)
    for line in block.strip().splitlines()
]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_commands_have_the_words_that_the_pages_use(command: str) -> None:
    """Those of the drill are run for real in tests/integration/test_backup.py."""
    program, *words = shlex.split(command)
    assert program == "asiento"
    named = words[:2] if words[0] == "operational" else words[:1]
    help_page = _run(*named, "--help")
    assert help_page.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in help_page.stdout


@pytest.mark.parametrize("name", ["backup", "restore", "replay"])
def test_every_option_is_on_its_page(name: str) -> None:
    page = PAGES["replay" if name == "replay" else "backup"]
    options = set(re.findall(r"(--[a-z-]+)", _run(name, "--help").stdout)) - {"--help"}
    told = {"replay": {"--dry-run"}, "restore": {"--json"}}.get(name, set())
    assert {option for option in options if f"{option}" not in page} <= told


def test_every_file_of_a_backup_is_on_the_page() -> None:
    names = (manifest.MANIFEST, manifest.LEDGER, manifest.OPERATIONAL_SQLITE, manifest.OPERATIONAL_DUMP, manifest.HEADS)
    for name in (*names, manifest.POSITIONS, manifest.TRIAL_BALANCE, "policy.json", "policy.yaml", "settings.json"):
        assert f"`{name}`" in PAGES["backup"]


def test_a_backup_that_is_none_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = _run("restore", str(tmp_path / "empty"), "--into", str(tmp_path / "data"))
    assert isinstance(result.exception, CommandError)
    assert "so it is no backup" in str(result.exception)


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (("restore", "b", "--into", "d", "--operational-url", "sqlite:///x", "--without-operational"), UsageError, "exclude each other"),
        (("replay", "--into", "postgresql://x"), UsageError, "sqlite:///PATH is expected"),
        (("replay", "--into", "sqlite:///.asiento/ledger.sqlite"), UsageError, "names the ledger itself"),
        (("replay", "--into", "sqlite:///s", "--offsets", "1"), UsageError, "PARTITION:START-END"),
        (("replay", "--into", "sqlite:///s", "--policy", "none.yaml"), SettingsError, "none.yaml"),
        (("backup", "b"), SettingsError, "no broker is named"),
        (("backup", "b", "--offline"), CommandError, "no ledger there yet"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(words: tuple[str, ...], kind: type[Exception], said: str, tmp_path: Path) -> None:
    result = _run(*words)
    assert isinstance(result.exception, kind), result.output
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []
