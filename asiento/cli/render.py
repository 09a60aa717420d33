"""`asiento sinks render`: what a connector would send, without sending."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from asiento.cli.entry_lines import entry_lines
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message, print_json
from asiento.runtime.settings import Settings, load_settings

if TYPE_CHECKING:
    from schemas.entries import HashedEntry
    from sinks.connectors.catalogue import ConnectorKind
    from sinks.external.connections import Connection, Mode, Posting
    from sinks.external.targets import Mapping

TOLD_MAX: Final = 20


def render_command(
    name: Annotated[
        str, typer.Argument(help="A connection of ASIENTO_LEDGER_CONNECTIONS, or a kind of ledger with its example connection and mapping.")
    ],
    entries: Annotated[
        str, typer.Argument(help="Entries as JSON lines, of `entries export --format jsonl` or `simulate`; `-` reads stdin.")
    ],
    *,
    mapping: Annotated[Path | None, typer.Option(help="Mapping file; unset: that of the connection, or the example of the kind.")] = None,
    mode: Annotated[str | None, typer.Option(help="journals or documents; unset: as the connection says.")] = None,
    posting: Annotated[str | None, typer.Option(help="entry or summary; unset: as the connection says.")] = None,
) -> None:
    """Show the calls that entries would become, as JSON lines in posting order; nothing is sent, and no secret is read.

    Entries that cannot be told to this ledger are named on standard error, with what is missing; the rest is shown. Exit 1 then.
    """
    from sinks.planner.rendering import Rendering

    chosen = _chosen(name, load_settings())
    connection = replace(
        chosen.connection, mode=_mode(mode) or chosen.connection.mode, posting=_posting(posting) or chosen.connection.posting
    )
    rendering = Rendering(
        connection=connection,
        mapping=chosen.mapping(mapping),
        connector=chosen.kind.make(connection, None),
        base_url=connection.base_url or chosen.kind.base_url or "",
    )
    reading = _Reading(entries)
    for call in rendering.calls(reading.entries()):
        print_json(call)
    if rendering.elsewhere:
        message(f"{rendering.elsewhere} entries are of legal entities or currencies that {connection.name} does not take")
    _told(reading.refused, "more lines are refused")
    left_out = list(rendering.left_out.values())
    _told([f"{left.entries} entries left out, the first is {left.entry_id}: {left.reason}" for left in left_out], "more reasons")
    missing = sum(left.entries for left in left_out)
    if missing or reading.refused:
        raise CommandError(f"{missing} entries are left out, {len(reading.refused)} lines refused")


def _told(texts: list[str], rest: str) -> None:
    for text in texts[:TOLD_MAX]:
        message(text)
    if len(texts) > TOLD_MAX:
        message(f"{len(texts) - TOLD_MAX} {rest}")


class _Reading:
    """The entries of a file; lines that cannot be read are kept with their number."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.refused: list[str] = []

    def entries(self) -> "Iterator[HashedEntry]":
        """The entries one after the other."""
        for number, told in entry_lines(self._name):
            if isinstance(told, str):
                self.refused.append(f"{self._name}:{number}: {told}")
            else:
                yield told


@dataclass(frozen=True)
class _Chosen:
    """What is rendered for. default_mapping: the file where none is named; may_take_example: whether the kind's example will do."""

    connection: "Connection"
    kind: "ConnectorKind"
    default_mapping: Path | None = None
    may_take_example: bool = True

    def mapping(self, file: Path | None) -> "Mapping":
        """The mapping of a file, else the default one. Raises `UsageError` where there is none, as `load_mapping` for what is in it."""
        from sinks.mapping.examples import example_mapping
        from sinks.mapping.ledger_mapping import load_mapping

        path = file or self.default_mapping
        if path is None and not self.may_take_example:
            raise UsageError(
                f"connection {self.connection.name} has no account mapping: name a file by --mapping, its key `mapping`, or ASIENTO_MAPPING"
            )
        return example_mapping(self.connection.kind) if path is None else load_mapping(path)


def _chosen(name: str, settings: Settings) -> _Chosen:
    from sinks.connectors.catalogue import kind_of, kinds
    from sinks.connectors.configured import kind_of_connection, known_connections

    known = known_connections(settings)
    if name in known:
        connection = known[name]
        kind = kind_of_connection(connection)
        return _Chosen(connection, kind, connection.mapping or settings.mapping, may_take_example=kind.names_accounts_itself)
    found = kind_of(name)
    if found is None:
        raise UsageError(
            f"no connection and no kind of ledger is called {name}; "
            f"connections: {', '.join(sorted(known)) or 'none (ASIENTO_LEDGER_CONNECTIONS)'}; kinds: {', '.join(kinds())}"
        )
    return _Chosen(found.sandbox(), found)


def _mode(text: str | None) -> "Mode | None":
    from sinks.external.connections import Mode

    if text is None or text in tuple(Mode):
        return None if text is None else Mode(text)
    raise UsageError(f"--mode: {text} is not known; there are {', '.join(Mode)}")


def _posting(text: str | None) -> "Posting | None":
    from sinks.external.connections import Posting

    if text is None or text in tuple(Posting):
        return None if text is None else Posting(text)
    raise UsageError(f"--posting: {text} is not known; there are {', '.join(Posting)}")
