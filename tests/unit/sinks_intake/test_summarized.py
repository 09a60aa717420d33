"""An entry becomes a member of a summary when nothing of it is missing: a summary that is closed must not find a gap."""

from dataclasses import replace

from asiento.accounting.journal import JournalEntry
from asiento.accounting.journal import Posting as Posted
from schemas.entries import encode_entry
from sinks.external.connections import Posting
from sinks.external.targets import Target, Unmapped
from sinks.intake.planning import Planner
from sinks.ledger import StreamEntry
from sinks.posting.rows import Plan, Summarized, Waits
from tests.unit.sinks.journal import capture, hashed, invoice
from tests.unit.sinks_planner.ledgers import EVERY_KIND, JOURNALS
from tests.unit.sinks_planner.rules import Rules


class Nobody(Rules):
    """Knows accounts, but no customer."""

    def target(self, entry: JournalEntry, posting: Posted) -> Target:
        return Target(account="1")

    def contact(self, entry: JournalEntry) -> str:
        raise Unmapped("contact", f"no rule says the customer of entry {entry.entry_id}")


def _plan(entry: JournalEntry, *, journal_contact: bool) -> Plan:
    planner = Planner(
        connection=replace(JOURNALS, posting=Posting.SUMMARY),
        capabilities=replace(EVERY_KIND, journal_contact=journal_contact),
        account_mapping=Nobody(),
    )
    told = StreamEntry(partition=0, offset=0, hashed=hashed(entry), value=encode_entry(entry))
    (taken,) = planner.plan([told], (), lambda _: {}, 0).taken
    return taken.plan


def test_a_customer_that_no_rule_says_is_waited_for_where_the_ledger_wants_one() -> None:
    waits = _plan(invoice(), journal_contact=True)
    assert isinstance(waits, Waits)
    assert waits.about == "contact"
    assert isinstance(_plan(invoice(), journal_contact=False), Summarized)
    assert isinstance(_plan(capture(), journal_contact=True), Summarized)
