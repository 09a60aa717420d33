"""Wave: money transactions over GraphQL, from the vendor's documentation (a preview)."""
