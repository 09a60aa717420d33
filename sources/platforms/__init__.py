"""Adapters: raw payloads of shops and marketplaces in, canonical order events out. Pure: no clock, no I/O."""
