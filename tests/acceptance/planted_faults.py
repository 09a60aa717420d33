"""Pictures with one thing wrong: each check of `agreement` has to see what it is there for."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from tests.acceptance import agreement
from tests.acceptance.agreement import Check, Picture
from tests.acceptance.topic_facts import ACKS, DEAD_LETTERS, DECISIONS, DISCREPANCIES, ENTRIES, EVENTS

Plant = Callable[[Picture], object]
ALTERED = "0" * 64


def _topic_loses(topic: str) -> Plant:
    return lambda picture: picture.topics.records[topic].pop(0)


def _topic_repeats(topic: str) -> Plant:
    return lambda picture: picture.topics.records[topic].append(picture.topics.records[topic][-1])


def _ledger_loses_an_entry(picture: Picture) -> None:
    lost = next(iter(picture.ledger.hashes))
    for facts in (picture.ledger.hashes, picture.ledger.postings, picture.ledger.places, picture.ledger.links):
        facts.pop(lost)


def _ledger_books_another_amount(picture: Picture) -> None:
    legs = next(iter(picture.ledger.postings.values()))
    legs[0] = replace(legs[0], amount=legs[0].amount + 1)


def _ledger_says(name: str, value: object) -> Plant:
    """Another value for the first entry or partition."""

    def plant(picture: Picture) -> None:
        facts = getattr(picture.ledger, name)
        facts[next(iter(facts))] = value

    return plant


def _database_says(name: str, value: object) -> Plant:
    """Another value for the first row."""

    def plant(picture: Picture) -> None:
        facts = getattr(picture.operational, name)
        facts[next(iter(facts))] = value

    return plant


def _database_loses(name: str) -> Plant:
    def plant(picture: Picture) -> None:
        facts = getattr(picture.operational, name)
        for lost in list(islice(facts, 1)):
            facts.remove(lost) if isinstance(facts, list | set) else facts.pop(lost)

    return plant


def _offsets_before_rows(picture: Picture) -> None:
    """As a projector leaves it that notes offsets before it writes rows, and dies between."""
    place = next(reversed(picture.operational.judged))
    picture.operational.judged.pop(place)
    picture.operational.events.pop(place)


def _offset_beyond_the_log(picture: Picture) -> None:
    picture.ledger.next_offsets[0] += 1


FAULTS: tuple[tuple[str, Plant, Check], ...] = (
    ("a decision is lost", _topic_loses(DECISIONS), agreement.every_offset_is_decided_once),
    ("a decision is there twice", _topic_repeats(DECISIONS), agreement.every_offset_is_decided_once),
    ("an event nobody sent is decided", _topic_loses(EVENTS), agreement.every_offset_is_decided_once),
    ("a range is lost on the way", _database_says("ranges", []), agreement.every_offset_is_decided_once),
    ("offsets before rows", _offsets_before_rows, agreement.outcomes_are_projected),
    ("another outcome is projected", _database_says("judged", ("posted", "D99")), agreement.outcomes_are_projected),
    ("an event waits for ever", _database_says("waited", ("deferred", "D99")), agreement.outcomes_are_projected),
    ("an event is not projected", _database_loses("events"), agreement.outcomes_are_projected),
    ("an entry is lost", _topic_loses(ENTRIES), agreement.entries_are_the_same_everywhere),
    ("an entry is there twice", _topic_repeats(ENTRIES), agreement.entries_are_the_same_everywhere),
    ("an entry is not booked", _ledger_loses_an_entry, agreement.entries_are_the_same_everywhere),
    ("an entry is booked with other content", _ledger_says("hashes", ALTERED), agreement.entries_are_the_same_everywhere),
    ("an entry is not projected", _database_loses("hashes"), agreement.entries_are_the_same_everywhere),
    ("a named entry is not projected", _database_loses("named"), agreement.entries_are_the_same_everywhere),
    ("another amount is projected", _database_says("postings", []), agreement.entries_are_the_same_everywhere),
    ("another amount is booked", _ledger_books_another_amount, agreement.the_books_are_the_oracle_s),
    ("a discrepancy is not raised", lambda one: one.books.discrepancies.add(("D99", "")), agreement.the_books_are_the_oracle_s),
    ("another verdict", lambda one: one.books.verdicts.popitem(), agreement.the_books_are_the_oracle_s),
    ("a discrepancy is lost", _topic_loses(DISCREPANCIES), agreement.discrepancies_stand_alike),
    ("a discrepancy is resolved by nobody", _database_loses("open_discrepancies"), agreement.discrepancies_stand_alike),
    ("a dead letter is lost", _topic_loses(DEAD_LETTERS), agreement.dead_letters_are_kept),
    ("a dead letter is not projected", _database_loses("dead_letters"), agreement.dead_letters_are_kept),
    ("an ack that nobody gave", lambda one: one.operational.acks.append(((0, 0), "", "", "")), agreement.every_entry_is_acknowledged),
    ("an ack is lost", _topic_loses(ACKS), agreement.every_entry_is_acknowledged),
    ("a link is altered", _ledger_says("links", ALTERED), agreement.the_chain_is_the_stream_s),
    ("a head is altered", _ledger_says("heads", (1, ALTERED)), agreement.the_chain_is_the_stream_s),
    ("an entry is booked from another place", _ledger_says("places", (0, -1)), agreement.the_chain_is_the_stream_s),
    ("the ledger is ahead", _offset_beyond_the_log, agreement.offsets_are_the_ends_of_the_logs),
    ("the projector is behind", _database_says("next_offsets", -1), agreement.offsets_are_the_ends_of_the_logs),
)
"""What is wrong, how to plant it, and the check that must say so."""
