"""`asiento report`: every figure is what the raw rows say, the same databases give the same bytes, nothing in them becomes markup."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.main import app
from tests.projected_stream import STARTED_AT
from tests.report_comparison import compare
from tests.report_facts import Facts, Page
from tests.report_installation import NOT_BOOKED, Installation

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\u202e\x00\x1b[31m'


@pytest.fixture(autouse=True)
def _settings(day: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    _use(monkeypatch, day)


def _use(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> None:
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(installation.directory))


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", *words])


def _page(tmp_path: Path, *words: str) -> Page:
    result = _run("--out", str(tmp_path / "report.html"), *words)
    assert result.exit_code == 0, result.output
    return Page((tmp_path / "report.html").read_text(encoding="utf-8"))


def test_every_figure_is_that_of_the_raw_rows(day: Installation, tmp_path: Path) -> None:
    facts = Facts(day.operational, day.ledger)
    compare(_page(tmp_path, "--step", "1m"), facts, seconds=60)
    assert sum(not entry.booked for entry in facts.entries) == NOT_BOOKED


def test_a_range_holds_the_events_that_arrived_in_it(day: Installation, tmp_path: Path) -> None:
    facts = Facts(day.operational, day.ledger)
    start, stop = STARTED_AT + 30_000_000, STARTED_AT + 90_000_000
    page = _page(tmp_path, "--from", "2026-03-02T00:00:30Z", "--to", "2026-03-02T01:01:30+01:00")
    assert 0 < sum(facts.outcomes(start, stop).values()) < len(facts.events)
    compare(page, facts, seconds=60, start=start, stop=stop)


def test_the_same_databases_and_options_give_the_same_bytes(tmp_path: Path) -> None:
    pages = []
    for number in range(2):
        assert _run("--out", str(tmp_path / f"{number}.html")).exit_code == 0
        pages.append((tmp_path / f"{number}.html").read_bytes())
    assert pages[0] == pages[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.html", "1.html"]


def test_json_has_the_same_figures(day: Installation) -> None:
    values = json.loads(_run("--json").stdout)
    facts = Facts(day.operational, day.ledger)
    assert values["flow"]["arrived"] == len(facts.events)
    assert values["flow"]["booked"] == len(facts.entries) - NOT_BOOKED
    captured = {line["currency"]: (line["stream_captured"], line["ledger_captured"]) for line in values["money"]}
    assert captured == {currency: sums[:2] for currency, sums in facts.money().items()}


def test_a_page_loads_nothing_and_says_so_to_the_browser(tmp_path: Path) -> None:
    page = _page(tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.foreign == []
    assert "default-src &#x27;none&#x27;" in html
    assert "http://" not in html
    assert "https://" not in html
    assert page.pictures >= 8


def test_spanish_has_the_same_figures_in_its_own_way(tmp_path: Path) -> None:
    english, spanish = _page(tmp_path), _page(tmp_path, "--language", "es")
    assert "De un vistazo" in spanish.words

    def digits(page: Page) -> list[list[str]]:
        return [["".join(filter(str.isdigit, cell)) for row in rows[1:] for cell in row[1:]] for _, rows in page.tables[:2]]

    assert digits(english) == digits(spanish)
    euros = [{row[0]: row[1] for row in page.tables[3][1]} for page in (english, spanish)]
    assert euros[0]["EUR"].translate(str.maketrans(",.", ".,")) == euros[1]["EUR"]


def _copy(day: Installation, to: Path) -> Installation:
    shutil.copytree(day.directory, to)
    return Installation(to)


def test_hostile_text_stays_text(day: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = _copy(day, tmp_path / "hostile")
    with closing(sqlite3.connect(made.operational)) as database, database:
        for relation in ("discrepancy", "event_state", "dead_letter"):
            assert database.execute(f"UPDATE {relation} SET order_key = ?", (HOSTILE,)).rowcount  # noqa: S608 - names of ours
        database.execute("UPDATE discrepancy SET code = ?", (HOSTILE,))
    _use(monkeypatch, made)
    page = _page(tmp_path)
    assert page.foreign == []
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "\u202e" not in html
    assert "\x1b" not in html
    listed = {row[4] for name, rows in page.tables if name == "The oldest" for row in rows[1:]}
    assert '"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\\u202e\\u0000\\u001b[31m' in listed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM entry WHERE entry_no = 5", "5 entries are not in the ledger yet."),
        ("UPDATE posting SET amount = amount + 1 WHERE entry_no = 7", "Money in and money booked differ in "),
        ("UPDATE posting SET amount = amount + 1 WHERE entry_no = 7 AND line = 1", "Debits and credits differ in "),
        ("UPDATE entry SET entry_id = 'foreign' WHERE entry_no = 3", "1 entries of the ledger are not projected, 0 rows are doubled."),
    ],
)
def test_a_planted_difference_is_said_first(
    day: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: str, said: str
) -> None:
    made = _copy(day, tmp_path / "planted")
    with closing(sqlite3.connect(made.ledger)) as ledger, ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        assert ledger.execute(change).rowcount
    _use(monkeypatch, made)
    assert any(words.startswith(said) for words in _page(tmp_path).words)


def test_a_doubled_row_of_the_ledger_is_counted(day: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = _copy(day, tmp_path / "doubled")
    with closing(sqlite3.connect(made.ledger)) as ledger, ledger:
        for kind, name in ledger.execute(
            "SELECT type, name FROM sqlite_master WHERE type = 'trigger' OR name IN ('entry_once', 'entry_reversed_once')"
        ).fetchall():
            ledger.execute(f"DROP {kind} {name}")
        columns = [row[1] for row in ledger.execute("PRAGMA table_info(entry)") if row[1] != "entry_no"]
        listed = ", ".join(columns)
        ledger.execute(f"INSERT INTO entry (entry_no, {listed}) SELECT 100000, {listed} FROM entry WHERE entry_no = 1")  # noqa: S608
    _use(monkeypatch, made)
    assert "0 entries of the ledger are not projected, 1 rows are doubled." in _page(tmp_path).words


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--language", "fr"), 2),
        (("--from", "yesterday"), 2),
        (("--from", "2026-03-03", "--to", "2026-03-02"), 2),
        (("--step", "0m"), 2),
        (("--step", "1s", "--as-of", "2026-03-02"), 2),
        (("--out", "missing/report.html"), 1),
        (("--prometheus", "ftp://x"), 1),
        (("--prometheus", "http://127.0.0.1:9"), 3),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(words: tuple[str, ...], code: int) -> None:
    result = _run(*words)
    assert getattr(result.exception, "exit_code", None) == code


def test_without_an_operational_database_it_says_what_makes_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path))
    result = _run()
    assert getattr(result.exception, "exit_code", None) == 3
    assert "asiento sinks run projector" in str(result.exception)


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert _run("--dry-run").exit_code == 0
    assert list(tmp_path.iterdir()) == []
