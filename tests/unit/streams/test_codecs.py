"""Faust can decode records into objects of any class; our worker cannot."""

from typing import Any

import pytest
from faust.serializers import codecs as faust_codecs

from streams.engine.codecs import CLOSED, close_codecs


@pytest.fixture
def open_codecs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Faust's registry as it comes, for this test alone."""
    registry: dict[str, Any] = {name: object() for name in CLOSED} | {"raw": object()}
    monkeypatch.setattr(faust_codecs, "codecs", registry)
    return registry


def test_codecs_that_run_what_they_read_are_closed(open_codecs: dict[str, Any]) -> None:
    close_codecs()
    assert set(open_codecs) == {"raw"}
    close_codecs()


@pytest.mark.parametrize("name", CLOSED)
def test_a_closed_codec_cannot_be_named(open_codecs: dict[str, Any], name: str) -> None:
    close_codecs()
    with pytest.raises(LookupError):
        faust_codecs.get_codec(name)


def test_every_codec_of_faust_that_makes_objects_is_known_here() -> None:
    """A new version of Faust may bring another one."""
    assert set(faust_codecs.codecs) | set(CLOSED) == {"json", "binary", "raw", *CLOSED}
