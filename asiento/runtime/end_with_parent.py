"""Becomes another program that the kernel ends (SIGTERM) when its parent dies: `python end_with_parent.py PARENT_PID PROGRAM ARGS...`.

Run by path, before anything of ours is imported: it costs milliseconds, and needs no code between fork and exec in a parent
that has threads. Where the kernel cannot do it (not Linux), the program just runs; PID files still find it.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel, then exec."""
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(parent):  # it died before the kernel knew
            sys.exit(1)
    os.execv(program, [program, *arguments])  # noqa: S606 - the point of this program


if __name__ == "__main__":
    main()
