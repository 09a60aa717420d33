"""Square: point of sale and payments. Orders, payments, refunds, disputes; payouts and gift cards are kept for settlements."""
