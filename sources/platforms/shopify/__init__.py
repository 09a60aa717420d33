"""Shopify: orders with their edits and cancellations, payments, shipments, refunds, returns, disputes, fees."""
