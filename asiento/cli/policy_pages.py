"""What `asiento config policy` shows people: one block per version, values that are not the default unmarked."""

from collections.abc import Iterator

from asiento.accounting.policy import Policy, PolicyBook
from schemas.formats import time_text
from schemas.policy_digest import policy_values
from schemas.policy_keys import BOOKING_KEYS, POLICY_KEYS


def policy_lines(policies: PolicyBook) -> Iterator[str]:
    """The lines of all versions, oldest first."""
    starts = [since for since, _ in policies.versions]
    ends = [f"until {time_text(until)}" for until in starts[1:]] + ["from then on"]
    for place, (since, policy) in enumerate(policies.versions):
        begin = f"in force from {time_text(since)}" if place else "in force from the beginning"
        yield f"version {policy.version}: {begin} {ends[place]}" if len(starts) > 1 else f"version {policy.version}: in force for ever"
        yield from _version_lines(since, policy)


def _version_lines(since: int, policy: Policy) -> Iterator[str]:
    default, values = Policy(), policy_values(since, policy)
    yield _row("digest", values["digest"])
    for name in POLICY_KEYS:
        if name != "version":
            yield _row(name, f"{values[name]}{'  [default]' if values[name] == getattr(default, name) else ''}")
    for name, books in values["entities"].items():
        yield _row(f"entity {name}", ", ".join(f"{key} {value}" for key, value in books.items()))
    for name, rules in values["channels"].items():
        differing = [f"{rule} {rules[rule]}" for rule in BOOKING_KEYS if rules[rule] != values[rule]]
        yield _row(f"channel {name}", ", ".join(differing) or "as above")


def _row(name: str, value: str) -> str:
    return f"  {name:24}  {value}"
