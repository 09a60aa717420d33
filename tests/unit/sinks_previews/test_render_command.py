"""`asiento sinks render` with the generic example of a mapping, as it comes with the product."""

import json

import pytest
from typer.testing import CliRunner

from asiento.cli.main import app
from schemas.entries import entry_to_json
from tests.unit.sinks.journal import capture, invoice


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("netsuite", "https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/journalentry/eid:"),
        ("sage", "https://api.accounting.sage.com/v3.1/journals"),
        ("freshbooks", "https://api.freshbooks.com/accounting/businesses/"),
        ("wave", "https://gql.waveapps.com/graphql/public"),
    ],
)
def test_entries_are_rendered_without_an_account(kind: str, url: str) -> None:
    entries = [{**entry_to_json(entry), "currency": "EUR"} for entry in (capture(1, amount=1_050), invoice())]
    text = b"\n".join(json.dumps(entry).encode() for entry in entries)
    result = CliRunner().invoke(app, ["sinks", "render", kind, "-"], input=text)
    assert result.exit_code == 0, result.output
    calls = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(calls) == 2
    assert all(call["url"].startswith(url) for call in calls)
    assert "10.50" in result.stdout
