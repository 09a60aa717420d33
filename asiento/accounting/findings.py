"""The discrepancies of one decision: raised once, resolved when the totals or the parked event no longer show them."""

from collections.abc import Collection

from asiento.accounting.decision import Discrepancy, Severity
from asiento.accounting.identity import discrepancy_id
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OpenFinding, OrderState
from asiento.accounting.particulars import Parameters, named

_RANK: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}


class Findings:
    """Collects what a decision raises and resolves; remembers in the state what will resolve by itself."""

    __slots__ = ("_found", "_order", "_received_at")

    def __init__(self, order: OrderState, received_at: int) -> None:
        self._order = order
        self._received_at = received_at
        self._found: list[Discrepancy] = []

    def all(self) -> tuple[Discrepancy, ...]:
        """Everything raised and resolved so far, in order."""
        return tuple(self._found)

    def record(
        self,
        code: str,
        severity: Severity,
        event: OrderEvent,
        *,
        expected: int | None = None,
        actual: int | None = None,
        parameters: Parameters = (),
    ) -> None:
        """Raise a discrepancy that a person has to close."""
        finding = OpenFinding(code, event.event_id, severity, False, expected, actual, self._received_at, _typed(parameters, event))
        self._append(finding, event, "OPEN")

    def follow(
        self,
        code: str,
        severity: Severity,
        event: OrderEvent,
        *,
        waits: bool = False,
        expected: int | None = None,
        actual: int | None = None,
        parameters: Parameters = (),
    ) -> None:
        """Raise a discrepancy once that resolves by itself; `waits`: when its parked event posts.

        Where the event has raised the same code for a person to close, it stays until a person closes it.
        """
        if self.is_open(code, event.event_id):
            return
        if any(one.code == code and one.event_id == event.event_id and one.state == "OPEN" for one in self._found):
            self.record(code, severity, event, expected=expected, actual=actual, parameters=parameters)
            return
        finding = OpenFinding(code, event.event_id, severity, waits, expected, actual, self._received_at, _typed(parameters, event))
        self._order.findings = (*self._order.findings, finding)
        self._append(finding, event, "OPEN")

    def is_open(self, code: str, event_id: str) -> bool:
        """Whether a self-resolving discrepancy of that code and event stands."""
        return any(finding.code == code and finding.event_id == event_id for finding in self._order.findings)

    def resolve(self, findings: Collection[OpenFinding], event: OrderEvent) -> None:
        """Close remembered discrepancies; `event` shows that they are over."""
        if not findings:
            return
        closed = set(map(id, findings))
        self._order.findings = tuple([one for one in self._order.findings if id(one) not in closed])
        for finding in findings:
            closing = named(resolved_by=event.event_id, resolved_by_type=type(event).__name__)
            self._append(finding._replace(parameters=tuple(sorted((*finding.parameters, *closing)))), event, "RESOLVED")

    def resolve_waiting(self, event: OrderEvent) -> None:
        """Close what was raised because `event` was parked."""
        if self._order.findings:
            self.resolve([one for one in self._order.findings if one.waits and one.event_id == event.event_id], event)

    def _append(self, finding: OpenFinding, event: OrderEvent, state: str) -> None:
        placement = self._order.placement
        made = Discrepancy(
            discrepancy_id=discrepancy_id(finding.code, finding.event_id),
            code=finding.code,
            severity=finding.severity,
            order_key=event.order_key,
            event_id=finding.event_id,
            entry_id=None,
            account=None,
            expected=finding.expected,
            actual=finding.actual,
            currency=placement.currency if placement else event.currency,
            parameters=finding.parameters,
            raised_at=finding.raised_at,
            state="OPEN" if state == "OPEN" else "RESOLVED",
        )
        for place, earlier in enumerate(self._found if made.state == "OPEN" else ()):
            if earlier.discrepancy_id != made.discrepancy_id:
                continue
            if earlier.state == "RESOLVED":  # it was open before, and still is
                del self._found[place]
                break
            if _RANK[made.severity] > _RANK[earlier.severity]:
                self._found[place] = made
            return
        self._found.append(made)


def _typed(parameters: Parameters, event: OrderEvent) -> Parameters:
    """The parameters and the type of the event that they are about."""
    return tuple(sorted((*parameters, ("event_type", type(event).__name__))))
