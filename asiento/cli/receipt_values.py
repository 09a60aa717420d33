"""Receipts as plain values, for the command and for the REST door."""

from typing import Any

from schemas.formats import time_text
from schemas.wording.language import Language
from schemas.wording.texts_of_receipts import receipt_message
from sinks.receipts import Receipt, ReceiptEntry


def receipt_to_json(receipt: Receipt, language: Language) -> dict[str, Any]:
    """All of a receipt; times RFC 3339, what is not known is null."""
    return {
        "event_id": receipt.event_id,
        "order_key": receipt.order_key,
        "event_type": receipt.event_type,
        "business_key": receipt.business_key,
        "status": receipt.status,
        "code": receipt.code,
        "message": receipt_message(receipt.status, receipt.code, language, event_type=receipt.event_type),
        "detail": receipt.detail,
        "records": [
            {
                "partition": record.partition,
                "offset": record.offset,
                "arrived_at": time_text(record.arrived_at),
                "outcome": record.outcome,
                "code": record.code,
            }
            for record in receipt.records
        ],
        "entries": [_entry_to_json(entry) for entry in receipt.entries],
    }


def _entry_to_json(found: ReceiptEntry) -> dict[str, Any]:
    entry = found.entry
    document = entry.document if entry is not None else None
    return {
        "entry_id": found.entry_id,
        "entry_kind": entry.entry_kind if entry is not None else None,
        "posting_date": entry.posting_date if entry is not None else None,
        "document_ref": document.document_ref if document is not None else None,
        "ledgers": [
            {
                "ledger": ack.ledger,
                "status": ack.status,
                "remote_id": ack.remote_id,
                "document_number": ack.document_number,
                "reason": ack.reason,
                "at": time_text(ack.at),
            }
            for ack in found.acks
        ],
    }
