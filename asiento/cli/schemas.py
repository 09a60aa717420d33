"""`asiento schemas`: check the contract, hand it out."""

from pathlib import Path
from typing import Annotated

import typer

from asiento.cli.exits import CommandError
from asiento.cli.output import message, print_json

app = typer.Typer(no_args_is_help=True, help="The contract: Avro schemas and their lock file.")

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(as_json: JSON = False) -> None:
    """Check every schema, the lock file, and every version against every other; exit 1 on a finding."""
    from schemas.contract_check import check_contract
    from schemas.package_files import avsc_contents, lock_content

    report = check_contract(avsc_contents(), lock_content())
    if as_json:
        print_json(report.to_json())
    else:
        for finding in report.findings:
            message(str(finding))
        message(
            f"frozen versions: {report.frozen}; drafts: {report.draft}; pairs of versions compared: {report.pairs_compared}; "
            f"findings: {len(report.findings)}"
        )
    if report.findings:
        raise CommandError("the schemas are not what the contract allows")


@app.command()
def export(
    directory: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which files would be written.")] = False,
    as_json: JSON = False,
) -> None:
    """Write the .avsc files and the lock file, for producers and registries."""
    from schemas.package_files import LOCK_FILE, avsc_contents, lock_content

    files = {**avsc_contents(), LOCK_FILE: lock_content()}
    if not dry_run:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (directory / name).write_bytes(content)
        except OSError as problem:
            raise CommandError(f"{directory}: {problem.strerror}; name a directory you may write to") from None
    if as_json:
        print_json({"directory": str(directory), "written": not dry_run, "files": sorted(files)})
    else:
        for name in sorted(files):
            typer.echo(directory / name)
