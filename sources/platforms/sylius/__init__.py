"""Sylius: orders, payments and shipments of API v2 (JSON-LD), to canonical order events; `adapter.ADAPTER` is the door."""
