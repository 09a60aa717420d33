"""Tips stand among the line items."""

from sources.platforms.payload import Node


def is_tip(line_item: Node) -> bool:
    """A tip left at checkout or till stands among the line items and is told by its gateway field."""
    return line_item.find("tip_payment_gateway") is not None or line_item.find("tip") is not None
