"""How the memory of an order is used without breaking replays.

A fact that was read before its order was known stays read that way for ever: the next run over the same raw range
finds the order in memory already and must give the same events all the same.
"""

from dataclasses import replace

from sources.platforms.outcome import EventTwin, OrderMemory


def order_known_to(memory: OrderMemory, business_key: str) -> tuple[EventTwin | None, OrderMemory]:
    """(the OrderPlaced twin this fact may look at, the memory after looking)."""
    if memory.placed is None or business_key in memory.blind:
        return None, replace(memory, blind=memory.blind | {business_key})
    return memory.placed, memory


def with_order(memory: OrderMemory, placed: EventTwin) -> OrderMemory:
    """The first OrderPlaced of an order is remembered, later ones change nothing."""
    return memory if memory.placed is not None else replace(memory, placed=placed)


def refund_revision(memory: OrderMemory, refund_id: str, statuses: str) -> tuple[int, OrderMemory]:
    """0 for the first message of a refund, then 1, 2, ... for each new list of tender statuses; seen ones keep theirs."""
    seen = memory.refund_statuses.get(refund_id, ())
    if statuses in seen:
        return seen.index(statuses), memory
    return len(seen), replace(memory, refund_statuses={**memory.refund_statuses, refund_id: (*seen, statuses)})
