"""The sweeper: reads order states, and tells deadlines that have passed as DeadlinePassed events.

Only `process` and `changelog` do I/O, only `process` looks at a clock.
"""
