"""A fixed small job on the engine, so that engines can be compared with engines: `python -m bench.small_job --help`."""
