"""The operational database: what stands on the topics as tables that people can query, rebuildable at any time."""
