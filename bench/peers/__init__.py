"""The runners that the worker is compared with: the same work per event, other engines around it, other promises."""
