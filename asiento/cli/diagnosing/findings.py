"""A finding: what is so, why it matters, what to do; and where the doctor may do it, how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["ok", "note", "problem", "unreachable"]
"""note: worth knowing, nobody has to act now."""


@dataclass(frozen=True, slots=True)
class Mending:
    """Something that can be done about a finding. It never touches money or what is booked.

    what: what would be done, with every file or topic by name. carry_out: does it and says what was done; raises `MendingFailed`.
    needs_yes: only where the operator has said `--yes`, too.
    """

    what: str
    carry_out: Callable[[], str]
    needs_yes: bool = False


class MendingFailed(Exception):
    """A mending was not carried out; the message says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: `mend` says what to do, a command where one does it, empty if there is nothing to do."""

    check: str
    state: State
    detail: str
    mend: str = ""
    mending: Mending | None = None

    @property
    def why(self) -> str:
        """Why it matters; empty while all is well."""
        return "" if self.state == "ok" else WHY.get(self.check, "")


WHY: Final[Mapping[str, str]] = {
    "python": "the program was never tried with an older one",
    "settings": "a process with other settings than meant books by them",
    "secrets": "without them no connection is made, or anyone may make it",
    "data directory": "broker, ledger and logs live there",
    "disk": "on a full disk broker and ledger stop, and money waits",
    "disk forecast": "on a full disk broker and ledger stop, and money waits",
    "java": "the local broker needs it",
    "kafka jars": "the local broker is made of them",
    "broker": "events, states and entries are there; without it nothing flows",
    "topics": "records of a topic that is not as meant can be lost, or come to another partition",
    "ports": "processes could not show metrics and health",
    "ledger": "what is booked is there",
    "trial balance": "debits and credits of a sound ledger are equal, always",
    "operational database": "operators are answered from it; money does not depend on it",
    "processes": "what does not run or is not ready lets its part of the work wait",
    "versions": "processes of two versions may judge the same event in two ways",
    "clock": "lags, ages and deadlines are told by it; one that runs ahead tells deadlines too early",
    "broker clock": "ages, retention and deadlines are told by two clocks that do not agree",
    "pid files": "they name processes that are gone, and mislead whoever looks for them",
    "locks": "a process that nobody knows of may keep another one from starting",
    "half-made files": "something was interrupted while it wrote them; nobody will go on with them",
    "lag": "entries of events that wait are not booked",
    "retention": "what a topic lets go before it is read is lost",
    "tie-out": "money on the stream and money in the ledger differ",
    "discrepancies": "each is money, or a fact about an order, that a person has to look at",
    "parked events": "nothing of these events is booked",
    "dead letters": "nothing of these records is booked, and their topic keeps them for 400 days only",
    "rejected events": "nothing of these events is booked",
    "acks": "who waits for a word about an entry does not get it",
    "ledgers outside": "what is not posted there is missing in the books that others read",
}
