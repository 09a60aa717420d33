"""The control totals are a second opinion only while they share nothing with what they judge."""

import ast
import sys
from pathlib import Path

import sources.synthetic

PACKAGE = Path(sources.synthetic.__file__).parent


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}:{node.lineno} imports relatively"
            names.add(node.module or "")
    return names


def test_the_synthetic_day_imports_the_standard_library_only() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))
    assert len(modules) > 5
    for path in modules:
        for name in imported_modules(path):
            assert name.startswith("sources.synthetic.") or name.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_the_synthetic_day_imports_nothing_by_name_at_run_time() -> None:
    for path in PACKAGE.rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        names = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
        assert not names & {"__import__", "eval", "exec"}
        assert "importlib" not in imported_modules(path)
