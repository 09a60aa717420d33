"""WooCommerce: orders and refunds of the REST API, of its webhooks, and of the API before it; `adapter.ADAPTER` is the door."""
