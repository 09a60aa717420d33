"""How each platform proves that it sent a request: pure functions over raw bytes, one module per scheme, time and keys handed in."""
