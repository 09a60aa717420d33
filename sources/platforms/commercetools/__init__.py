"""commercetools: orders, imports, payments and the messages about them; `adapter.ADAPTER` is the door."""
