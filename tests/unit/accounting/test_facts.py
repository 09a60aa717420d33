"""What dedupe remembers: many facts are found like few ones."""

import pytest

from asiento.accounting.facts import Fact, Facts

MANY = 1_000


def fact(number: int) -> Fact:
    natural_key = f"payment:{number}" if number % 2 else ""
    return Fact(f"event-{number}", f"f1:{number}", f"key-{number}", f"content-{number}", natural_key)


def grown(count: int) -> Facts:
    """Facts that came one by one."""
    facts = Facts()
    for number in range(count):
        facts = facts.with_fact(fact(number))
    return facts


@pytest.mark.parametrize("facts", [grown(MANY), Facts(map(fact, range(MANY)))], ids=["one by one", "decoded"])
def test_every_fact_is_found_by_each_of_its_names(facts: Facts) -> None:
    for number in range(MANY):
        assert facts.find("event_id", f"event-{number}") == fact(number)
        assert facts.find("business_key", f"key-{number}") == fact(number)
    assert facts.find("natural_key", "payment:999") == fact(999)
    assert facts.find("event_id", f"event-{MANY}") is None
    assert list(facts) == [fact(number) for number in range(MANY)]


def test_the_oldest_of_equal_names_is_found() -> None:
    twin = fact(3)._replace(event_id="later")
    for count in (10, MANY):
        assert grown(count).with_fact(twin).find("business_key", "key-3") == fact(3)


def test_facts_do_not_see_what_was_added_to_their_copies() -> None:
    """A decision that is thrown away leaves no trace, whether its facts were indexed or not."""
    for count in (10, 128, MANY):
        before = grown(count)
        thrown_away = before
        for number in range(count, count + 300):
            thrown_away = thrown_away.with_fact(fact(number))
        assert before.find("event_id", f"event-{count}") is None
        assert (len(before), len(thrown_away)) == (count, count + 300)
        assert before == grown(count) != thrown_away
