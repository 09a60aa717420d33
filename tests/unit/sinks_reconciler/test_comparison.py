"""Reading back: every planted difference is found under its name, and nothing else is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.external.documents import DocumentKind
from sinks.external.effects import effects
from sinks.external.port import RemoteDocument, RemoteLine
from sinks.reconciler.comparison import PostedDocument, compare, unexplained
from sinks.reconciler.findings import Difference, Finding
from tests.unit.sinks_reconciler.planting import mirrored, planted, posted_documents


def _found(posted: list[PostedDocument], documents: list[RemoteDocument]) -> dict[str, Difference]:
    findings = compare(posted, documents)
    names = [finding.key or finding.remote_id or "" for finding in findings]
    assert len(set(names)) == len(names), "each difference is told once"
    return {name: finding.difference for name, finding in zip(names, findings, strict=True)}


@given(st.integers(0, 2**32), st.booleans())
def test_planted_differences_are_found_and_nothing_else(seed: int, lines: bool) -> None:
    posted = posted_documents(40, seed)
    spoilt = planted(posted, 12, seed, lines=lines)
    assert _found(posted, spoilt.documents) == spoilt.expected


@pytest.mark.parametrize("documents", [5_000, pytest.param(101_000, marks=pytest.mark.soak)])
def test_a_thousand_differences_among_many(documents: int) -> None:
    posted = posted_documents(documents, 7)
    assert compare(posted, [mirrored(one) for one in posted]) == []
    spoilt = planted(posted, 1_000, 7)
    assert _found(posted, spoilt.documents) == spoilt.expected


@given(st.integers(0, 2**32))
def test_what_corrects_the_findings_brings_the_ledger_to_our_books(seed: int) -> None:
    posted = posted_documents(30, seed)
    spoilt = planted(posted, 10, seed)
    standing: dict[tuple[str, str], int] = {}
    for document in spoilt.documents:
        if not document.voided:
            for line in document.lines:
                _add(standing, line.account, document.currency, line.amount)
    for finding in compare(posted, spoilt.documents):
        for account, amount in finding.correction:
            _add(standing, account, finding.currency, amount)
    wanted: dict[tuple[str, str], int] = {}
    for one in posted:
        for account, amount in effects(one.document).items():
            _add(wanted, account, one.document.currency, amount)
    assert {place: amount for place, amount in standing.items() if amount} == {place: amount for place, amount in wanted.items() if amount}


def test_what_others_made_on_our_accounts_is_told_apart() -> None:
    posted = posted_documents(5, 1)
    account = next(iter(effects(posted[0].document)))
    theirs = replace(
        mirrored(posted[0]), remote_id="X1", key=None, lines=(RemoteLine(account=account, amount=5), RemoteLine(account="7777", amount=-5))
    )
    elsewhere = replace(theirs, remote_id="X2", lines=(RemoteLine(account="7777", amount=5), RemoteLine(account="8888", amount=-5)))
    findings = compare(posted, [*(mirrored(one) for one in posted), theirs, elsewhere])
    assert [(one.difference, one.remote_id, one.correction) for one in findings] == [(Difference.FOREIGN, "X1", ((account, -5),))]


def test_another_document_under_our_key_is_doubled_wherever_it_was_noted() -> None:
    posted = [one for one in posted_documents(20, 2) if one.document.kind is DocumentKind.JOURNAL][:1]
    whole = mirrored(posted[0])
    findings = compare(posted, [replace(whole, remote_id="other"), whole])
    assert [(one.difference, one.remote_id) for one in findings] == [(Difference.DOUBLED, "other")]


def test_an_account_that_moved_by_more_is_told() -> None:
    posted = posted_documents(50, 3)
    moved: dict[tuple[str, str], int] = {}
    for one in posted:
        for account, amount in effects(one.document).items():
            _add(moved, account, one.document.currency, amount)
    accounts = {account for account, _ in moved}
    assert unexplained(moved, posted, [], [], accounts) == []
    place = min(moved)
    moved[place] += 3
    (finding,) = unexplained(moved, posted, [], [], accounts)
    assert (finding.difference, finding.account, finding.currency) == (Difference.BALANCE, *place)
    assert (finding.actual or 0) - (finding.expected or 0) == 3


def test_a_balance_that_a_finding_explains_is_not_told_twice() -> None:
    posted = posted_documents(50, 4)
    spoilt = planted(posted, 20, 4)
    moved: dict[tuple[str, str], int] = {}
    for document in spoilt.documents:
        if not document.voided:
            for line in document.lines:
                _add(moved, line.account, document.currency, line.amount)
    findings: list[Finding] = compare(posted, spoilt.documents)
    assert unexplained(moved, posted, [], findings, {account for account, _ in moved}) == []


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind is not DocumentKind.ALLOCATION])
def test_effects_add_up_to_nothing(kind: DocumentKind) -> None:
    found = [effects(one.document) for one in posted_documents(200, 5) if one.document.kind is kind]
    assert found
    assert all(sum(moved.values()) == 0 for moved in found)


def _add(amounts: dict[tuple[str, str], int], account: str, currency: str, amount: int) -> None:
    amounts[account, currency] = amounts.get((account, currency), 0) + amount
