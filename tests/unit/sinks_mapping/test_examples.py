"""The shipped examples map everything that can be booked."""

import json
from collections.abc import Iterator
from functools import cache

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.journal import JournalEntry
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import parse_event_json
from schemas.refusal import Refusal
from sinks.mapping.examples import example_file, example_kinds, example_mapping
from sinks.mapping.roles import ALL_POSTINGS, ROLE_FACTS
from sinks.mapping.scopes import ROLES
from sinks.plaintext.account_names import account_name
from tests.oracle.lives import PROFILES, life
from tests.unit.sinks_mapping.files import account_for

LIVES = 60


def entries_of(profile: str, seed: int) -> Iterator[JournalEntry]:
    """What the life of one order books."""
    state = None
    for told in life(profile, seed):
        event = parse_event_json(json.dumps(told).encode())
        if isinstance(event, Refusal):
            continue
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decision.state
        yield from decision.entries


@cache
def booked() -> tuple[JournalEntry, ...]:
    return tuple(entry for profile in PROFILES for seed in range(LIVES) for entry in entries_of(profile, seed))


def test_the_kinds_that_have_an_example() -> None:
    assert example_kinds() == ("generic", "plaintext", "quickbooks", "tryton", "xero")
    assert example_file("netsuite") == example_file("generic")


@pytest.mark.parametrize("kind", example_kinds())
def test_an_example_maps_every_role_with_any_qualifier(kind: str) -> None:
    mapping = example_mapping(kind)
    assert mapping.rules.ledger == kind
    for role in sorted(ROLES):
        for account in (role, f"{role}:x", f"{role}:ES:VAT", f"{role}:León 2"):
            assert account_for(mapping, account, currency="JPY", day="1999-01-01")
    assert account_for(mapping, "Gastos de oficina:papel")


@pytest.mark.parametrize("kind", example_kinds())
def test_an_example_maps_whatever_lives_of_orders_book(kind: str) -> None:
    mapping = example_mapping(kind)
    for entry in booked():
        assert mapping.contact(entry)
        for posting in entry.postings:
            assert mapping.target(entry, posting).account


def test_plain_text_accounts_are_named_as_they_are_exported() -> None:
    for entry in booked():
        for posting in entry.postings:
            assert example_mapping("plaintext").target(entry, posting).account == account_name(posting.account)


def test_what_is_known_of_roles_holds_in_lives_of_orders() -> None:
    assert set(ROLE_FACTS) == ROLES
    seen: set[str] = set()
    for entry in booked():
        for posting in entry.postings:
            role, _, qualifier = posting.account.partition(":")
            if entry.entry_kind == "manual":
                continue
            seen.add(role)
            facts = ROLE_FACTS[role]
            assert bool(qualifier) == (facts.qualifier is not None), posting.account
            assert {name for name, _ in posting.dimensions} <= facts.conditions | ALL_POSTINGS, posting
    assert len(seen) > 20
