"""Saleor: orders as a subscription query asks for them, or as the webhooks before it; `adapter.ADAPTER` is the door."""
