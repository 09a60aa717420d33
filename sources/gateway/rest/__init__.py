"""`POST /v1/events` and receipts: the door for whoever speaks HTTP and keeps the contract."""
