"""Faust's codecs without those that run what they read."""

from typing import Any, Final

from faust.serializers import codecs as faust_codecs

CLOSED: Final = ("pickle", "pickle_restricted", "pickle_fickling", "yaml")
"""The engine hands bytes through and decodes nothing with Faust: no codec is needed, and these would make code or objects of records."""


def close_codecs() -> None:
    """Take the codecs out of Faust's registry, so that no option and no entry point can name them any more."""
    registry: Any = faust_codecs.codecs
    for name in CLOSED:
        registry.pop(name, None)
