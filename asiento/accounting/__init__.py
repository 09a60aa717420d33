"""The pure accounting core: standard library only, synchronous, no clock, no randomness, no I/O."""
