"""The compiled wheel: modules of the accounting core that mypyc turns into machine code, beside their sources.

A build hook that is off unless `HATCH_BUILD_HOOKS_ENABLE` is set (`make wheel-compiled`); the wheel and every checkout are
pure Python without it. It needs a C compiler, and the mypy and setuptools of the lock.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CORE = "asiento/accounting"
LEFT_ALONE = frozenset(
    {"__init__.py", "build.py", "values.py", "order_events.py", "journal.py", "decision.py", "retelling.py", "standing_deadlines.py"}
)
"""Modules of the core that stay Python: values that codecs fill and read slot by slot, and what no decision runs through."""
_SETUP = """
import sys
from setuptools import setup
from mypyc.build import mypycify
setup(
    name="asiento-core",
    packages=[],
    ext_modules=mypycify(["--strict", "--python-version=3.11", *sys.argv[3:]], opt_level="3", debug_level="0", group_name="asiento_core"),
    script_args=["build_ext", "--build-lib", sys.argv[1], "--build-temp", sys.argv[2]],
)
"""


def compiled_modules(root: Path) -> list[str]:
    """Paths of the modules that are compiled, relative to `root`."""
    core = root / CORE
    modules = [path for path in core.glob("*.py") if path.name not in LEFT_ALONE]
    return sorted(str(path.relative_to(root)) for path in [*modules, *(core / "posting_rules").glob("*.py")])


class CompiledCore(BuildHookInterface[Any]):
    """Compiles the core in a directory of its own and puts what comes out into the wheel."""

    PLUGIN_NAME = "custom"
    _work: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises CalledProcessError where the compiler refuses a module."""
        if version != "standard":
            return
        root, self._work = Path(self.root), Path(tempfile.mkdtemp(prefix="asiento-core-"))
        sources, built = self._work / "sources", self._work / "built"
        for module in (path for path in (root / CORE).rglob("*.py")):
            copy = sources / module.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(module, copy)
        shutil.copy(root / "asiento" / "__init__.py", sources / "asiento")
        command = [sys.executable, "-c", _SETUP, str(built), str(self._work / "objects"), *compiled_modules(root)]
        subprocess.run(command, cwd=sources, check=True, env=os.environ | {"PYTHONPATH": str(sources)})
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"] |= {str(path): str(path.relative_to(built)) for path in built.rglob("*.so")}

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take away the directory of the build."""
        del version, build_data, artifact_path
        if self._work is not None:
            shutil.rmtree(self._work)
