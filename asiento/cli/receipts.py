"""`asiento receipts`: what became of an event that a producer sent."""

from typing import Annotated, Any

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import print_json
from asiento.cli.printable import print_line
from asiento.cli.receipt_values import receipt_to_json
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings


def receipts_command(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event_id.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    lang: Annotated[str, typer.Option(help="Language of the message: en or es.")] = "en",
) -> None:
    """Whether an event arrived, what became of it and why, its entries and documents, what the ledgers said.

    Read from the operational database. Exit 1 for an id that it does not have (yet).
    """
    from schemas.formats import parse_uuid
    from schemas.wording.language import language_named

    language = language_named(lang)
    if language is None:
        raise UsageError(f"--lang {lang}: en or es")
    try:
        wanted = parse_uuid(event_id)
    except ValueError as problem:
        raise UsageError(f"EVENT_ID: {problem}") from None
    found = read_receipt(client_settings(), wanted, lang=lang)
    if found is None:
        raise CommandError(f"{wanted} is not in the operational database: it did not arrive, could not be read, or is not projected yet")
    if as_json:
        print_json(found)
        return
    for line in _lines(found):
        print_line(line)


def read_receipt(settings: Settings, event_id: str, *, lang: str = "en") -> dict[str, Any] | None:
    """The receipt of an event as plain values, None where the id is not known; raises `Unreachable`."""
    from schemas.topics import ORDERS_EVENTS
    from sinks.projector.errors import OperationalError
    from sinks.projector.reader import OperationalReader
    from sinks.receipts import receipt_of

    try:
        with OperationalReader.at(settings.operational_location) as reader:
            receipt = receipt_of(reader, event_id, settings.topic(ORDERS_EVENTS))
    except OperationalError as problem:
        raise Unreachable(str(problem)) from None
    return None if receipt is None else receipt_to_json(receipt, "es" if lang == "es" else "en")


def _lines(receipt: dict[str, Any]) -> list[str]:
    code = f" {receipt['code']}" if receipt["code"] else ""
    lines = [
        f"event {receipt['event_id']}  {receipt['event_type'] or ''}  {receipt['business_key'] or ''}",
        f"order {receipt['order_key'] or 'unknown'}",
        f"{receipt['status']}{code}: {receipt['message']}",
    ]
    lines += [f"record {one['partition']}/{one['offset']}  {one['arrived_at']}  {one['outcome'] or '-'}" for one in receipt["records"]]
    for entry in receipt["entries"]:
        kind, document, day = (entry[name] or "" for name in ("entry_kind", "document_ref", "posting_date"))
        lines.append(f"entry {entry['entry_id']}  {kind}  {document}  {day}")
        lines += [f"  ledger {ack['ledger']}  {ack['status']}  {ack['document_number'] or ''}" for ack in entry["ledgers"]]
    return lines
