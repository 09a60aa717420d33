"""The cost of units that left, and of units that came back."""

from asiento.accounting.accounts import returned_stock_account
from asiento.accounting.decision import Judged
from asiento.accounting.explaining.figures import Cost, Part, Term
from asiento.accounting.explaining.ground import order_before, stating_event
from asiento.accounting.journal import Posting
from asiento.accounting.money import CURRENCY_EXPONENTS, cost_of_units
from asiento.accounting.order_events import ReturnReceived, ShipmentDispatched
from asiento.accounting.return_plan import plan_return


def cost_terms(posting: Posting, judged: Judged) -> list[Term]:
    """What the lines of a shipment or a return bring to a posting of cost."""
    event = stating_event(judged)
    category = dict(posting.dimensions).get("category")
    if isinstance(event, ShipmentDispatched):
        return _of_shipment(event, judged, category)
    return _of_return(event, posting, judged, category) if isinstance(event, ReturnReceived) else []


def _of_shipment(event: ShipmentDispatched, judged: Judged, category: str | None) -> list[Term]:
    terms: list[Term] = []
    placement = judged.after.placement
    exponent = CURRENCY_EXPONENTS[placement.currency] if placement is not None else 0
    for shipped in event.lines:
        line = judged.after.lines[shipped.line_id]
        unit_cost = shipped.unit_cost if shipped.unit_cost is not None else line.terms.unit_cost
        if unit_cost is not None and line.terms.category == category:
            terms.append(Cost(unit_cost, shipped.quantity, cost_of_units(unit_cost, shipped.quantity, exponent)))
    return terms


def _of_return(event: ReturnReceived, posting: Posting, judged: Judged, category: str | None) -> list[Term]:
    terms: list[Term] = []
    before = order_before(judged)
    blocks = {line_id: list(line.shipped) for line_id, line in before.lines.items()}
    warehouse = event.warehouse or "default"
    for stated, places in plan_return(event, before)[0]:
        account = returned_stock_account(stated.disposition, warehouse)
        for place, units in places:
            block = blocks[stated.line_id][place]
            blocks[stated.line_id][place] = block.take_back(units)[1]
            counted = posting.account in (account, f"cogs:{block.category}") and block.category == category
            if block.cost is not None and counted:
                terms.append(Part(block.cost, block.units, block.returned_units, units))
    return terms
