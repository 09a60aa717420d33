"""The list of planted delivery bugs, and what several of them need."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, Final
from unittest.mock import patch

from aiokafka.errors import KafkaError

Plant = Callable[[], AbstractContextManager[Any]]
PLANTED: Final[dict[str, Plant]] = {}
"""By name: a bug is in the real classes as long as its context lasts."""


def planted(name: str) -> Callable[[Plant], Plant]:
    """Enter a bug into the list."""

    def enter(plant: Plant) -> Plant:
        PLANTED[name] = plant
        return plant

    return enter


async def quietly(work: Coroutine[Any, Any, Any]) -> None:
    """A failure of the broker is overlooked."""
    try:
        await work
    except KafkaError:
        return


def uncommitted(owner: Any, attribute: str) -> AbstractContextManager[Any]:
    """The consumer that this function makes, as its answer or as `_consumer` of its object, reads uncommitted records, too."""
    make = getattr(owner, attribute)

    def made(self: Any, *args: Any, **named: Any) -> Any:
        answer = make(self, *args, **named)
        reader = self._consumer if answer is None else answer
        reader._committed_only, reader._fates = False, ("kept", "open", "aborted")
        return answer

    return patch.object(owner, attribute, made)
