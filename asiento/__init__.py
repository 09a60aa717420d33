"""asiento: order events in, exact books out."""

__version__ = "0.1.0"
