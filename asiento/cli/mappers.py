"""`asiento mappers`: list the shipped ones, check a file, try it on payloads."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from asiento.cli.exits import CommandError, UsageError
from asiento.cli.output import message, print_json, print_text
from asiento.runtime.yaml_files import RefusedFile, load_yaml

if TYPE_CHECKING:
    from sources.platforms.context import Context
    from sources.platforms.mapped.adapter import MappedAdapter

app = typer.Typer(no_args_is_help=True, help="Mapper files: how payloads of a source without a built-in platform become events.")

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FILE = Annotated[Path, typer.Argument(metavar="FILE", help="The mapper file.")]


@app.command("list")
def list_command(as_json: JSON = False) -> None:
    """List the mappers that are part of the program, with their grade (C: written from documentation, a preview)."""
    from sources.platforms.mapped.mappers import adapter_from, shipped_files

    mappers = [adapter_from(path).mapper for path in shipped_files().values()]
    if as_json:
        print_json([{"name": each.name, "title": each.title, "grade": each.grade, "topics": dict(each.topics)} for each in mappers])
        return
    for each in mappers:
        print_text(f"{each.name:16} {each.grade}  {'preview' if each.grade == 'C' else '':8} {each.title}")


@app.command()
def show(name: Annotated[str, typer.Argument(help="Name of a shipped mapper.")], as_json: JSON = False) -> None:
    """Print the file of a shipped mapper, to start one's own from."""
    from sources.platforms.mapped.mappers import shipped_files

    path = shipped_files().get(name)
    if path is None:
        raise UsageError(f"{name} is no shipped mapper; shipped are {', '.join(shipped_files())}")
    if as_json:
        print_json(load_yaml(path))
    else:
        print_text(path.read_text(encoding="utf-8").rstrip())


@app.command()
def check(file: FILE, as_json: JSON = False) -> None:
    """Check a mapper file against the language and the contract; exit 1 with every fault, its line, column and how to mend it."""
    mapper = _adapter(file).mapper
    events = [fact.event.name for rule in mapper.objects for fact in rule.facts]
    if as_json:
        print_json({"mapper": mapper.name, "grade": mapper.grade, "objects": [rule.name for rule in mapper.objects], "events": events})
    else:
        print_text(f"{file}: in order: {mapper.name}, {len(mapper.objects)} objects, events {', '.join(dict.fromkeys(events)) or 'none'}")


@app.command("try")
def try_command(
    file: FILE,
    payloads: Annotated[list[Path], typer.Argument(metavar="PAYLOAD...", help="Payload files.")],
    topic: Annotated[str, typer.Option(help="Topic of the payloads, where the mapper tells objects apart by it.")] = "",
    connection: Annotated[Path | None, typer.Option(help="Connection file (docs/normalize.md).")] = None,
    as_json: JSON = False,
) -> None:
    """Read payloads by a mapper file and show each event, and where each of its fields was found. Books and remembers nothing.

    Exit 1 where a payload cannot be judged.
    """
    from asiento.cli.normalize import payload_content, read_connection
    from sources.platforms.context import Context

    adapter = _adapter(file)
    context = Context(tenant="try", source=f"{adapter.name}:try", connection=read_connection(connection))
    problems = sum([_try_one(adapter, payload_content(path), topic, context, _Page(str(path), as_json)) for path in payloads])
    if problems:
        raise CommandError(f"{problems} objects could not be judged")


@dataclass(frozen=True, slots=True)
class _Page:
    """Where the answers about one payload go."""

    name: str
    as_json: bool

    def event(self, event: dict[str, Any], came_from: dict[str, str]) -> None:
        if self.as_json:
            print_json({"event": event, "from": came_from})
            return
        print_text(f"{self.name}: {event['type']} {event['business_key']} of order {event['order_id']} at {event['occurred_at']}")
        for at, where in came_from.items():
            print_text(f"  {at:32} = {_value_at(event, at)!s:24} <- {where}")

    def problem(self, code: str, words: str, pointer: str) -> None:
        if self.as_json:
            print_json({"problem": {"code": code, "message": words, "pointer": pointer}})
        message(f"{self.name}: {code}: {words}")


def _try_one(adapter: "MappedAdapter", body: bytes, topic: str, context: "Context", page: _Page) -> int:
    from sources.platforms.door import Judged, normalize
    from sources.platforms.outcome import Nothing, Problem

    problems = 0
    answers = normalize(adapter, body, topic, context)
    for number, answer in enumerate(answers):
        match answer:
            case Problem():
                page.problem(answer.code, answer.message, answer.pointer)
                problems += 1
            case Nothing():
                message(f"{page.name}: nothing to book: {answer.reason}")
            case Judged():
                part = adapter.open(adapter.parse(body), topic)[number]
                origins = {traced.fact.business_key: dict(traced.came_from) for traced in adapter.trace(part, context)}
                for event in answer.events:
                    page.event(event, origins.get(event["business_key"], {}))
                for words in (*answer.notices, *(f"to fetch: {fetch.resource}: {fetch.reason}" for fetch in answer.fetches)):
                    message(f"{page.name}: {words}")
    return problems


def _value_at(event: dict[str, Any], at: str) -> Any:
    """The value of a place like lines[0].gross."""
    value: Any = event
    for name in at.replace("[", ".[").split("."):
        if value is None:
            return ""
        if not name.startswith("["):
            value = value.get(name) if isinstance(value, dict) else None
        elif isinstance(value, list):
            value = value[int(name[1:-1])] if int(name[1:-1]) < len(value) else None
    return value


def _adapter(file: Path) -> "MappedAdapter":
    from sources.platforms.mapped.mappers import adapter_from

    try:
        return adapter_from(file)
    except RefusedFile as refused:
        raise CommandError(f"the mapper cannot be used\n{refused}") from None
