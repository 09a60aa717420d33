"""Shopify: the webhook topics that are facts, to canonical order events."""

from sources.platforms.shopify.adapter import TOPICS, normalize
from sources.platforms.shopify.connection import Connection, InvalidConnection, connection_from_mapping

__all__ = ["TOPICS", "Connection", "InvalidConnection", "connection_from_mapping", "normalize"]
