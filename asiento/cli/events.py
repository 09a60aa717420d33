"""`asiento events`: send order events from a file of their JSON twin, watch the topic; the desk's part is in `event_desk`."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asiento.cli import event_desk
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.json_lines import open_input, read_lines
from asiento.cli.output import message, print_json
from asiento.cli.run_directory import client_settings
from asiento.runtime.settings import Settings

if TYPE_CHECKING:
    from schemas.event_messages import EventMessage
    from schemas.refusal import Refusal

app = typer.Typer(no_args_is_help=True, help="Order events: send them, watch them, settle those that are not settled.")
event_desk.register(app)

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
REFUSALS_SHOWN_MAX = 100
EVENTS_HELD_MAX = 1_000_000
"""Most events of one file: all are encoded, about half a kilobyte each, before the first is sent."""


def encode_lines(lines: Iterable[tuple[int, bytes]]) -> "Iterator[tuple[int, EventMessage | Refusal]]":
    """The message of every (number, line), or why it is refused."""
    from schemas.event_messages import message_from_json
    from schemas.events import parse_object
    from schemas.refusal import InvalidEvent

    for number, line in lines:
        try:
            yield number, message_from_json(parse_object(line))
        except InvalidEvent as problem:
            yield number, problem.refusal()


@app.command()
def send(
    file: Annotated[str, typer.Argument(help="Events, one JSON object per line; - is stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file, send nothing.")] = False,
    skip_invalid: Annotated[bool, typer.Option("--skip-invalid", help="Send the good lines although others are refused.")] = False,
    as_json: JSON = False,
) -> None:
    """Check every line, then send all to the events topic. Where one line is refused, nothing is sent and the exit code is 1."""
    messages, refused = _check(file)
    sent = 0
    if not dry_run and (skip_invalid or not refused):
        sent = asyncio.run(_send(client_settings(), messages))
    if as_json:
        print_json({"lines": len(messages) + len(refused), "valid": len(messages), "sent": sent, "refused": refused})
    else:
        message(f"{len(messages) + len(refused)} lines: {len(messages)} valid, {len(refused)} refused, {sent} sent")
    if refused:
        hint = "" if sent or dry_run else "; nothing was sent: mend them, or send the others with --skip-invalid"
        raise CommandError(f"{len(refused)} lines are refused{hint}")


def _check(file: str) -> "tuple[list[EventMessage], list[dict[str, Any]]]":
    """Encode the whole file first: half a file in a topic that is kept for ever helps nobody."""
    from schemas.events import JSON_BYTES_MAX
    from schemas.refusal import REASONS, Refusal

    messages: list[EventMessage] = []
    refused: list[dict[str, Any]] = []
    with open_input(file) as stream:
        for number, encoded in encode_lines(read_lines(stream, JSON_BYTES_MAX)):
            if len(messages) + len(refused) >= EVENTS_HELD_MAX:
                raise CommandError(f"{file} has more than {EVENTS_HELD_MAX} events: split it")
            if not isinstance(encoded, Refusal):
                messages.append(encoded)
                continue
            mend = REASONS[encoded.reason].mend.en
            refused.append({"line": number, "reason": encoded.reason, "detail": encoded.detail, "mend": mend})
            if len(refused) <= REFUSALS_SHOWN_MAX:
                message(f"line {number}: {encoded.reason}: {encoded.detail}. {mend}")
    if len(refused) > REFUSALS_SHOWN_MAX:
        message(f"... and {len(refused) - REFUSALS_SHOWN_MAX} more")
    return messages, refused


async def _send(settings: Settings, messages: "Iterable[EventMessage]") -> int:
    from asiento.cli.event_producer import EventProducer

    async with EventProducer(settings) as producer:
        for item in messages:
            await producer.send(item)
    return producer.sent


@app.command()
def tail(
    key: Annotated[str | None, typer.Option("--key", help="Only this order: tenant:source:order_id.")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Start with the oldest record.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Stop after so many records.")] = None,
    as_json: JSON = False,
) -> None:
    """Show committed records of the events topic as they arrive; refused ones with their reason."""
    if key is not None and key.count(":") < 3:
        raise UsageError(f"{key} is no order key: tenant:source:order_id is expected, where source is platform:connection")
    try:
        asyncio.run(_tail(client_settings(), key, from_beginning, limit, as_json))
    except KeyboardInterrupt:
        return


async def _tail(settings: Settings, key: str | None, from_beginning: bool, limit: int | None, as_json: bool) -> None:
    from asiento.cli import event_tail

    async for record in event_tail.tail(settings, key=key, from_beginning=from_beginning, limit=limit):
        if as_json:
            print_json(record)
        else:
            typer.echo(_line(record))


def _line(record: dict[str, Any]) -> str:
    place = f"{record['partition']}/{record['offset']}"
    if "refused" in record:
        return f"{place}  refused {record['refused']['reason']}: {record['refused']['detail']}"
    event = record["event"]
    return f"{place}  {event['received_at']}  {event['type']}  {record['key']}  {event['business_key']}  {event['event_id']}"
