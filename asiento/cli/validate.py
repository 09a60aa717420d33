"""`asiento validate`: would workers take these events? Every fault with its place and how to mend it; nothing is sent."""

from typing import Annotated, Any

import typer

from asiento.cli.exits import CommandError
from asiento.cli.json_lines import open_input
from asiento.cli.output import message, print_json, print_text
from asiento.cli.printable import printable


def validate_command(
    files: Annotated[list[str], typer.Argument(metavar="FILE...|-", help="Events: JSON lines, an array, or an object; - is stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: one per fault, then one with the summary.")] = False,
) -> None:
    """Check events against the contract, as the workers do before anything is booked. Needs no broker.

    Exit 1 if one would be refused. What the books would make of them shows `asiento simulate`.
    """
    from asiento.cli.event_reading import judge_events

    events = faulty = faults = 0
    for name in files:
        with open_input(name) as stream:
            for judged in judge_events(stream):
                events += 1
                faulty += bool(judged.faults)
                faults += len(judged.faults)
                for at in judged.faults:
                    if as_json:
                        print_json({"file": name, "line": at.line, **_named(judged.value), **at.fault.to_json()})
                    else:
                        print_text(printable(f"{name}:{at.line}: {at.fault}"))
    if as_json:
        print_json({"summary": {"events": events, "valid": events - faulty, "faulty": faulty, "faults": faults}})
    else:
        message(f"{events} events: {events - faulty} valid, {faulty} with faults")
    if faulty:
        raise CommandError(f"{faulty} of {events} events would be refused")


def _named(value: Any) -> dict[str, str]:
    """The ids by which a sender finds the event again, where they can be told."""
    found = value if isinstance(value, dict) else {}
    return {name: found[name] for name in ("type", "event_id") if isinstance(found.get(name), str) and len(found[name]) <= 100}
