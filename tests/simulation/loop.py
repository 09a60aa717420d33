"""Virtual time, and processes inside one event loop: each can be killed or frozen at any of its awaits.

A handle of the loop belongs to the process in whose context it was made. What belongs to a dead process never runs again, not even
a `finally`; what belongs to a frozen one is kept and runs when it is thawed. Time jumps to the next timer when nothing is ready.
"""

import asyncio
import heapq
import signal
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from typing import Any, Final

Clean = Callable[[], None]
EXECUTOR_SECONDS: Final = 0.003
"""Virtual time that a call in a thread takes at most."""


class ProcessGone(BaseException):
    """Leaves the code of a process that has just died; nothing catches it but what runs on its way out."""


class Process:
    """One simulated operating system process. `held` keeps what a frozen one has to do; `on_death` is what its kernel cleans up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.frozen = False
        self.exit_code: int | None = None
        self.held: list[asyncio.Handle] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.signals: dict[int, Callable[[], None]] = {}
        self.on_death: list[Clean] = []
        self.last_words: Callable[[int], None] = lambda _: None

    def die(self, exit_code: int) -> None:
        """Gone at once, as by kill -9 or `os._exit`."""
        if self.dead:
            return
        self.dead, self.frozen, self.exit_code = True, False, exit_code
        self.held.clear()
        for clean in self.on_death:
            clean()


class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set depends on its number, not on where it lies in memory: asyncio and its users go through sets of tasks."""

    def __init__(self, coroutine: Any, *, loop: "SimLoop", context: Context) -> None:
        self._number = next(loop.numbers)
        super().__init__(coroutine, loop=loop, context=context)

    def __hash__(self) -> int:
        return self._number


class NumberedFuture(asyncio.Future[Any]):
    """See `NumberedTask`."""

    def __init__(self, *, loop: "SimLoop") -> None:
        self._number = next(loop.numbers)
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class NumberedTimer(asyncio.TimerHandle):
    """Of two timers for the same instant the one that was set first comes first."""

    def __init__(self, when: float, callback: Callable[..., Any], args: tuple[Any, ...], loop: "SimLoop", context: Context | None) -> None:
        super().__init__(when, callback, args, loop, context)
        self.place = (when, next(loop.numbers))

    def __lt__(self, other: object) -> bool:
        return isinstance(other, NumberedTimer) and self.place < other.place


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class SimLoop(asyncio.BaseEventLoop):
    """An event loop without sockets and threads. `called` hears when a process's call in a thread has been done, before its answer."""

    _ready: deque[Any]
    _scheduled: list[Any]
    _timer_cancelled_count: int

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.numbers = count()
        self.outside = copy_context()
        self.executor_seconds: Callable[[], float] = lambda: EXECUTOR_SECONDS
        self.called: Callable[[Process], None] = lambda _: None
        self.set_task_factory(_remembered_task)
        self.set_exception_handler(lambda _loop, _context: None)

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self.now

    def spawn(self, process: Process, main: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine as a process."""
        context = self.outside.copy()
        context.run(PROCESS.set, process)
        return NumberedTask(main, loop=self, context=context) if process.dead else _task(self, main, context, process)

    def later(self, seconds: float, call: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """Call something of the world, not of a process, after a while."""
        return self.call_later(seconds, call, *args, context=self.outside)

    async def lapse(self, seconds: float) -> None:
        """Let virtual time pass."""
        over = self.create_future()

        def end() -> None:
            if not over.done():
                over.set_result(None)

        self.later(seconds, end)
        await over

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on."""
        process.frozen = False
        held, process.held = process.held, []
        self._ready.extend(held)

    def send_signal(self, process: Process, number: signal.Signals) -> None:
        """Deliver a signal to its handler."""
        handler = process.signals.get(number)
        if handler is not None and not process.dead:
            handler()

    def forget(self) -> None:
        """Nothing will run any more."""
        self._ready.clear()
        self._scheduled.clear()

    # -- what asyncio asks of a loop --------------------------------------------------------------------------------------

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Timers of one instant in the order in which they were set."""
        timer = NumberedTimer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def create_future(self) -> "asyncio.Future[Any]":
        """One that has a number."""
        return NumberedFuture(loop=self)

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> None:  # type: ignore[override]
        """Handlers belong to the process that asks."""
        process, context = PROCESS.get(), copy_context()

        def handle() -> None:
            self.call_soon(callback, *args, context=context)

        if process is not None:
            process.signals[sig] = handle

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Call it in one go after a while, whether anybody waits for it still or not."""
        future = self.create_future()

        def call() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - handed on to who waits
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)
            process = PROCESS.get()
            if process is not None:
                self.called(process)

        self.call_later(self.executor_seconds(), call)
        return future

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """There are no threads."""
        return self.call_soon(callback, *args, context=context)

    def _run_once(self) -> None:
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
            self._timer_cancelled_count = max(self._timer_cancelled_count - 1, 0)
        if not self._ready:
            if not scheduled:
                raise RuntimeError("everything waits for ever")
            self.now = max(self.now, scheduled[0].when())
        while scheduled and scheduled[0].when() <= self.now:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            self._ready.append(handle)
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if handle._cancelled:
                continue
            process = handle._context.get(PROCESS)
            if process is None:
                handle._run()
            elif process.frozen:
                process.held.append(handle)
            elif not process.dead:
                handle._run()


def _task(loop: SimLoop, coroutine: Any, context: Context, process: Process | None) -> "asyncio.Task[Any]":
    task = NumberedTask(coroutine, loop=loop, context=context)
    if process is not None:
        process.tasks.append(task)
        if len(process.tasks) > 1000:
            process.tasks[:] = [one for one in process.tasks if not one.done()]
    return task


def _remembered_task(loop: Any, coroutine: Any, context: Context | None = None) -> "asyncio.Task[Any]":
    """Tasks are held by their process: garbage collection would run the `finally` blocks of a dead one at any time."""
    context = copy_context() if context is None else context
    return _task(loop, coroutine, context, context.get(PROCESS))


def bury(process: Process) -> None:
    """Close what a dead process has left, once nothing counts any more."""
    for task in process.tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        coroutine: Any = task.get_coro()
        for _ in range(10):
            try:
                coroutine.close()
                break
            except (Exception, ProcessGone):  # noqa: BLE001, S112 - it awaits in a `finally`; ask again
                continue
    process.tasks.clear()
