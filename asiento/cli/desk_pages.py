"""How the desk's values look as text, lists and single cases. Everything from outside is made printable."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

from asiento.cli.desk_words import age_text, amount_text, done, say
from asiento.cli.printable import print_line
from asiento.cli.runbook_pages import runbook_page
from schemas.wording.language import Language
from schemas.wording.texts_of_outcomes import OUTCOMES

VALUE_LENGTH_MAX: Final = 200
FIELDS_SHOWN_MAX: Final = 400
Json = dict[str, Any]


def print_lines(lines: Iterable[str]) -> None:
    """Write lines, each made printable."""
    for line in lines:
        print_line(line)


def print_items(title: str, items: Sequence[tuple[Sequence[str], str]], language: Language, next_place: str | None) -> None:
    """Write a list, each item as a line of cells that can be copied and a sentence below it, and where the list goes on."""
    if not items:
        print_line(say("found_nothing", language))
        return
    print_line(title)
    for cells, sentence in items:
        print_line("  ".join(cells))
        print_line(f"    {sentence}")
    if next_place is not None:
        print_line(say("next", language, place=next_place))


def print_counts(counts: dict[str, int], language: Language) -> None:
    """Write how many are open, by reason or code."""
    if counts:
        print_line(f"{say('counts', language)}: {', '.join(f'{code} {number}' for code, number in counts.items())}")


def print_runbooks(items: Sequence[Json], language: Language) -> None:
    """Write where the pages of the codes that are listed are, each once."""
    pages = {page: None for item in items if (page := runbook_page(item["code"], language)) is not None}
    if pages:
        print_line(f"{say('runbook', language)}: {', '.join(sorted(pages))}")


def age_of(item: Json) -> str:
    """The age of a listed item."""
    return age_text(item["age_seconds"] * 1_000_000)


def who(item: Json, language: Language) -> str:
    """Who looks after an item."""
    return item["assignee"] or say("nobody", language)


def state_of(item: Json, language: Language) -> str:
    """Where a case stands, and what closed it."""
    if item["state"] == "open":
        return say("open", language)
    return say({"stream": "itself", "operator": "operator"}.get(str(item.get("resolved_by")), "resolved"), language)


def letter_lines(page: Json, language: Language) -> Iterator[str]:
    """A refused record."""
    yield f"{say('dead_letter', language)} {page['subject']}  ({age_of(page)})"
    yield f"{say('state', language)}: {state_of(page, language)}; {say('who', language)}: {who(page, language)}"
    yield f"{say('reason', language)}: {page['reason']}. {page['meaning']}"
    yield f"{say('detail', language)}: {page['detail']}"
    yield f"{say('action', language)}: {page['mend']}"
    yield from command_lines(page["commands"])
    if page["key"] is not None or page["order_key"]:
        yield f"{say('key', language)}: {page['key'] if page['key'] is not None else page['order_key']}"
    yield from raw_lines(page["raw"], language) if page["raw"] is not None else _framing_lines(page, language)
    if page["headers"]:
        yield f"{say('headers', language)}:"
        yield from (f"  {one['key']}: {one['value']}" for one in page["headers"])
    if page["event"] is not None:
        yield f"{say('fields', language)}:"
        yield from (f"  {line}" for line in field_lines(page["event"]))
    elif page["json"] is not None:
        yield f"{say('json', language)}:"
        yield from (f"  {line}" for line in field_lines(page["json"]))
    if page["problems"]:
        yield f"{say('incomplete', language)}:"
        yield from (f"  {one['field'] or '-'} (byte {one['byte']}): {one['problem']}" for one in page["problems"])
    if not page["bytes_there"]:
        yield say("bytes_gone", language)
    elif page["dump"] and not (page["complete"] and page["event"] is not None):
        yield f"{say('value', language)} ({page['dumped_bytes']} / {page['value_bytes']} {say('bytes', language)}):"
        yield from (f"  {line}" for line in page["dump"])
    if page["now"] is not None:
        yield from prediction_lines(page["now"], say("now", language), language)
    if page["raw_now"] is not None:
        yield from raw_outlook_lines(page["raw_now"], language)
    yield from action_lines(page["actions"], language)


def _framing_lines(page: Json, language: Language) -> Iterator[str]:
    framing = page["framing"]
    shown = f"{framing['schema_id']} {framing['record'] or '?'}" if framing else say("not_framed", language)
    yield f"{say('schema', language)}: {shown}"


def raw_lines(raw: Json, language: Language) -> Iterator[str]:
    """A refused raw payload, without its content."""
    topic, size = raw["topic"] or "?", "?" if raw["body_bytes"] is None else raw["body_bytes"]
    yield f"{say('raw', language)}: {raw['source'] or '?'}  {topic}  {size} {say('bytes', language)} ({say('raw_hidden', language)})"
    yield f"  {raw['resource'] or '?'}  {raw['origin'] or '?'}  {raw['signature'] or '?'}  {raw['received_at'] or '?'}"


def raw_outlook_lines(outlook: Json, language: Language) -> Iterator[str]:
    """What the normalizer would make of a raw payload."""
    why = f" {outlook['code']}: {outlook['meaning']}" if outlook["code"] else ""
    yield f"{say('raw_now', language)}: {say('raw_' + outlook['outcome'], language)}{why}"
    if outlook["message"]:
        yield f"  {outlook['pointer'] + ': ' if outlook['pointer'] else ''}{outlook['message']}"
    yield from (f"  {one['type']}  {one['business_key']}" for one in outlook["events"])


def event_lines(page: Json, language: Language) -> Iterator[str]:
    """An event with its order."""
    yield f"{say('event', language)} {page['event_id']}  {page['type'] or '?'}  {page['business_key'] or ''}"
    yield f"{say('order', language)}: {page['order_key']}"
    outcome = OUTCOMES[page["outcome"]].of(language) if page["outcome"] in OUTCOMES else "?"
    age = f" ({age_of(page)})" if page["age_seconds"] is not None else ""
    yield f"{say('outcome', language)}: {outcome} {page['code'] or ''}{age}"
    if page["state"] is not None:
        yield f"{say('state', language)}: {state_of(page, language)}; {say('who', language)}: {who(page, language)}"
    if page["message"] is not None:
        yield page["message"]["happened"]
        yield f"{say('action', language)}: {page['message']['action']}"
    yield from command_lines(page["commands"])
    yield f"{say('order', language)}:"
    for one in page["order_events"]:
        mark = ">" if one["event_id"] == page["event_id"] else " "
        yield f"  {mark} {one['place']}  {one['type'] or '?'}  {one['business_key'] or ''}  {_outcome(one, language)}"
    if page["discrepancies"]:
        yield f"{say('discrepancies', language)}:"
        yield from (
            f"  {one['code']} {one['discrepancy_id']} {state_of(one, language)}: {one['happened']}" for one in page["discrepancies"]
        )
    yield from action_lines(page["actions"], language)


def discrepancy_lines(page: Json, language: Language) -> Iterator[str]:
    """A discrepancy with both sides and everything behind it."""
    currency, exponent = page.get("currency"), page["exponent"]
    yield f"{say('discrepancy', language)} {page['discrepancy_id']}  {page['code']}: {page['title']}"
    yield f"{say('severity', language)}: {page['severity']}; {say('state', language)}: {state_of(page, language)}; {age_of(page)}"
    yield f"{say('order', language)}: {page['order_key']}; {say('who', language)}: {who(page, language)}"
    yield page["happened"]
    yield f"{say('action', language)}: {page['action']}"
    yield from command_lines(page["commands"])
    if page["runbook"] is not None:
        yield f"{say('runbook', language)}: {page['runbook']}"
    for name in ("expected", "actual", "residual"):
        if page.get(name) is not None:
            yield f"  {say(name, language)}: {amount_text(page[name], currency, exponent)}"
    if page["events"]:
        yield f"{say('events_behind', language)}:"
        for one in page["events"]:
            yield f"  {one['place']}  {one['type'] or '?'}  {one['business_key'] or ''}  {one['event_id']}  {_outcome(one, language)}"
    if page["entries"]:
        yield f"{say('entries', language)}:"
        yield from (f"  {line}" for entry in page["entries"] for line in entry_lines(entry))
    if page["proposals"]:
        yield f"{say('proposals', language)}:"
        yield from (f"  {line}" for one in page["proposals"] for line in proposal_lines(one, language))
    yield from (f"{one['action_id']} {one['actor']}: {say('moved_alone', language)}" for one in page["moved_alone"])
    yield from action_lines(page["actions"], language)


def command_lines(commands: Sequence[Json]) -> Iterator[str]:
    """When which command mends it."""
    for one in commands:
        yield f"  {one['when']}:"
        yield f"    {one['command']}"


def proposal_lines(proposal: Json, language: Language) -> Iterator[str]:
    """A proposal and its answers."""
    state = say(proposal["state"], language)
    yield f"{proposal['action_id']}  {state}  {proposal['actor']}: {proposal['reason']}"
    event = proposal["event"] if isinstance(proposal["event"], dict) else {}
    for leg in event.get("postings") or ():
        yield f"  {leg.get('side')} {leg.get('account')} {leg.get('amount')}"
    if event.get("type") == "ReceivableAdjusted":
        yield f"  {event.get('kind')} {event.get('amount')}"
    for one in proposal["void"]:
        yield f"  {done(one['kind'], language)} {one['actor']}: {say('void', language)}"


def change_lines(changes: Sequence[Json], language: Language) -> Iterator[str]:
    """Fields before and after."""
    if not changes:
        yield f"{say('changes', language)}: {say('no_changes', language)}"
        return
    yield f"{say('changes', language)}:"
    for one in changes:
        yield f"  {one['path']}: {_short(one['before'])} -> {_short(one['after'])}"


def prediction_lines(prediction: Json, head: str, language: Language) -> Iterator[str]:
    """What the core would make of an event."""
    outcome = OUTCOMES[prediction["outcome"]].of(language)
    why = f" {prediction['code']}: {prediction['meaning']}" if prediction["code"] else ""
    yield f"{head}: {outcome}{why}"
    if prediction["detail"]:
        yield f"  {prediction['detail']}"
    for entry in prediction["entries"]:
        yield from (f"  {line}" for line in entry_lines(entry))
    for one in prediction["discrepancies"]:
        yield f"  {one['code']} ({one['state']}): {one['happened']}"
    if prediction["heals"]:
        yield f"  {say('heals', language)}: {', '.join(prediction['heals'])}"


def entry_lines(entry: Json) -> Iterator[str]:
    """An entry with its legs, debits first."""
    currency, exponent = entry["currency"], entry["currency_exponent"]
    yield f"{entry['entry_kind']}  {entry['posting_date']}  {entry['memo']}"
    for leg in entry["postings"]:
        amount = amount_text(leg["amount"], currency, exponent)
        yield f"    {leg['side']:<6}  {leg['account']}  {amount}"


def action_lines(actions: Sequence[Json], language: Language) -> Iterator[str]:
    """What was done, oldest first."""
    if actions:
        yield f"{say('actions', language)}:"
    for one in actions:
        to = f" {one['assignee']}" if one["assignee"] else ""
        sent = f" -> {one['sent_event_id']}" if one["sent_event_id"] else ""
        yield f"  {one['at']}  {one['actor']} {done(one['kind'], language)}{to}{sent}: {one['reason']}"


def field_lines(value: Any, path: str = "") -> list[str]:
    """`path: value` of every leaf; at most so many."""
    lines: list[str] = []
    _walk(value, path, lines)
    return lines


def _walk(value: Any, path: str, lines: list[str]) -> None:
    if len(lines) >= FIELDS_SHOWN_MAX:
        if lines[-1] != "...":
            lines.append("...")
        return
    if isinstance(value, dict) and value and path.count(".") + path.count("[") < 16:
        for name, item in value.items():
            _walk(item, f"{path}.{name}" if path else str(name), lines)
    elif isinstance(value, list) and value and path.count(".") + path.count("[") < 16:
        for number, item in enumerate(value):
            _walk(item, f"{path}[{number}]", lines)
    else:
        lines.append(f"{path}: {_short(value)}")


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= VALUE_LENGTH_MAX else f"{text[:VALUE_LENGTH_MAX]}..."


def _outcome(record: Json, language: Language) -> str:
    outcome = OUTCOMES[record["outcome"]].of(language) if record["outcome"] in OUTCOMES else "?"
    return f"{outcome} {record['code'] or ''}".rstrip()
