"""`asiento doctor`: what is off, why it matters, which command mends it; on request it mends what is safe to mend."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message, print_json
from asiento.runtime.masked_text import mask_text
from asiento.runtime.settings import SettingsError, load_settings

if TYPE_CHECKING:
    from asiento.cli.diagnosing.findings import Finding


def doctor(
    *,
    mend: Annotated[
        bool, typer.Option("--mend", help="Carry out the mendings that are safe: topics, stale PID files, half-made files, acks.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --mend: also make an unreadable operational database again.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --mend: only show what would be done.")] = False,
    prometheus: Annotated[
        str | None, typer.Option("--prometheus", metavar="URL", help="Ask this Prometheus which processes run, not the run directory.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Check everything a run needs and how it stands. Exit 1 if something is off, 3 if only a broker or database does not answer.

    Without --mend it changes nothing. Nothing that touches money or what is booked is ever mended by it.
    """
    if (yes or dry_run) and not mend:
        raise UsageError("--yes and --dry-run belong to --mend")
    findings = _findings(prometheus)
    done = list(_mend(findings, yes=yes, dry_run=dry_run)) if mend else []
    if mend and not dry_run:
        findings = _findings(prometheus)
    if as_json:
        listed = [_values(item) for item in findings]
        print_json({"findings": listed, "mendings": done} if mend else listed)
    else:
        _print(findings)
    _leave({item.state for item in findings})


def _findings(prometheus: str | None) -> "list[Finding]":
    from asiento.cli.diagnosing.examination import examine
    from asiento.cli.diagnosing.findings import Finding

    try:
        return examine(load_settings(), prometheus)
    except SettingsError as error:
        return [Finding("settings", "problem", str(error), "correct the name or value; `asiento config schema` lists all")]


def _mend(findings: "Sequence[Finding]", *, yes: bool, dry_run: bool) -> Iterator[dict[str, str]]:
    """Carry the mendings out one by one; answers what became of each."""
    from asiento.cli.diagnosing.findings import MendingFailed

    for finding in findings:
        mending = finding.mending
        if mending is None:
            continue
        if mending.needs_yes and not yes:
            result, words = "left", f"{mending.what}: only with --yes"
        elif dry_run:
            result, words = "would", mending.what
        else:
            try:
                result, words = "done", mending.carry_out()
            except MendingFailed as error:
                result, words = "failed", f"{mending.what}: {error}"
        message(f"{finding.check}: {result}: {words}")
        yield {"check": finding.check, "result": result, "detail": mask_text(words)}


def _values(item: "Finding") -> dict[str, str]:
    return {"check": item.check, "state": item.state, "detail": item.detail, "why": item.why, "mend": item.mend}


def _print(findings: "Sequence[Finding]") -> None:
    from asiento.cli.printable import print_line

    for item in findings:
        print_line(f"{item.state:11} {item.check}: {item.detail}")
        if item.why:
            print_line(f"{'':11} why: {item.why}")
        if item.mend:
            print_line(f"{'':11} -> {item.mend}")


def _leave(states: set[str]) -> None:
    if "problem" in states:
        raise CommandError("something is off, see above")
    if "unreachable" in states:
        raise Unreachable("everything here is fine, but something does not answer, see above")
