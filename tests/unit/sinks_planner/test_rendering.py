"""What would go out for the entries of a file: in posting order, without what cannot be told."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.connections import Posting as PostingMode
from sinks.external.documents import LedgerDocument
from sinks.external.port import Connector, RemoteIds, Request
from sinks.external.targets import Target, Unmapped
from sinks.planner import rendering as rendering_module
from sinks.planner.rendering import Rendering
from tests.unit.sinks.journal import capture, hashed, invoice
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND, JOURNALS
from tests.unit.sinks_planner.lived import entries_of
from tests.unit.sinks_planner.partly_paid_back import partly_paid_back
from tests.unit.sinks_planner.rules import Rules


class _Shown:
    """A ledger whose calls show kind and total; a document of MXN 1.00 has no form there."""

    capabilities: Capabilities = EVERY_KIND

    def render(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[Request]:
        assert not remote_ids
        (document,) = documents
        if document.total == 100:
            raise ValueError("nothing of 1.00 is taken")
        body = {"kind": document.kind, "total": document.total}
        return [Request(method="PUT", path=f"/{document.reference}", body=body, headers={"Accept": "text/plain"})]


def _rendering(connection: Connection = JOURNALS, rules: Rules | None = None) -> Rendering:
    return Rendering(
        connection=connection, mapping=rules or Rules(), connector=cast("Connector", _Shown()), base_url="https://books.example"
    )


def _calls(rendering: Rendering, entries: Iterable[JournalEntry]) -> list[dict[str, Any]]:
    return list(rendering.calls(map(hashed, entries)))


def test_each_call_names_its_entries() -> None:
    assert _calls(_rendering(), [invoice()]) == [
        {
            "entry_ids": [invoice().entry_id],
            "method": "PUT",
            "url": "https://books.example/invoice-t1-shopify:mx-1-1",
            "headers": {"Accept": "text/plain"},
            "body": {"kind": "journal", "total": 11_600},
        }
    ]


def test_entries_of_other_legal_entities_are_counted() -> None:
    rendering = _rendering(replace(JOURNALS, entities=frozenset({"ES01"})))
    assert _calls(rendering, [invoice(), replace(invoice(2), legal_entity="ES01")]) == _calls(
        _rendering(), [replace(invoice(2), legal_entity="ES01")]
    )
    assert rendering.elsewhere == 1


def test_what_is_missing_is_told_once_with_its_number() -> None:
    rendering = _rendering(rules=Rules(missing=frozenset({"revenue:sales"})))
    assert len(_calls(rendering, [invoice(1), capture(1), invoice(2)])) == 1
    (left,) = rendering.left_out.values()
    assert (left.entries, left.entry_id) == (2, invoice(1).entry_id)
    assert "revenue:sales" in left.reason


def test_an_order_waits_behind_its_missing_rule_in_mode_documents() -> None:
    rendering = _rendering(DOCUMENTS, Rules(missing=frozenset({"revenue:sales"})))
    calls = _calls(rendering, [invoice(1), capture(1), capture(2)])
    assert [call["entry_ids"] for call in calls] == [[capture(2).entry_id]]
    assert [left.entries for left in rendering.left_out.values()] == [1, 1]


def test_a_credit_note_waits_for_what_may_pay_it_out() -> None:
    rendering = _rendering(DOCUMENTS, Rules(missing=frozenset({"refunds_payable"})))
    assert [call["body"]["kind"] for call in _calls(rendering, partly_paid_back())] == ["invoice", "credit_note"]
    kinds = ["invoice", "credit_note", "refund", "allocation"]
    assert [call["body"]["kind"] for call in _calls(_rendering(DOCUMENTS), partly_paid_back())] == kinds


def test_what_the_ledger_has_no_form_for_is_left_out() -> None:
    rendering = _rendering()
    assert len(_calls(rendering, [capture(1, amount=100), capture(2)])) == 1
    (left,) = rendering.left_out.values()
    assert (left.entry_id, left.reason) == (capture(1).entry_id, "nothing of 1.00 is taken")


@pytest.mark.parametrize("profile", ["calm", "hostile"])
def test_lives_side_by_side_are_rendered_as_each_alone(profile: str) -> None:
    lives = [entries_of(profile, seed) for seed in range(20)]
    alone = [call for life in lives for call in _calls(_rendering(DOCUMENTS), life)]
    events = [group for life in lives for group in _events(life)]
    together = _calls(_rendering(DOCUMENTS), [entry for event in sorted(events, key=lambda one: one[0].event_id) for entry in event])
    assert sorted(map(str, together)) == sorted(map(str, alone))
    assert any(call["body"]["kind"] == "allocation" for call in alone)


def _events(life: Sequence[JournalEntry]) -> list[list[JournalEntry]]:
    """The entries of a life event by event, made to sort as they stand."""
    groups: list[list[JournalEntry]] = []
    for entry in life:
        if not groups or groups[-1][0].event_id.partition("/")[2] != entry.event_id:
            groups.append([])
        groups[-1].append(replace(entry, event_id=f"{len(groups):03}/{entry.event_id}"))
    return groups


def test_a_customer_without_a_rule_leaves_its_entry_out_of_the_summary() -> None:
    class Named(_Shown):
        capabilities = replace(EVERY_KIND, journal_contact=True)

    class Pos(Rules):
        def target(self, entry: JournalEntry, posting: Posting) -> Target:
            return Target(account=posting.account)

        def contact(self, entry: JournalEntry) -> str:
            if entry.channel != "pos":
                raise Unmapped("contact", f"nobody buys in {entry.channel}")
            return "Passers-by"

    connection = replace(JOURNALS, posting=PostingMode.SUMMARY)
    rendering = Rendering(connection=connection, mapping=Pos(), connector=cast("Connector", Named()), base_url="")
    calls = _calls(rendering, [invoice(1), capture(1), replace(invoice(2), channel="pos")])
    assert [call["entry_ids"] for call in calls] == [[capture(1).entry_id], [invoice(2).entry_id]]
    assert [left.reason for left in rendering.left_out.values()] == ["nobody buys in web"]


def test_summaries_go_out_when_they_are_full_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering_module, "SUMMARY_ENTRIES_MAX", 2)
    rendering = _rendering(replace(JOURNALS, posting=PostingMode.SUMMARY), Rules(missing=frozenset({"revenue:sales"})))
    entries = [replace(capture(1), channel="pos"), *(capture(number) for number in (2, 3, 4, 5, 6)), invoice(7)]
    calls = _calls(rendering, entries)
    assert [(len(call["entry_ids"]), call["url"].rpartition("-")[2], "pos" in call["url"]) for call in calls] == [
        (2, "1", False),
        (2, "2", False),
        (1, "1", True),
        (1, "3", False),
    ]
    assert [left.entry_id for left in rendering.left_out.values()] == [invoice(7).entry_id]


class _NoCustomers(Rules):
    """Rules without any customer."""

    def contact(self, entry: JournalEntry) -> str:
        raise Unmapped("contact", f"no customer for {entry.channel}")


def test_a_summary_leaves_out_what_has_no_customer_where_the_ledger_wants_one() -> None:
    connector = _Shown()
    connector.capabilities = replace(EVERY_KIND, journal_contact=True)
    rules = _NoCustomers(per_role=lambda role: Target(account=role))
    rendering = _rendering(replace(JOURNALS, posting=PostingMode.SUMMARY), rules)
    rendering.connector = cast("Connector", connector)
    assert len(_calls(rendering, [invoice(), capture()])) == 1
    assert [left.reason for left in rendering.left_out.values()] == ["no customer for web"]
