"""Shopify: the webhook topics that are facts, to canonical order events; `adapter.normalize` is the door."""
