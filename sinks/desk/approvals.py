"""Two persons: who proposed may not approve. Enforced when an operator approves, and again whenever actions are read back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sinks.projector.answers import ActionLine

ProposalState: TypeAlias = Literal["open", "approved", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A PROPOSE and the answer that counts. `void`: approvals on the topic that do not count, as proposer and approver are one."""

    action: ActionLine
    state: ProposalState
    answer: ActionLine | None
    void: tuple[ActionLine, ...]


def same_person(one: str, other: str) -> bool:
    """Names that differ only in letter case and blanks are one person."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def proposals_of(actions: Sequence[ActionLine]) -> tuple[Proposal, ...]:
    """All proposals among the actions about one subject, oldest first; the oldest answer that counts decides."""
    return tuple(_answered(action, actions) for action in actions if action.kind == "PROPOSE")


def _answered(proposal: ActionLine, actions: Iterable[ActionLine]) -> Proposal:
    answers = sorted(
        (one for one in actions if one.refers_to == proposal.action_id and one.kind in ("APPROVE", "REFUSE")), key=lambda one: one.cursor
    )
    void = tuple(one for one in answers if one.kind == "APPROVE" and same_person(one.actor, proposal.actor))
    counting = next((one for one in answers if one not in void), None)
    state: ProposalState = "open" if counting is None else "approved" if counting.kind == "APPROVE" else "refused"
    return Proposal(action=proposal, state=state, answer=counting, void=void)
