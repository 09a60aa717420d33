"""The `asiento` command: thin, one module per command group."""
