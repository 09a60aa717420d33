"""`asiento doctor`: what is missing on this machine, and how to mend it."""

from typing import Annotated

import typer

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.output import print_json
from asiento.runtime.settings import SettingsError, load_settings


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """Check everything a run needs; changes nothing. Exit 1 if something is off, 3 if only a broker or ledger does not answer."""
    from asiento.cli.diagnosis import Finding, examine

    try:
        findings = examine(load_settings())
    except SettingsError as error:
        findings = [Finding("settings", "problem", str(error), "correct the name or value; `asiento config schema` lists all")]
    if as_json:
        print_json([{"check": item.check, "state": item.state, "detail": item.detail, "mend": item.mend} for item in findings])
    else:
        for item in findings:
            typer.echo(f"{item.state:11} {item.check}: {item.detail}")
            if item.mend:
                typer.echo(f"{'':11} -> {item.mend}")
    states = {item.state for item in findings}
    if "problem" in states:
        raise CommandError("something is off, see above")
    if "unreachable" in states:
        raise Unreachable("everything here is fine, but something does not answer, see above")
