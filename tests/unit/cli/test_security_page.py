"""docs/security.md says what is so: rights, settings, commands, and what dead letters keep."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from asiento.cli.acls import command_lines, wanted_acls
from asiento.cli.diagnosing.machine import check_secrets
from asiento.cli.exits import UsageError
from asiento.cli.main import app
from asiento.runtime import log_events
from asiento.runtime.acl_admin import OPERATIONS, PATTERNS, RESOURCES
from asiento.runtime.settings import Settings, load_settings
from schemas.access_rights import CLUSTER, COMPONENTS, CONNECTOR, INTERNAL_TOPICS, Right, rights_of
from schemas.kept_headers import KEPT, is_kept
from schemas.topics import catalogue

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "security.md").read_text(encoding="utf-8")
BEGIN, END = "<!-- rights: begin (checked by a test) -->\n", "<!-- rights: end -->"
WRITERS = {
    "producers": "producer",
    "events send": "producer",
    "gateway": "gateway",
    "normalizer": "normalizer",
    "fetcher": "fetcher",
    "sweeper": "sweeper",
    "dlq": "operator",
    "discrepancies": "operator",
    "events": "operator",
    "order worker": "worker",
    "sinks": "ledger",
    "tie-out": "tie-out",
}
READERS = {
    "normalizer": "normalizer",
    "fetcher": "fetcher",
    "order worker": "worker",
    "sinks": "ledger",
    "projector": "projector",
    "verify": "reader",
    "dlq": "operator",
    "sweeper": "sweeper",
    "tie-out": "tie-out",
}
NEVER = {("accounting.discrepancies.v1", "ledger")}
"""The catalogue lets sinks write discrepancies; that of the embedded ledger has none."""


def table() -> str:
    """The rights as the page has them."""
    rows = ["| component | runs as it | resource | name | operations |", "|---|---|---|---|---|"]
    for component, runs in COMPONENTS.items():
        rows += [_row(component, runs, right) for right in rights_of("asiento") if right.component == component]
    return "\n".join(rows) + "\n"


def _row(component: str, runs: str, right: Right) -> str:
    name = f"`{right.name}`" + (" and what starts with it" if right.pattern == "prefixed" else "")
    operations = ", ".join(right.operations) + ("" if right.needed else " (to look at the brokers' set-up)")
    return f"| {component} | {runs} | {right.resource.replace('_', ' ')} | {name} | {operations} |"


def test_the_table_of_rights_is_the_one_of_the_code() -> None:
    shown = PAGE[PAGE.index(BEGIN) + len(BEGIN) : PAGE.index(END)]
    assert shown == table(), "put the output of tests.unit.cli.test_security_page.table() there"


def _components(words: tuple[str, ...], of: dict[str, str]) -> set[str]:
    """What the catalogue's words stand for; `sinks` are those of ledgers outside as well."""
    return {of[word] for word in words} | ({CONNECTOR} if "sinks" in words else set())


def test_rights_on_topics_are_what_the_catalogue_says_of_readers_and_writers() -> None:
    rights: dict[tuple[str, str], set[str]] = {}
    for right in rights_of("a"):
        rights.setdefault((right.component, right.name), set()).update(right.operations)
    for topic in catalogue("a", 1, 1, 1):
        for component in _components(topic.writers, WRITERS):
            missing = (topic.name, component) in NEVER
            assert ("write" in rights.get((component, topic.name), ())) is not missing, (topic.name, component)
        for component in _components(topic.readers, READERS):
            assert "read" in rights[component, topic.name], (topic.name, component)
        writing = {component for (component, name), operations in rights.items() if name == topic.name and "write" in operations}
        assert writing <= _components(topic.writers, WRITERS)


def test_names_carry_the_prefix_and_the_app_id() -> None:
    names = {(right.resource, right.name) for right in rights_of("shop", "eu-") if right.name not in (CLUSTER, *INTERNAL_TOPICS)}
    assert all(name.startswith("eu-" if resource == "topic" else "shop-") for resource, name in names)


def test_every_right_can_be_spelled_for_the_broker() -> None:
    for right in rights_of("a"):
        assert right.resource in RESOURCES
        assert right.pattern in PATTERNS
        assert set(right.operations) <= set(OPERATIONS)


def test_settings_log_lines_and_headers_of_the_page_exist() -> None:
    variables = set(re.findall(r"ASIENTO_[A-Z_]+", PAGE))
    assert variables - {f"ASIENTO_{name.upper()}" for name in Settings.model_fields} == set()
    assert {"secret_readable", "health_off_loopback"} <= log_events.EVENTS
    assert all(is_kept(name) for name in KEPT | {"ce_id", "CE_Type"})
    assert not any(is_kept(name) for name in ("authorization", "cookie", "x-api-key", "trace", ""))


def _json(*words: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exception is None, repr(result.exception)
    rows: list[dict[str, Any]] = orjson.loads(result.stdout)
    return rows


def test_the_plan_is_data_and_commands() -> None:
    rows = _json("topics", "acls", "--principal", "ledger=User:books")
    assert {row["principal"] for row in rows} == {"User:books"}
    assert {
        "principal": "User:books",
        "resource": "topic",
        "name": "accounting.acks.v1",
        "pattern": "literal",
        "operation": "write",
    } in rows
    lines = command_lines(wanted_acls(load_settings(), ["worker=User:w"]))
    assert any("--transactional-id 'asiento-orders-' --resource-pattern-type prefixed" in line for line in lines)
    assert {row["principal"] for row in _json("topics", "acls")} == {f"User:asiento-{component}" for component in COMPONENTS}


@pytest.mark.parametrize(
    "pair", ["worker", "worker=", "worker=w", "worker=User:", "somebody=User:w", "worker=User:w'; rm -rf '", "worker=User:$(x)"]
)
def test_a_principal_that_is_none_is_refused(pair: str) -> None:
    with pytest.raises(UsageError):
        wanted_acls(load_settings(), [pair])


def test_the_doctor_names_a_secret_that_cannot_be_used_and_one_that_everybody_can_read(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret")
    (tmp_path / "password").chmod(0o644)
    found = check_secrets(load_settings({"registry_password_file": tmp_path / "password"}))
    assert (found.state, found.detail) == ("ok", "1 files of passwords")
    assert "chmod o-r" in found.mend
    (tmp_path / "password").write_text("")
    found = check_secrets(load_settings({"ledger_password_file": tmp_path / "password"}))
    assert (found.state, found.detail) == ("problem", f"ASIENTO_LEDGER_PASSWORD_FILE: {tmp_path / 'password'} is empty")


@pytest.mark.parametrize(
    "words",
    [
        ("operational", "rebuild", "--into", "postgresql://u:Zx9canary@127.0.0.1/books"),
        ("operational", "rebuild", "--into", "postgresql://u@127.0.0.1/books?password=Zx9canary"),
        ("restore", "nowhere", "--into", "new", "--operational-url", "postgresql://u:Zx9canary@127.0.0.1/books"),
        ("restore", "nowhere", "--into", "new", "--operational-url", "postgresql://u@db.example/books"),
    ],
)
def test_a_url_on_the_command_line_holds_no_password_and_leads_nowhere_unverified(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, UsageError)
    assert "PGPASSFILE" in str(result.exception) or "sslmode=verify-full" in str(result.exception)
    assert "Zx9canary" not in str(result.exception)
