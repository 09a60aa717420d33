"""The file of connections: what it says, and all that can be wrong with it at once."""

from pathlib import Path

import pytest

from asiento.runtime.settings import SettingsError
from asiento.runtime.yaml_files import RefusedFile
from sinks.external.capabilities import CallLimits
from sinks.external.connections import ClosedPeriods, Connection, Mode, Posting, load_connections

GOOD = """
connections:
  books-es:
    kind: tryton
    base_url: https://erp.example/
    entities: [ACME-ES, ACME-PT]
    currencies: [EUR]
    mode: documents
    posting: summary
    summary_closes_after_hours: 12
    closed_periods: next_open
    reconcile_every_hours: 12
    reconcile_days: 62
    mapping: es.yaml
    limits: {per_minute: 30}
    secrets: {api_key: key.txt}
    options: {company: "1"}
  files: {kind: beancount}
"""


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "connections.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_connection_says_everything(tmp_path: Path) -> None:
    found = load_connections(_file(tmp_path, GOOD))
    assert found == {
        "books-es": Connection(
            name="books-es",
            kind="tryton",
            base_url="https://erp.example",
            entities=frozenset({"ACME-ES", "ACME-PT"}),
            currencies=frozenset({"EUR"}),
            mode=Mode.DOCUMENTS,
            posting=Posting.SUMMARY,
            summary_closes_after_hours=12,
            closed_periods=ClosedPeriods.NEXT_OPEN,
            reconcile_every_hours=12,
            reconcile_days=62,
            mapping=tmp_path / "es.yaml",
            limits=CallLimits(per_minute=30),
            secrets={"api_key": tmp_path / "key.txt"},
            options={"company": "1"},
        ),
        "files": Connection(name="files", kind="beancount"),
    }


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("books-es:", "Books ES:", "connections.Books ES"),
        ("books-es:", "sqlite:", "connections.sqlite"),
        ("kind: tryton", "knid: tryton", "connections.books-es.knid"),
        ("https://erp.example/", "http://erp.example/", "connections.books-es.base_url"),
        ("https://erp.example/", "https://user:pw@erp.example/", "connections.books-es.base_url"),
        ("reconcile_days: 62", "reconcile_days: 0", "connections.books-es.reconcile_days"),
        ("mode: documents", "mode: both", "connections.books-es.mode"),
        ("closes_after_hours: 12", "closes_after_hours: 1000", "connections.books-es.summary_closes_after_hours"),
        ("{per_minute: 30}", "{per_hour: 30}", "connections.books-es.limits.per_hour"),
        ("{per_minute: 30}", "{per_minute: 0}", "connections.books-es.limits.per_minute"),
        ('company: "1"', "company: 1", "connections.books-es.options.company"),
        ("[ACME-ES, ACME-PT]", "ACME-ES", "connections.books-es.entities"),
        ("secrets: {api_key: key.txt}", "secrets: key.txt", "connections.books-es.secrets"),
    ],
)
def test_a_fault_is_named_by_its_place(tmp_path: Path, right: str, wrong: str, place: str) -> None:
    assert GOOD.count(right) == 1
    with pytest.raises(RefusedFile) as refused:
        load_connections(_file(tmp_path, GOOD.replace(right, wrong)))
    assert f" {place}: " in str(refused.value)
    assert "pw" not in str(refused.value)


def test_http_goes_to_this_machine_only(tmp_path: Path) -> None:
    found = load_connections(_file(tmp_path, GOOD.replace("https://erp.example/", "http://127.0.0.1:8000/")))
    assert found["books-es"].base_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("text", ["connections: {}", "connection: {}", "connections: [a]"])
def test_a_file_without_connections_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusedFile, match="a mapping of"):
        load_connections(_file(tmp_path, text))


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        load_connections(tmp_path / "none.yaml")
