"""`asiento mapping`: check the mapping of a ledger, propose rules, and see what a change would do to past entries."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message, print_json, print_text
from asiento.runtime.settings import Settings, load_settings
from asiento.runtime.yaml_files import RefusedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asiento.accounting.journal import JournalEntry
    from sinks.external.connections import Connection
    from sinks.external.port import RemoteAccount
    from sinks.mapping.chart import JudgesAccounts
    from sinks.mapping.differences import Comparison
    from sinks.mapping.findings import Finding
    from sinks.mapping.ledger_mapping import LedgerMapping
    from sinks.mapping.reading import FileFault
    from sinks.mapping.rules import MappingRules

app = typer.Typer(no_args_is_help=True, help="Which account of a ledger each role goes to.")

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FILE = Annotated[Path, typer.Argument(metavar="FILE", help="The mapping file.")]
ACCOUNTS = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help="Chart of accounts of the ledger, as `asiento mapping accounts` prints it.")
]
CONNECTION = Annotated[str | None, typer.Option(metavar="NAME", help="A connection of ASIENTO_LEDGER_CONNECTIONS.")]
ENTRIES = Annotated[
    str | None, typer.Option(metavar="ENTRIES.jsonl", help="Entries of `entries export --format jsonl` or `simulate`; `-` reads stdin.")
]
ENTRIES_SHOWN_MAX = 20


@app.command()
def check(
    file: FILE,
    *,
    connection: CONNECTION = None,
    accounts: ACCOUNTS = None,
    as_json: JSON = False,
) -> None:
    """Check a mapping file: form, overlaps, gaps, roles without a rule, rules never reached; with a chart, each account as well.

    With --connection the chart is asked from the ledger, and accounts are checked for what its mode uses them for. Exit 1 with a list.
    """
    named = None if connection is None else _connection(connection)
    rules, faults = _examined(file)
    found = [] if faults else _findings(rules, named, accounts)
    if as_json:
        print_json(_report(file, rules, faults, found))
    else:
        _print_findings(file, faults, found)
    wrong = len(faults) + sum(finding.is_fault for finding in found)
    if wrong:
        raise CommandError(f"{file}: {wrong} {'fault' if wrong == 1 else 'faults'}")
    if not as_json:
        print_text(
            f"{file}: in order: {len(rules.rules)} rules and {len(rules.contacts)} customers for {rules.ledger}, version {rules.version}"
        )


def _examined(file: Path) -> "tuple[MappingRules, Sequence[FileFault]]":
    from sinks.mapping.reading import examined

    try:
        return examined(file)
    except RefusedFile as refused:
        raise CommandError(str(refused)) from None


def _findings(rules: "MappingRules", connection: "Connection | None", chart: Path | None) -> "list[Finding]":
    from sinks.external.connections import Mode, Posting
    from sinks.external.documents import DocumentKind
    from sinks.mapping.chart import chart_findings, item_findings
    from sinks.mapping.coverage import coverage, other_ledger

    found = coverage(rules, None if connection is None else connection.entities)
    judge = _judge(rules.ledger, connection)
    documents = judge is not None and DocumentKind.INVOICE in judge.capabilities.documents
    documents = documents and connection is not None and connection.mode is Mode.DOCUMENTS and connection.posting is Posting.ENTRY
    if connection is not None:
        found += other_ledger(rules, connection.kind)
    if judge is not None and documents:
        found += item_findings(rules, judge.capabilities)
    accounts = _chart(connection, chart)
    return found if accounts is None else [*found, *chart_findings(rules, accounts, judge, documents=documents)]


def _chart(connection: "Connection | None", file: Path | None) -> "Sequence[RemoteAccount] | None":
    if file is not None:
        from sinks.mapping.chart import read_chart

        try:
            return read_chart(file)
        except RefusedFile as refused:
            raise CommandError(str(refused)) from None
    if connection is None:
        return None
    from asiento.cli.outside_ledger import accounts_of

    return accounts_of(connection, load_settings())


def _judge(kind_name: str, connection: "Connection | None") -> "JudgesAccounts | None":
    from sinks.connectors.catalogue import kind_of

    kind = kind_of(kind_name if connection is None else connection.kind)
    return None if kind is None else kind.make(connection or kind.sandbox(), None)


def _connection(name: str) -> "Connection":
    from sinks.connectors.configured import connection_named

    return connection_named(load_settings(), name)


def _report(file: Path, rules: "MappingRules", faults: "Sequence[FileFault]", found: "list[Finding]") -> dict[str, Any]:
    of_file = [fault._asdict() for fault in faults]
    of_rules = [
        {"kind": one.kind.value, "about": one.about, "message": one.message, **({} if one.line is None else {"line": one.line})}
        for one in found
    ]
    return {
        "file": str(file),
        "ledger": rules.ledger,
        "version": rules.version,
        "digest": None if faults else rules.digest,
        "rules": len(rules.rules),
        "contacts": len(rules.contacts),
        "faults": [*of_file, *[told for told, one in zip(of_rules, found, strict=True) if one.is_fault]],
        "notes": [told for told, one in zip(of_rules, found, strict=True) if not one.is_fault],
    }


def _print_findings(file: Path, faults: "Sequence[FileFault]", found: "list[Finding]") -> None:
    for fault in faults:
        print_text(f"{file}:{fault.line}:{fault.column}: {fault.kind}: {fault.field}: {fault.message}")
    for one in sorted(found, key=lambda one: not one.is_fault):
        place = f"{file}:{one.line}" if one.line is not None else str(file)
        print_text(f"{place}: {one.kind.value if one.is_fault else f'note: {one.kind.value}'}: {one.message}")


@app.command()
def suggest(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A mapping file that leaves something out.")] = None,
    *,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Kind of ledger of a new file, instead of FILE.")] = None,
    accounts: ACCOUNTS = None,
    connection: CONNECTION = None,
    entries: ENTRIES = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the whole file here, with the proposed rules in it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, whatever --out says.")] = False,
    as_json: JSON = False,
) -> None:
    """Propose a rule for each role without one, and for what entries need besides, by the names and kinds of the accounts.

    Each proposal says why. Look at every line: names can mislead. Nothing is written unless --out names a new file.
    """
    from sinks.mapping.suggestions import rule_line, stated, suggested

    if (file is None) == (kind is None):
        raise UsageError("name a mapping FILE, or the --kind of a new one")
    if accounts is None and connection is None:
        raise UsageError("name a chart of accounts: --accounts FILE.json, or --connection NAME to ask for it")
    named = None if connection is None else _connection(connection)
    mapping = None if file is None else _mapping(file)
    ledger = mapping.rules.ledger if mapping is not None else str(kind)
    chart = _chart(named, accounts) or ()
    found = suggested(_missing(mapping, entries), chart, _judge(ledger, named))
    if as_json:
        print_json(list(stated(found)))
    else:
        for each in found:
            print_text(rule_line(each))
        if not found:
            message("nothing is missing")
    if out is not None and not dry_run:
        _write(out, file, ledger, found)


def _missing(mapping: "LedgerMapping | None", entries: str | None) -> "list[Any]":
    from sinks.mapping.suggestions import missing_in, missing_roles

    missing = missing_roles(None if mapping is None else mapping.rules)
    if entries is not None:
        from asiento.cli.entry_lines import entries_in

        have = {(one.role, one.qualifier) for one in missing}
        missing += [one for one in missing_in(entries_in(entries), mapping) if (one.role, one.qualifier) not in have]
    return missing


def _write(out: Path, file: Path | None, ledger: str, found: "list[Any]") -> None:
    from sinks.mapping.suggestions import extended_file, new_file

    try:
        text = new_file(ledger, found) if file is None else extended_file(file, found)
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
    except RefusedFile as refused:
        raise CommandError(str(refused)) from None
    except FileExistsError:
        raise UsageError(f"{out} is there already: name another file") from None
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from None
    message(f"{out} is written: look at every rule, then `asiento mapping check {out}`")


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The mapping file as it was.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The mapping file as it would be.")],
    *,
    entries: ENTRIES = None,
    as_json: JSON = False,
) -> None:
    """Show what past entries would become under another mapping; changes nothing. Exit 1 where anything goes elsewhere.

    Entries come from --entries, else from the ledger of ASIENTO_LEDGER_URL. --json: one line for each entry, then the summary.
    """
    from sinks.mapping.differences import Comparison, moved_values, summary_values

    comparison = Comparison(_mapping(old), _mapping(new))
    shown = 0
    for moved in comparison.moved(_past_entries(entries, load_settings())):
        if as_json:
            print_json({"entry": moved_values(moved)})
        elif shown < ENTRIES_SHOWN_MAX:
            _print_moved(moved_values(moved))
        shown += 1
    if as_json:
        print_json({"summary": summary_values(comparison)})
    else:
        if shown > ENTRIES_SHOWN_MAX:
            print_text(f"... and {shown - ENTRIES_SHOWN_MAX} more entries; --json shows all")
        _print_summary(comparison)
    if comparison.entries_moved:
        raise CommandError(f"{comparison.entries_moved} of {comparison.entries} entries would be booked otherwise")


def _past_entries(file: str | None, settings: Settings) -> "Iterator[JournalEntry]":
    if file is not None:
        from asiento.cli.entry_lines import entries_in

        yield from entries_in(file)
        return
    from sinks.ledger import LedgerError
    from sinks.ledger_access import DamagedRow, reader_at

    try:
        with reader_at(settings.ledger_location) as ledger:
            for row in ledger.all_rows():
                yield row.entry()
    except DamagedRow as error:
        raise CommandError(f"{error}; run `asiento verify`") from None
    except LedgerError as error:
        raise Unreachable(str(error)) from None


def _print_moved(entry: dict[str, Any]) -> None:
    print_text(f"{entry['posting_date']} {entry['order_key']} entry {entry['entry_id']}")
    for one in entry["postings"]:
        print_text(f"    {one['account']:40} {_goes_to(one['old'])} -> {_goes_to(one['new'])}")
    if "contact" in entry:
        print_text(f"    {'customer':40} {entry['contact']['old'] or 'waits'} -> {entry['contact']['new'] or 'waits'}")


def _goes_to(target: dict[str, str] | None) -> str:
    if target is None:
        return "waits"
    more = [f"{name} {value}" for name, value in target.items() if name != "account"]
    return target["account"] + (f" ({', '.join(more)})" if more else "")


def _print_summary(comparison: "Comparison") -> None:
    from asiento.accounting.money import grouped_units_text

    for account, currency, before, after in comparison.changed_sums():
        exponent = comparison.exponents[currency]
        amounts = [grouped_units_text(amount, exponent) for amount in (before, after, after - before)]
        print_text(f"{account:24} {currency} {amounts[0]:>18} -> {amounts[1]:>18}   change {amounts[2]:>18}")
    for word, waiting in (("would wait", comparison.unmapped), ("would no longer wait", comparison.mapped)):
        for about, postings in sorted(waiting.items()):
            print_text(f"{word}: {about} ({postings} postings)")
    print_text(f"{comparison.entries} entries, {comparison.entries_moved} would be booked otherwise, {comparison.postings_moved} postings")


def _mapping(file: Path) -> "LedgerMapping":
    from sinks.mapping.ledger_mapping import load_mapping

    try:
        return load_mapping(file)
    except RefusedFile as refused:
        raise CommandError(f"the mapping cannot be used\n{refused}") from None


@app.command()
def accounts(
    connection: Annotated[str, typer.Option(metavar="NAME", help="A connection of ASIENTO_LEDGER_CONNECTIONS.")],
    *,
    as_json: JSON = False,
) -> None:
    """Ask a ledger for its chart of accounts; with --json in the form that --accounts of `check` and `suggest` reads."""
    from asiento.cli.outside_ledger import accounts_of
    from sinks.mapping.chart import chart_values

    values = chart_values(accounts_of(_connection(connection), load_settings()))
    if as_json:
        print_json(values)
        return
    for one in values:
        print_text(f"{one['code']:16} {one['kind']:24} {one['currency'] or '':4} {'' if one['active'] else 'not active '}{one['name']}")


@app.command()
def example(kind: Annotated[str, typer.Argument(metavar="KIND", help="Kind of ledger.")], as_json: JSON = False) -> None:
    """Print the example mapping of a kind of ledger, to start one's own from; the generic one where it has none."""
    from asiento.runtime.yaml_files import load_yaml
    from sinks.mapping.examples import example_file

    path = example_file(kind)
    if as_json:
        print_json(load_yaml(path))
    else:
        print_text(path.read_text(encoding="utf-8").rstrip())
