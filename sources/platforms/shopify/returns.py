"""Returns: goods are back when a return is processed; requests, approvals and labels are nothing yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Reading
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_at, identity_of
from sources.platforms.shopify.needs import order_needed
from sources.platforms.shopify.notes import OrderNotes, notes_of

_STATUSES: Final = frozenset({"requested", "open", "closed", "canceled", "cancelled", "declined"})
_DISPOSITIONS: Final = {"restocked": "RESTOCK", "not_restocked": "SCRAP", "missing": "SCRAP", "processing_required": "UNKNOWN"}
_TIMES: Final = ("processed_at", "closed_at", "updated_at", "created_at")


class _Back(NamedTuple):
    """Units of a line of a return that were processed so far, what became of them, and when (ISO 8601)."""

    units: int
    disposition: str
    occurred_at: str


def read_return(node: Node, context: Context) -> Reading | Nothing:
    """ReturnReceived for the units that were processed since the last time.

    A processed line names the line of the return, whose order line earlier payloads of the return told; unknown ones are fetched.
    """
    changed = node.find("return_line_items")
    if changed is not None and isinstance(changed.value, dict):
        return Nothing("lines or fees of a return were changed: no goods are back with it")
    status = node.need("status").text()
    if status.lower() not in _STATUSES:
        raise Unjudged("reject_malformed", f"{node.pointer}/status is not a status", f"{node.pointer}/status")
    return_id, order_id = identity_of(node.need("id")), _order_id(node)
    notes = notes_of(context)
    _note_lines(node.each("return_line_items"), notes)
    before = notes.processed.get(return_id, {})
    stated = _stated(node, return_id, notes, context)
    news = {line: back for line, back in stated.items() if line in notes.return_lines and back.units > before.get(line, 0)}
    fetches = _return_needed(return_id) if notes.unnamed.get(return_id) else ()
    if not news:
        nothing = (
            "what came back waits for the order line" if fetches else f"a return with status {status.lower()}: no goods are back with it"
        )
        noted = notes.to_json()
        if not context.remembers or not noted:
            return Nothing(nothing)
        return Reading(order_id=order_id, notices=(nothing,), memory=noted, fetches=fetches)
    notes.processed[return_id] = before | {line: back.units for line, back in news.items()}
    fact = _returned(return_id, before, news, notes)
    return Reading(
        order_id=order_id,
        facts=(fact,),
        seen_at=fact.occurred_at,
        memory=notes.to_json(),
        fetches=(*fetches, *order_needed(order_id, context)),
    )


def refuse_disposition(node: Node) -> Nothing:
    """What becomes of returned units is told by lines of a reverse fulfilment only: the return itself has to be fetched."""
    if "dispositions" not in node.value:
        return Nothing("a label of a parcel that comes back: no goods are back with it")
    named = identity_at(node, "id")
    fetch = Fetch("returns/process", f"reverse_fulfillment_orders/{named}", "its return is not named") if named else None
    message = "dispositions name lines of a reverse fulfilment and no order: fetch the return"
    raise Unjudged("refetch", message, f"{node.pointer}/dispositions", fetch)


def _order_id(node: Node) -> str:
    order = node.at("order.id")
    return identity_of(order if order is not None else node.need("order_id"))


def _note_lines(lines: list[Node], notes: OrderNotes) -> None:
    for line in lines:
        sold = _order_line(line)
        named = identity_at(line, "id")
        if sold is not None and named is not None:
            notes.return_lines[named] = sold


def _order_line(line: Node) -> str | None:
    return identity_at(line, "fulfillment_line_item.line_item.id") or identity_at(line, "line_item.id") or identity_at(line, "line_item_id")


def _stated(node: Node, return_id: str, notes: OrderNotes, context: Context) -> dict[str, _Back]:
    """Line of the return -> what was processed of it so far.

    A line that names no order line waits in the notes until another payload of the return does; without a memory it is refused.
    """
    stated = {line: _Back(*back) for line, back in notes.unnamed.pop(return_id, {}).items()}
    for line in node.each("return_line_items"):
        processed = line.find("processed_quantity")
        if processed is None or processed.count() == 0:
            continue
        line_id, units = identity_of(line.need("id")), processed.count()
        if not context.remembers and line_id not in notes.return_lines:
            message = f"{line.pointer} names no line of the order: fetch the return"
            raise Unjudged("refetch", message, line.pointer, *_return_needed(return_id))
        if line_id not in stated or units > stated[line_id].units:
            stated[line_id] = _Back(units, _disposition(line), _time(node, context).isoformat())
    unnamed = {line: [*back] for line, back in stated.items() if line not in notes.return_lines}
    if unnamed:
        notes.unnamed[return_id] = unnamed
    return stated


def _return_needed(return_id: str) -> tuple[Fetch]:
    return (Fetch("returns/process", f"returns/{return_id}", "its lines name no order line"),)


def _returned(return_id: str, before: Mapping[str, int], news: Mapping[str, _Back], notes: OrderNotes) -> Fact:
    name = f"{return_id}:{sum(notes.processed[return_id].values())}" if before else return_id
    lines: list[EventTwin] = [
        {"line_id": notes.return_lines[line_id], "quantity": str(back.units - before.get(line_id, 0)), "disposition": back.disposition}
        for line_id, back in news.items()
    ]
    return Fact(
        type="ReturnReceived",
        business_key=f"return:{name}",
        body={"return_id": name, "lines": lines},
        occurred_at=max(datetime.fromisoformat(back.occurred_at) for back in news.values()),
        test_mode=None,
        open={},
    )


def _disposition(line: Node) -> str:
    stated = {str(kind.value).lower() for each in line.each("dispositions") if (kind := each.find("type")) is not None}
    known = {_DISPOSITIONS.get(kind, "UNKNOWN") for kind in stated}
    return known.pop() if len(known) == 1 else "UNKNOWN"


def _time(node: Node, context: Context) -> datetime:
    """A return's webhook states no time: then it is when it came, or when its order was placed."""
    stated = next((found for name in _TIMES if (found := node.find(name)) is not None), None)
    if stated is not None:
        return stated.time(context.zone)
    if context.received_at is not None:
        return context.received_at
    if context.order is not None:
        return datetime.fromisoformat(context.order["occurred_at"])
    raise Unjudged("refetch", "the return states no time; give --received-at", f"{node.pointer}/created_at")
