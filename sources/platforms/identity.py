"""Deterministic ids of events made by adapters: a replay of any raw range gives the same ids."""

from uuid import UUID, uuid5

EVENT_NAMESPACE = UUID("fb123371-023d-4bc3-94f7-93214ce2e157")


def event_id(*, tenant: str, source: str, order_id: str, event_type: str, business_key: str, revision: int = 0) -> str:
    """UUIDv5 over `tenant|source|order_id|type|business_key|revision`; revision 0 is the first message of a fact."""
    return str(uuid5(EVENT_NAMESPACE, f"{tenant}|{source}|{order_id}|{event_type}|{business_key}|{revision}"))
