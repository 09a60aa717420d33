"""Credit notes settle invoices at the end of a batch, but not while what may pay them out waits."""

import pytest

from schemas.entries import encode_entry
from sinks.external.documents import DocumentKind
from sinks.intake.planning import Planner
from sinks.ledger import StreamEntry
from sinks.posting.rows import Planned
from tests.unit.sinks.journal import hashed
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND
from tests.unit.sinks_planner.partly_paid_back import partly_paid_back
from tests.unit.sinks_planner.rules import Rules


@pytest.mark.parametrize(
    ("missing", "settled"),
    [(frozenset({"refunds_payable"}), []), (frozenset(), [(DocumentKind.REFUND, 3_000), (DocumentKind.ALLOCATION, 2_000)])],
    ids=["while it waits", "when it is there"],
)
def test_a_credit_note_waits_for_what_may_pay_it_out(missing: frozenset[str], settled: list[tuple[DocumentKind, int]]) -> None:
    planner = Planner(connection=DOCUMENTS, capabilities=EVERY_KIND, account_mapping=Rules(missing=missing))
    told = map(hashed, partly_paid_back())
    entries = [StreamEntry(partition=0, offset=place, hashed=one, value=encode_entry(one.entry)) for place, one in enumerate(told)]
    batch = planner.plan(entries, (), lambda _: {}, 0)
    documents = [document for taken in batch.taken if isinstance(taken.plan, Planned) for document in taken.plan.documents]
    assert [(document.kind, document.total) for document in documents if document.settles is not None] == settled
