"""What the messages of findings say of the lives that raise them, read and kept: each figure and name in them is the core's."""

from pathlib import Path

from asiento.accounting.decide import decide
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.wording.messages import discrepancy_message
from tests.unit.schemas.telling_lives import LIVES

KEPT = Path(__file__).parent / "states" / "findings.txt"


def told() -> str:
    """One paragraph per life: its code and form, then severity, message, sides and parameters of each finding."""
    paragraphs = []
    for (code, reason), events in sorted(LIVES.items(), key=str):
        lines = [f"{code} {reason or ''}".rstrip()]
        state: OrderState | None = None
        for event in events:
            decision = decide(event, state, DEFAULT_POLICIES)
            state = decision.state
            for one in decision.discrepancies:
                lines.append(f"  {one.code} {one.severity} {one.state}: {discrepancy_message(one, 'en').happened}")
                lines.append(f"    expected {one.expected}, actual {one.actual}, {dict(one.parameters)}")
        paragraphs.append("\n".join(lines))
    return "\n".join(paragraphs) + "\n"


def test_findings_say_what_was_read_and_kept() -> None:
    assert told() == KEPT.read_text(encoding="utf-8")
