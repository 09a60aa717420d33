"""A record of the entries topic as the tie-out compares it."""

from schemas.entry_heads import decode_entry_head
from sinks.tie_out.facts import EntryFacts


def facts_of(value: bytes | None, partition: int, offset: int) -> EntryFacts:
    """The facts of a framed entry; raises `DecodeError`."""
    head = decode_entry_head(value)
    return EntryFacts(
        partition=partition,
        offset=offset,
        entry_id=head["entry_id"],
        entry_kind=head["entry_kind"],
        part=head["part"],
        order_key=head["order_key"],
        event_id=head["event_id"],
        legal_entity=head["legal_entity"],
        posting_date=head["posting_date"],
        currency=head["currency"],
        legs=tuple((leg["account"], leg["side"], leg["amount"]) for leg in head["postings"]),
    )
