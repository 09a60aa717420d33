"""Returns: goods are back when a return is processed; requests, approvals and labels are nothing yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

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
    lines = node.each("return_line_items")
    _note_lines(lines, notes)
    before = notes.processed.get(return_id, {})
    news = _news(lines, return_id, before, notes)
    nothing = f"a return with status {status.lower()}: no goods are back with it"
    if not news:
        noted = notes.to_json()
        return Reading(order_id=order_id, notices=(nothing,), memory=noted) if context.remembers and noted else Nothing(nothing)
    notes.processed[return_id] = before | {line: units for line, (units, _) in news.items()}
    fact = _returned(node, context, before, news, notes)
    return Reading(
        order_id=order_id,
        facts=(fact,),
        seen_at=fact.occurred_at,
        memory=notes.to_json(),
        fetches=order_needed(order_id, context),
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


def _news(lines: list[Node], return_id: str, before: Mapping[str, int], notes: OrderNotes) -> dict[str, tuple[int, Node]]:
    """Line of the return -> (units processed so far, where it is stated), for lines with more of them than before."""
    found: dict[str, tuple[int, Node]] = {}
    for line in lines:
        processed = line.find("processed_quantity")
        if processed is None:
            continue
        line_id, units = identity_of(line.need("id")), processed.count()
        if units > before.get(line_id, 0):
            if line_id not in notes.return_lines:
                fetch = Fetch("returns/process", f"returns/{return_id}", "its lines name no order line")
                message = f"{line.pointer} names no line of the order: fetch the return"
                raise Unjudged("refetch", message, line.pointer, fetch)
            found[line_id] = (units, line)
    return found


def _returned(node: Node, context: Context, before: Mapping[str, int], news: Mapping[str, tuple[int, Node]], notes: OrderNotes) -> Fact:
    return_id = identity_of(node.need("id"))
    name = f"{return_id}:{sum(notes.processed[return_id].values())}" if before else return_id
    lines: list[EventTwin] = [
        {
            "line_id": notes.return_lines[line_id],
            "quantity": str(units - before.get(line_id, 0)),
            "disposition": _disposition(line),
        }
        for line_id, (units, line) in news.items()
    ]
    return Fact(
        type="ReturnReceived",
        business_key=f"return:{name}",
        body={"return_id": name, "lines": lines},
        occurred_at=_time(node, context),
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
