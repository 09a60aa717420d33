"""The house rules that a machine can check."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("asiento", "schemas", "sources", "streams", "sinks")
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 500
SAYS_NOTHING = {"utils", "helpers", "common", "base", "manager"}

MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, end = node.body[0], node.end_lineno
    assert end is not None
    docstring = 0
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        assert first.end_lineno is not None
        docstring = first.end_lineno - first.lineno + 1
    return end - node.lineno + 1 - docstring


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_keeps_the_house_numbers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MODULE_LINES_MAX
    assert path.stem not in SAYS_NOTHING
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert _body_lines(node) <= FUNCTION_LINES_MAX, f"{node.name} is too long: a noun is missing"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node) or _speaks_for_itself(node, tree), f"{node.name} has no docstring"


def _speaks_for_itself(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, tree: ast.Module) -> bool:
    """Members that a protocol only names, functions inside functions, methods of private classes and tests need no docstring."""
    if node.name.startswith("test_") or (len(node.body) == 1 and isinstance(node.body[0], ast.Expr) and ast.unparse(node.body[0]) == "..."):
        return True
    for parent in ast.walk(tree):
        inner = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)
        private = isinstance(parent, ast.ClassDef) and parent.name.startswith("_")
        if (inner or private) and parent is not node and any(child is node for child in ast.walk(parent)):
            return True
    return False


def test_tests_never_sleep_to_pass() -> None:
    """A sleep in a test is only good inside a loop that polls with a deadline (`while`/`for`); one of 0 waits for nothing, it gives way."""
    for path in (ROOT / "tests").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        loops = [node for node in ast.walk(tree) if isinstance(node, ast.While | ast.For | ast.AsyncFor)]
        in_loops = {id(call) for loop in loops for call in ast.walk(loop) if isinstance(call, ast.Call)}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "sleep" and not _gives_way(call):
                assert id(call) in in_loops, f"{path.name}:{call.lineno} sleeps outside a polling loop"


def _gives_way(call: ast.Call) -> bool:
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def test_the_project_speaks_of_itself_alone() -> None:
    """No machine paths and no registry hosts in any tracked file."""
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "maven" + ".org", "npmjs" + ".org", "npmjs" + ".com"]
    paths = ["/" + "work/", "/" + "root/", str(ROOT) + "/"]
    command = ["git", "grep", "-n", "-I", "-F", *[word for text in hosts + paths for word in ("-e", text)], "--", "."]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stdout + found.stderr
