"""`asiento simulate`: events of a file through the pure core, without a broker."""

from pathlib import Path
from typing import Annotated

import typer

from asiento.cli.json_lines import open_input
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
    from asiento.cli.simulation import Simulation
    from streams.policies import load_policies

    simulation = Simulation(load_policies(policy))
    with open_input(events) as stream:
        for row in simulation.run(stream):
            print_json(row)
    print_json(simulation.summary())
