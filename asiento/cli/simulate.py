"""`asiento simulate`: events of a file through the pure core, without a broker."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from asiento.cli.exits import UsageError
from asiento.cli.output import print_json


def simulate_command(
    events: Annotated[str, typer.Argument(help="File of events as JSON lines (the JSON twin); `-` reads stdin.")],
    policy: Annotated[
        Path | None, typer.Option(help="YAML file with the accounting policy; without it version 1 with its defaults.")
    ] = None,
) -> None:
    """Show what events would book: entries, discrepancies and outcomes as JSON lines, then a summary.

    Every line ends in exactly one class; an outcome is printed again when it changes. The exit code is 0
    whenever the file could be read, whatever its lines hold.
    """
    from asiento.accounting.policy import DEFAULT_POLICIES
    from asiento.cli.simulation import Simulation
    from asiento.runtime.settings import load_yaml
    from schemas.policy_file import InvalidPolicy, policies_from_mapping

    try:
        policies = policies_from_mapping(load_yaml(policy)) if policy is not None else DEFAULT_POLICIES
    except InvalidPolicy as problem:
        raise UsageError(f"{policy}: {problem}") from None
    simulation = Simulation(policies)
    try:
        with _opened(events) as stream:
            for row in simulation.run(stream):
                print_json(row)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as problem:
        raise UsageError(f"{events} cannot be read: {problem.strerror}") from None
    print_json(simulation.summary())


def _opened(events: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if events == "-" else Path(events).open("rb")
