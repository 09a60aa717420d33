"""Worlds on both cores: work is done by processes that are replaced now and then, so that none becomes large."""

from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from typing import Final, TypeVar

PROCESSES: Final = 2
PARTS_PER_PROCESS: Final = 4
PART_SECONDS_MAX: Final = 600.0
"""Longest wait for the next part: a process that died answers nothing."""

PartT = TypeVar("PartT")
AnswerT = TypeVar("AnswerT")


def played(play: Callable[[PartT], AnswerT], parts: Sequence[PartT]) -> Iterator[AnswerT]:
    """What `play` answers to each part, in order; whoever stops asking ends the processes. Raises `multiprocessing.TimeoutError`.

    Not by concurrent.futures: before Python 3.12 an executor whose processes are replaced stands still at times.
    """
    with get_context("spawn").Pool(PROCESSES, maxtasksperchild=PARTS_PER_PROCESS) as pool:
        answers = pool.imap(play, parts)
        for _ in parts:
            yield answers.next(PART_SECONDS_MAX)
